//! Which commit a tree is compared with.

mod auto;
mod history;

use crate::{Head, ScanError, ScanOptions, ask::Programs, git::Git};
use history::History;

/// What a tree is compared with, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// The last commit that a revision and the head have in common.
    MergeBase(String),
    /// A revision itself.
    Exactly(String),
    /// What the variables of GitHub, GitLab or Bitbucket tell of the run; elsewhere, the last commit in
    /// common with the remote's default branch.
    Auto,
}

/// What a tree is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The id of the commit; nothing where there was nothing before, so that all is new.
    pub commit: Option<String>,
    /// How it was found, as a sentence fragment for people.
    pub how: String,
}

/// Where to look for a base.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// The last commit in common with a revision, of which a branch is the remote's.
    MergeBase(String),
    /// A revision itself.
    Exactly(String),
    /// The last commit in common with the remote's default branch.
    DefaultBranch,
    /// The last tag before the head.
    LastTag,
    /// The last commit in common with a branch, or with the remote's default one, for what was pushed for
    /// the first time; all is new where that is the head itself.
    FirstPush(Option<String>),
}

/// Returns the commit that a tree is compared with.
///
/// What a clone lacks of the history is fetched from its remote, as much as is needed.
///
/// # Errors
///
/// Git cannot be asked, knows no such revision, or knows no commit that both have in common.
pub fn base(options: &ScanOptions, against: &Against) -> Result<Base, ScanError> {
    let programs = Programs { env: &options.env, interrupt: &options.interrupt };
    let git = Git::new(&options.root, &programs).with("GIT_TERMINAL_PROMPT", "0");
    let head = match &options.head {
        Head::WorkingTree if is_bare(&git)? => return Err(ScanError::Bare),
        Head::WorkingTree => "HEAD",
        Head::Revision(name) => name,
    };
    let (wanted, why) = match against {
        Against::MergeBase(name) if is_zero(name) => (Wanted::FirstPush(None), None),
        Against::MergeBase(name) => (Wanted::MergeBase(name.clone()), None),
        Against::Exactly(name) => (Wanted::Exactly(name.clone()), None),
        Against::Auto => auto::wanted(&options.env)?,
    };
    let history = History::new(&git)?;
    let mut found = find(&history, &wanted, head)?;
    found.how = why.into_iter().chain([found.how]).collect::<Vec<_>>().join(": ");
    Ok(found)
}

fn find(history: &History<'_>, wanted: &Wanted, head: &str) -> Result<Base, ScanError> {
    let commit = match wanted {
        Wanted::Exactly(name) => (Some(history.commit(name)?), format!("`{name}` itself")),
        Wanted::MergeBase(name) => {
            let commit = history.common(name, &history.local(head)?)?;
            (Some(commit), format!("the last commit in common with `{name}`"))
        }
        Wanted::DefaultBranch => {
            let branch = history.default_branch()?.ok_or_else(|| ScanError::NoBase {
                why: "there is no variable of GitHub, GitLab or Bitbucket, and no remote with a default branch"
                    .to_owned(),
            })?;
            let commit = history.common(&branch, &history.local(head)?)?;
            (Some(commit), format!("the last commit in common with `{branch}`"))
        }
        Wanted::LastTag => match history.last_tag(&history.local(head)?)? {
            Some((tag, commit)) => (Some(commit), format!("the tag `{tag}`")),
            None => (None, "there is no tag before, so all is new".to_owned()),
        },
        Wanted::FirstPush(branch) => {
            let head = history.local(head)?;
            let branch =
                branch.clone().map_or_else(|| history.default_branch(), |it| Ok(Some(it)))?;
            let common = branch.map(|branch| Ok((history.common(&branch, &head)?, branch)));
            match common.transpose()? {
                Some((commit, branch)) if commit != head => {
                    (Some(commit), format!("the last commit in common with `{branch}`"))
                }
                _ => (None, "nothing was pushed before, so all is new".to_owned()),
            }
        }
    };
    Ok(Base { commit: commit.0, how: commit.1 })
}

/// Returns which state of the tree to scan where a sparse checkout leaves files out: the commit that is
/// checked out, if nothing is changed.
///
/// # Errors
///
/// Something is changed: then neither the disk nor the commit has it all.
pub fn whole(options: &ScanOptions) -> Result<Head, ScanError> {
    let programs = Programs { env: &options.env, interrupt: &options.interrupt };
    let git = Git::new(&options.root, &programs);
    if options.head != Head::WorkingTree || !is_sparse(&git) {
        return Ok(options.head.clone());
    }
    let status = git.ask(&["status", "--porcelain=v1", "-z", "--untracked-files=all"])?;
    let changed = status.split(|byte| *byte == 0).next().filter(|line| !line.is_empty());
    match changed {
        None => Ok(Head::Revision("HEAD".to_owned())),
        Some(line) => {
            let file = line.get(3..).unwrap_or_default();
            Err(ScanError::Sparse { file: String::from_utf8_lossy(file).into_owned() })
        }
    }
}

/// Returns whether git keeps files that it tracks off the disk; without git it keeps none.
fn is_sparse(git: &Git) -> bool {
    let set = git.ask(&["config", "--type=bool", "core.sparseCheckout"]);
    let is_on = set.is_ok_and(|value| value.starts_with(b"true"));
    let tracked = || git.ask(&["ls-files", "-t", "-z"]);
    is_on && tracked().is_ok_and(|out| out.split(|byte| *byte == 0).any(|it| it.starts_with(b"S ")))
}

fn is_bare(git: &Git) -> Result<bool, ScanError> {
    Ok(git.ask(&["rev-parse", "--is-bare-repository"])?.starts_with(b"true"))
}

/// Returns whether a commit's id is the one by which CI services say that there was none.
fn is_zero(id: &str) -> bool {
    id.len() >= 40 && id.bytes().all(|digit| digit == b'0')
}
