//! The history that a clone has, and what it fetches of the rest.

use std::{collections::BTreeSet, fs};

use crate::{ScanError, git::Git};

/// By how many commits a shallow clone is deepened first; each time by four times as many.
const FIRST_STEP: usize = 32;

/// From so many commits on, a clone gets everything.
const LAST_STEP: usize = 32_768;

/// The history of a repository.
pub(super) struct History<'a> {
    git: &'a Git,
    /// The remote to fetch from, if there is one.
    remote: Option<String>,
}

impl<'a> History<'a> {
    /// Returns the history that git knows; its remote is `origin`, or the only one.
    pub(super) fn new(git: &'a Git) -> Result<Self, ScanError> {
        let remotes = git.ask(&["remote"])?;
        let remotes = String::from_utf8_lossy(&remotes).into_owned();
        let remotes: Vec<&str> = remotes.lines().collect();
        let remote = match remotes[..] {
            _ if remotes.contains(&"origin") => Some("origin".to_owned()),
            [only] => Some(only.to_owned()),
            _ => None,
        };
        Ok(Self { git, remote })
    }

    /// Returns the commit that a name means here.
    pub(super) fn local(&self, name: &str) -> Result<String, ScanError> {
        crate::git::commit(self.git, name)
    }

    /// Returns the commit that a name means here or at the remote, from which it is fetched.
    pub(super) fn commit(&self, name: &str) -> Result<String, ScanError> {
        let error = match self.local(name) {
            Ok(id) => return Ok(id),
            Err(error @ ScanError::Revision { .. }) => error,
            Err(error) => return Err(error),
        };
        let Some(remote) = &self.remote else { return Err(self.unreachable(error)?) };
        // A branch that only the remote has bears its name.
        if let Ok(id) = self.local(&format!("refs/remotes/{remote}/{name}")) {
            return Ok(id);
        }
        let Some(id) = self.remote_id(remote, name)? else { return Err(self.unreachable(error)?) };
        let depth: &[&str] = if self.is_shallow()? { &["--depth=1"] } else { &[] };
        match self.fetch(remote, depth, &[&id]) {
            Ok(()) => self.local(&id),
            Err(ScanError::Answer { .. }) => Err(self.unreachable(error)?),
            Err(error) => Err(error),
        }
    }

    /// Returns the last commit that a revision and the head have in common.
    pub(super) fn common(&self, name: &str, head: &str) -> Result<String, ScanError> {
        let base = self.commit(name)?;
        let mut step = FIRST_STEP;
        loop {
            let common = self.merge_base(&base, head)?;
            if let Some(common) = common.filter(|common| self.is_whole(&base, head, common)) {
                return Ok(common);
            }
            if !self.is_shallow()? {
                return Err(ScanError::Unrelated { name: name.to_owned() });
            }
            let Some(remote) = &self.remote else {
                return Err(ScanError::Shallow { name: name.to_owned() });
            };
            let deepen = format!("--deepen={step}");
            let args = if step < LAST_STEP { deepen.as_str() } else { "--unshallow" };
            self.deepen(remote, args, &base, head, name)?;
            step *= 4;
        }
    }

