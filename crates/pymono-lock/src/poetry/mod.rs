//! `poetry.lock`.
//!
//! Locks of version 2.1 say of each package which groups need it and when.
//! Older ones leave that to whoever installs, who walks the dependencies.

mod read;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::VersionSpecifiers;
use pymono_names::Target;

use crate::{
    Closure, ClosureError, GroupName, LocalPackage, LockError, Selection,
    marker::{Condition, Scene},
    project::{Known, named},
    web::{PROJECT, Web},
};

/// A parsed `poetry.lock`, of version 1.0 to 2.1, with the project that it belongs to.
///
/// What can be selected is the project itself, with its extras and groups.
/// The group `main` is always selected, as the group of what production needs.
#[derive(Clone, Debug)]
pub struct PoetryLock {
    web: Web,
    /// By entry, when it is needed; nothing in a lock that leaves it open.
    shares: Option<Vec<Share>>,
    known: Known,
    /// The versions of Python that the lock is for, as it writes them.
    python: (String, Vec<VersionSpecifiers>),
}

/// When a package is needed.
#[derive(Clone, Debug, Default)]
struct Share {
    /// The groups that need it.
    groups: BTreeSet<GroupName>,
    /// The condition that holds for all groups.
    marker: Option<Condition>,
    /// Conditions of single groups.
    by_group: BTreeMap<GroupName, Condition>,
}

impl PoetryLock {
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
        let mut scene = self.known.scene(selection, *target)?;
        let (python, ranges) = &self.python;
        let version = scene.environment.python_full_version();
        if !ranges.is_empty() && !ranges.iter().any(|range| range.contains(version)) {
            let supported = vec![format!("python {python}")];
            return Err(ClosureError::UnsupportedTarget { target: *target, supported });
        }
        scene.groups.insert(main());
        let closure = match &self.shares {
            None => self.web.close(&scene, *target),
            Some(shares) => {
                let needed = shares.iter().enumerate().filter(|(_, share)| share.holds(&scene));
                self.web.close_over(needed.map(|(ix, _)| ix + PROJECT + 1), &scene, *target)
            }
        };
        Ok(named(closure?, selection))
    }
}

impl Share {
    /// Returns true if some wanted group needs the package.
    fn holds(&self, scene: &Scene) -> bool {
        self.groups.intersection(&scene.groups).any(|group| {
            let marker = self.marker.as_ref().or_else(|| self.by_group.get(group));
            marker.is_none_or(|marker| marker.holds(scene))
        })
    }
}

fn main() -> GroupName {
    "main".parse().expect("four letters are a name")
}
