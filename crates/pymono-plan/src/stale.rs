//! Locks that their manifests have left behind.

use std::collections::BTreeSet;

use pymono_lock::{LockFormat, Member, is_stale, stale_member};
use pymono_names::TreePath;
use pymono_workspace::Workspace;

use crate::FleetError;

/// What becomes of a lock that does not fit its manifests any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleLocks {
    /// It is an error.
    Refused,
    /// It is used as it is.
    Used,
}

/// Fails if the lock at `path` does not fit the manifests that it was made from.
pub fn check_fresh(
    workspace: &Workspace,
    path: &TreePath,
    stale: StaleLocks,
) -> Result<(), FleetError> {
    let format = path.file_name().and_then(LockFormat::of_file_name);
    let found = format.filter(|_| stale == StaleLocks::Refused).and_then(|format| {
        let (manifest, what) = find(workspace, path, format)?;
        Some(FleetError::Stale { lock: path.clone(), manifest, what, format })
    });
    found.map_or(Ok(()), Err)
}

/// Returns the manifest that a lock does not fit, and in what way as far as that can be told.
fn find(
    workspace: &Workspace,
    path: &TreePath,
    format: LockFormat,
) -> Option<(TreePath, Option<String>)> {
    let lock = workspace.locks.get(path)?;
    let manifests: &BTreeSet<TreePath> = workspace.manifests.get(path)?;
    let texts = manifests.iter().map(|manifest| Some((manifest, workspace.texts.get(manifest)?)));
    let texts: Vec<_> = texts.collect::<Option<_>>()?;
    if format != LockFormat::Uv {
        let stale = texts.into_iter().find(|(_, text)| is_stale(format, lock, text));
        return stale.map(|(manifest, _)| (manifest.clone(), None));
    }
    let members = texts.iter().map(|(manifest, text)| Member {
        manifest: manifest.as_str(),
        text,
        is_root: manifest.parent() == path.parent(),
    });
    let stale = stale_member(lock, &members.collect::<Vec<_>>())?;
    Some((stale.manifest.parse().ok()?, Some(stale.what)))
}