    /// Returns the last tag before a commit, with its commit.
    pub(super) fn last_tag(&self, head: &str) -> Result<Option<(String, String)>, ScanError> {
        if let Some(remote) = self.remote.as_ref().filter(|_| self.is_shallow().unwrap_or(true)) {
            self.git.ask(&["fetch", "--quiet", "--tags", "--unshallow", remote])?;
        } else if self.is_shallow()? {
            return Err(ScanError::Shallow { name: "the last tag".to_owned() });
        }
        let parent = format!("{head}^");
        let described = self.git.ask(&["describe", "--tags", "--abbrev=0", &parent]);
        match described {
            Ok(tag) => {
                let tag = String::from_utf8_lossy(&tag).trim().to_owned();
                let commit = self.local(&format!("refs/tags/{tag}"))?;
                Ok(Some((tag, commit)))
            }
            Err(ScanError::Answer { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the branch that the remote has for its default one.
    pub(super) fn default_branch(&self) -> Result<Option<String>, ScanError> {
        let Some(remote) = &self.remote else { return Ok(None) };
        let name = format!("refs/remotes/{remote}/HEAD");
        if let Ok(branch) = self.git.ask(&["symbolic-ref", "--short", "--quiet", &name]) {
            return Ok(Some(String::from_utf8_lossy(&branch).trim().to_owned()));
        }
        let answer = self.git.ask(&["ls-remote", "--symref", remote, "HEAD"])?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let branch = answer.lines().find_map(|line| {
            line.strip_prefix("ref: refs/heads/")?.split('\t').next().map(str::to_owned)
        });
        Ok(branch.map(|branch| format!("{remote}/{branch}")))
    }

    /// Returns the id of what a remote has by a name, or the name where that is a commit's id.
    fn remote_id(&self, remote: &str, name: &str) -> Result<Option<String>, ScanError> {
        if name.len() >= 40 && name.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(Some(name.to_owned()));
        }
        let short = name.strip_prefix(&format!("{remote}/")).unwrap_or(name);
        let wanted = [
            format!("refs/heads/{short}"),
            format!("refs/tags/{short}^{{}}"),
            format!("refs/tags/{short}"),
        ];
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let answer = self.git.ask(&[&["ls-remote", remote][..], &wanted].concat())?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let lines: Vec<(&str, &str)> =
            answer.lines().filter_map(|line| line.split_once('\t')).collect();
        let id = |wanted: &&str| lines.iter().find(|(_, name)| name == wanted).map(|(id, _)| *id);
        Ok(wanted.iter().find_map(id).map(str::to_owned))
    }

    fn merge_base(&self, base: &str, head: &str) -> Result<Option<String>, ScanError> {
        match self.git.ask(&["merge-base", base, head]) {
            Ok(id) => Ok(Some(String::from_utf8_lossy(&id).trim().to_owned())),
            Err(ScanError::Answer { stderr, .. }) if stderr.is_empty() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns whether the history from a common commit up to both is here: where a part is cut off,
    /// they may have a later one in common.
    fn is_whole(&self, base: &str, head: &str, common: &str) -> bool {
        let cut = self.cut();
        if cut.is_empty() {
            return true;
        }
        let between = self.git.ask(&["rev-list", base, head, &format!("^{common}")]);
        between.is_ok_and(|ids| !String::from_utf8_lossy(&ids).lines().any(|id| cut.contains(id)))
    }

    /// Returns the commits whose parents a shallow clone lacks.
    fn cut(&self) -> BTreeSet<String> {
        let path = self.git.ask(&["rev-parse", "--path-format=absolute", "--git-path", "shallow"]);
        let path = path.map(|path| String::from_utf8_lossy(&path).trim().to_owned());
        let text = path.ok().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn is_shallow(&self) -> Result<bool, ScanError> {
        Ok(self.git.ask(&["rev-parse", "--is-shallow-repository"])?.starts_with(b"true"))
    }

    /// Gets more of the history of two commits.
    fn deepen(
        &self,
        remote: &str,
        how: &str,
        base: &str,
        head: &str,
        name: &str,
    ) -> Result<(), ScanError> {
        // What was committed here is not at the remote, so the branches that it has must do then.
        let ways: [&[&str]; 2] = [&[base, head], &[]];
        for commits in ways {
            match self.fetch(remote, &[how], commits) {
                Err(ScanError::Answer { .. }) => {}
                done => return done,
            }
        }
        Err(ScanError::Shallow { name: name.to_owned() })
    }

    fn fetch(&self, remote: &str, how: &[&str], what: &[&str]) -> Result<(), ScanError> {
        let fetch =
            ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"];
        self.git.ask(&[&fetch[..], how, &[remote], what].concat()).map(drop)
    }

    /// Returns what is to be said of a revision that nobody has.
    fn unreachable(&self, error: ScanError) -> Result<ScanError, ScanError> {
        match error {
            ScanError::Revision { name, .. } if self.remote.is_none() && self.is_shallow()? => {
                Ok(ScanError::Shallow { name })
            }
            error => Ok(error),
        }
    }
}
