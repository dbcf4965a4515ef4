//! What git says about the tree.

use std::ffi::OsString;

use camino::Utf8Path;

use crate::{ScanError, ask::Programs};

/// The files that git knows of, relative to the root.
pub(crate) struct Listing {
    /// What the index holds.
    pub(crate) tracked: Vec<Vec<u8>>,
    /// What is neither in the index nor ignored by a `.gitignore`.
    pub(crate) untracked: Vec<Vec<u8>>,
}

/// Asks git for the files below `root`; nothing if there is no git.
///
/// Only `.gitignore` files count, those above the root too: what a user keeps
/// in their own configuration or in `.git/info/exclude` is on no other machine.
pub(crate) fn list(root: &Utf8Path, programs: &Programs<'_>) -> Result<Option<Listing>, ScanError> {
    let env: Vec<_> = programs.env.iter().filter(|(name, _)| !of_a_hook(name)).cloned().collect();
    let programs = Programs { env: &env, ..*programs };
    let git = |args: &[&str]| programs.ask("git", args, root);
    // Submodules are folders of the tree like others.
    let Some(tracked) = git(&["ls-files", "-z", "--cached", "--recurse-submodules"])? else {
        return Ok(None);
    };
    let others = ["ls-files", "-z", "--others", "--exclude-per-directory=.gitignore"];
    let Some(untracked) = git(&others)? else { return Ok(None) };
    Ok(Some(Listing { tracked: names(&tracked), untracked: names(&untracked) }))
}

/// Returns true for the variables that git sets for its hooks: they name the
/// repository from another folder than ours, and an index that is not its own.
fn of_a_hook(name: &OsString) -> bool {
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"].iter().any(|known| name == known)
}

fn names(output: &[u8]) -> Vec<Vec<u8>> {
    let names = output.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(<[u8]>::to_vec).collect()
}
