//! Third-party distributions, pinned.

use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;

/// A third-party distribution that a lock pins, as one target sees it.
///
/// Its order is the canonical one: by name, version, and source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin {
    /// Its name.
    pub name: PackageName,
    /// Its version; only a source tree may have none.
    pub version: Option<Version>,
    /// Where it comes from.
    pub source: PinSource,
    /// The wheels that fit the target, by file name.
    ///
    /// In a lock that names no files these are all that it knows hashes of,
    /// wheels or not, and [`Artifact::is_named`] is false for each; where it
    /// has no hashes either, one file of which nothing is known stands for them.
    ///
    /// They are many, and the same in the closures of all services.
    pub wheels: Arc<[Artifact]>,
    /// The source distribution, if there is one.
    pub sdist: Option<Artifact>,
}

/// Where a third-party distribution comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PinSource {
    /// An index of distributions.
    Registry {
        /// The index's URL, or a folder relative to the lock's.
        ///
        /// It is [`PinSource::DEFAULT_INDEX`] in a lock that leaves the choice
        /// of the index to the installer.
        index: String,
    },
    /// A commit of a git repository.
    Git {
        /// The repository's URL, without `git+`.
        url: String,
        /// The folder in the repository that holds the project.
        subdirectory: Option<String>,
        /// The full id of the commit.
        commit: String,
        /// Whether files kept in Git LFS are needed.
        lfs: bool,
        /// An archive in the repository that is the distribution.
        path: Option<String>,
    },
    /// One archive on the network.
    Url {
        /// The archive's URL.
        url: String,
        /// The folder in the archive that holds the project.
        subdirectory: Option<String>,
    },
    /// One archive beside the lock.
    Path {
        /// The archive's path, relative to the lock's folder; it may start with `..`.
        path: String,
    },
}

impl PinSource {
    /// The index that an installer takes if it is told none.
    ///
    /// Locks other than uv's do not write down their tool's own default.
    pub const DEFAULT_INDEX: &'static str = "";
}

/// One file that a distribution can be installed from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Artifact {
    /// The file's name, with escapes such as `%2B` resolved; empty where the lock names none.
    pub file_name: String,
    /// Where to download it, if it is on the network.
    pub url: Option<String>,
    /// Its path relative to the lock's folder, if it is local.
    pub path: Option<String>,
    /// Its hash, as `sha256:…`.
    pub hash: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
}

impl Artifact {
    /// Returns true if the lock tells the file's name, and by it whether and where it fits.
    pub fn is_named(&self) -> bool {
        !self.file_name.is_empty()
    }
}
