//! `pdm.lock`.
//!
//! With the strategy `inherit_metadata`, PDM's default, the lock says of each
//! package which groups need it and when. Without it, whoever installs walks
//! the dependencies.

mod read;
mod target;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeSet;

use pymono_names::Target;

use self::target::Reach;
use crate::{
    Closure, ClosureError, GroupName, LocalPackage, LockError, Selection,
    marker::{Condition, Scene},
    project::{Known, named},
    web::{EntryIx, Web},
};

/// A parsed `pdm.lock`, of version 4, with the project that it belongs to.
///
/// What can be selected is the project itself, with its extras and groups. The
/// group `default` is always selected: it is what production needs.
#[derive(Clone, Debug)]
pub struct PdmLock {
    web: Web,
    /// When each package is needed; nothing in a lock that leaves it open.
    shares: Option<Vec<Share>>,
    known: Known,
    /// The targets that the lock is for; all if there are none.
    targets: Vec<Reach>,
}

/// When a package is needed with certain extras.
#[derive(Clone, Debug)]
struct Share {
    entry: EntryIx,
    /// The groups that need it; all if there are none.
    groups: BTreeSet<GroupName>,
    marker: Option<Condition>,
}

impl PdmLock {
    /// Reads the text of the lock at `path`, and that of the `pyproject.toml` beside it.
    pub fn parse(path: &str, text: &str, pyproject: &str) -> Result<Self, LockError> {
        read::read(path, text, pyproject)
    }

    /// Returns the local packages of the lock, and the project itself if it has a name.
    pub fn local_packages(&self) -> impl Iterator<Item = LocalPackage<'_>> {
        self.web.local_packages()
    }

    /// Returns all that `selection` needs on `target`.
    pub fn close(&self, selection: &Selection, target: &Target) -> Result<Closure, ClosureError> {
        let scene = self.known.scene(selection, *target)?;
        if !self.targets.is_empty() && !self.targets.iter().any(|reach| reach.covers(*target)) {
            let supported = self.targets.iter().map(ToString::to_string).collect();
            return Err(ClosureError::UnsupportedTarget { target: *target, supported });
        }
        let closure = match &self.shares {
            None => self.web.close(&scene, *target),
            Some(shares) => {
                let wanted = wanted(&scene);
                let needed = shares.iter().filter(|share| share.holds(&scene, &wanted));
                self.web.close_over(needed.map(|share| share.entry), &scene, *target)
            }
        };
        Ok(named(closure?, selection))
    }
}

impl Share {
    fn holds(&self, scene: &Scene, wanted: &BTreeSet<GroupName>) -> bool {
        (self.groups.is_empty() || !self.groups.is_disjoint(wanted))
            && self.marker.as_ref().is_none_or(|marker| marker.holds(scene))
    }
}

/// Returns the groups that are wanted; to PDM an extra of the project is one of them.
fn wanted(scene: &Scene) -> BTreeSet<GroupName> {
    let default = "default".parse().expect("seven letters are a name");
    scene.groups.iter().chain(&scene.extras).cloned().chain([default]).collect()
}
