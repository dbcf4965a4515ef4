//! Which commit a tree is compared with.

use crate::{
    Head, ScanError, ScanOptions,
    ask::Programs,
    git::{Git, commit},
};

/// What a tree is compared with, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// The last commit that a revision and the head have in common.
    MergeBase(String),
}

/// Returns the id of the commit that a tree is compared with.
///
/// # Errors
///
/// Git cannot be asked, knows no such revision, or knows no commit that both have in common.
pub fn base(options: &ScanOptions, against: &Against) -> Result<String, ScanError> {
    let programs = Programs { env: &options.env, interrupt: &options.interrupt };
    let git = Git::new(&options.root, &programs);
    let head = match &options.head {
        Head::WorkingTree => "HEAD",
        Head::Revision(name) => name,
    };
    let Against::MergeBase(name) = against;
    let (base, head) = (commit(&git, name)?, commit(&git, head)?);
    common(&git, &base, &head)?.ok_or_else(|| ScanError::Unrelated { name: name.clone() })
}

/// Returns the last commit that two have in common; nothing where git knows none.
fn common(git: &Git, base: &str, head: &str) -> Result<Option<String>, ScanError> {
    match git.ask(&["merge-base", base, head]) {
        Ok(id) => Ok(Some(String::from_utf8_lossy(&id).trim().to_owned())),
        Err(ScanError::Answer { stderr, .. }) if stderr.is_empty() => Ok(None),
        Err(error) => Err(error),
    }
}
