//! `pymono.lock`: what images stand on and are built with, which the locks of projects do not pin.

mod resolved;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::{Libc, Platform, PythonVersion, Target};

use crate::{
    LockError,
    environment::environment,
    marker::{Condition, Scene},
};

pub use resolved::InvalidResolution;
pub use wire::ImageLockFile;

/// What images stand on and are built with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageLock {
    /// The digest of each image, such as `sha256:…`, by its reference.
    pub images: BTreeMap<String, String>,
    /// What build requirements come down to.
    pub backends: BTreeMap<BackendKey, Vec<BackendPin>>,
    /// Distributions that are built from source of which it could not be told what their builds require.
    pub untold: BTreeSet<BackendKey>,
    /// The state of Debian's archive that system packages are taken from, as `20260131T000000Z`.
    pub apt_snapshot: Option<String>,
}

/// Build requirements that are resolved together: those of a local package as it has them, or those of a distribution that is
/// built from source, which only its build tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackendKey {
    /// The requirements, sorted, as written but without logins; or the one distribution.
    pub requires: Vec<String>,
    /// Whether it is that distribution which is built, and the pins are what its build requires.
    pub from_source: bool,
    /// Where they come from: an index's URL, a folder of the tree, or `default`.
    pub index: String,
    /// The Python that they are for, without a patch.
    pub python: PythonVersion,
}

/// A distribution that a build requires, pinned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackendPin {
    /// All of it but its marker and its hashes, such as `hatchling==1.27.0`.
    pub requirement: String,
    /// Where it is needed; everywhere if there is none.
    pub marker: Option<String>,
    /// The hashes of all of its files, as `sha256:…`.
    pub hashes: BTreeSet<String>,
}

impl ImageLock {
    /// The path of the file, from the root of the tree.
    pub const PATH: &'static str = "pymono.lock";

    /// Reads the text of a lock.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        wire::read(text)
    }

    /// Returns its text: equal locks have equal texts.
    pub fn text(&self) -> String {
        wire::write(self)
    }

    /// Returns whether it has what it can have of some build requirements.
    pub fn has(&self, key: &BackendKey) -> bool {
        self.backends.contains_key(key) || self.untold.contains(key)
    }

    /// Returns an image's reference with its digest, where it is locked.
    pub fn pinned(&self, reference: &str) -> Option<String> {
        self.images.get(reference).map(|digest| format!("{reference}@{digest}"))
    }
}

impl BackendPin {
    /// Returns the platforms that need it with this Python.
    pub fn platforms(&self, python: PythonVersion, libc: Libc) -> BTreeSet<Platform> {
        let needs = |platform: &Platform| {
            let environment = environment(Target { python, platform: *platform, libc });
            let scene = Scene::with_extras(&environment, Vec::new());
            let marker = self.marker.as_deref().map(Condition::parse);
            // What could not be read was refused with the file.
            marker.is_none_or(|marker| marker.is_ok_and(|marker| marker.holds(&scene)))
        };
        Platform::ALL.into_iter().filter(needs).collect()
    }
}
