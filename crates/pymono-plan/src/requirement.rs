//! One third-party distribution, for all platforms of an image at once.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;
use pymono_lock::{Pin, PinSource};
use pymono_names::{InvalidTreePath, Platform, TreePath};

use crate::refuse::is_fit;

/// A third-party distribution that an image must hold, pinned.
///
/// Two services share it only if it is equal for both in every field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    /// Its name.
    pub name: PackageName,
    /// Its version; a source tree may have none.
    pub version: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// The platforms that need it; empty where all platforms of the image do.
    pub only: BTreeSet<Platform>,
    /// True if some platform has no fitting wheel, so that it must be compiled.
    pub from_source: bool,
    /// Hashes of the artifacts that fit, as `sha256:…`.
    pub hashes: BTreeSet<String>,
    /// Bytes of the largest artifact that fits; 0 where the lock does not tell.
    pub size: u64,
}

/// Where a distribution comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// An index of distributions, by its URL.
    Index(String),
    /// One archive, by its URL.
    Url {
        /// The archive's URL.
        url: String,
        /// The folder in the archive that holds the project.
        subdirectory: Option<String>,
    },
    /// An archive in the repository.
    Archive(TreePath),
    /// A commit of a git repository.
    Git {
        /// The repository's URL.
        url: String,
        /// The full id of the commit.
        commit: String,
        /// The folder in the repository that holds the project.
        subdirectory: Option<String>,
    },
}

/// Returns the name at the start of a requirement such as `setuptools>=61`.
pub(crate) fn declared_name(requirement: &str) -> Option<PackageName> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = requirement.find(|c: char| !belongs(c)).unwrap_or(requirement.len());
    requirement[..end].parse().ok()
}

impl Requirement {
    /// Merges the pins that one service has on its platforms.
    ///
    /// `folder` is the lock's folder, from which its paths are seen.
    pub(crate) fn merge<'a>(
        folder: &TreePath,
        pins: impl IntoIterator<Item = (Platform, &'a BTreeSet<Pin>)>,
    ) -> Result<BTreeSet<Self>, Unusable> {
        let mut platforms = BTreeSet::new();
        let mut merged = BTreeMap::<(&PackageName, Option<String>, Origin), Self>::new();
        for (platform, pins) in pins {
            platforms.insert(platform);
            for pin in pins {
                let one = Self::from_pin(folder, pin, platform)?;
                let key = (&pin.name, one.version.clone(), one.origin.clone());
                match merged.get_mut(&key) {
                    Some(requirement) => requirement.absorb(one),
                    None => drop(merged.insert(key, one)),
                }
            }
        }
        Ok(merged.into_values().map(|requirement| requirement.everywhere(&platforms)).collect())
    }

    fn from_pin(folder: &TreePath, pin: &Pin, platform: Platform) -> Result<Self, Unusable> {
        let from_source = pin.wheels.is_empty();
        // Where a wheel fits, uv takes it: the sdist's hash would only widen what is accepted.
        let artifacts = || pin.wheels.iter().chain(pin.sdist.iter().filter(|_| from_source));
        Ok(Self {
            name: pin.name.clone(),
            version: pin.version.as_ref().map(ToString::to_string),
            origin: Origin::of(folder, pin)?,
            only: BTreeSet::from([platform]),
            from_source,
            hashes: artifacts().filter_map(|artifact| artifact.hash.clone()).collect(),
            size: artifacts().filter_map(|artifact| artifact.size).max().unwrap_or(0),
        })
    }

    fn absorb(&mut self, other: Self) {
        self.only.extend(other.only);
        self.hashes.extend(other.hashes);
        self.from_source |= other.from_source;
        self.size = self.size.max(other.size);
    }

    fn everywhere(mut self, platforms: &BTreeSet<Platform>) -> Self {
        if self.only == *platforms {
            self.only.clear();
        }
        self
    }
}

/// Why a pin cannot be installed.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// Its archive is outside of the repository.
    Outside(InvalidTreePath),
    /// Its archive's path cannot stand in a Dockerfile.
    Unfit(TreePath),
    /// It is had in a way that is not supported.
    Unsupported {
        /// The distribution.
        name: String,
        /// How it would have to be had.
        how: &'static str,
    },
}

impl Origin {
    fn of(folder: &TreePath, pin: &Pin) -> Result<Self, Unusable> {
        let unsupported = |how| Err(Unusable::Unsupported { name: pin.name.to_string(), how });
        Ok(match &pin.source {
            PinSource::Registry { index } if !index.contains("://") => {
                return unsupported("from a folder of archives");
            }
            PinSource::Registry { index } => Self::Index(index.clone()),
            PinSource::Url { url, subdirectory } => {
                Self::Url { url: url.clone(), subdirectory: subdirectory.clone() }
            }
            PinSource::Path { path } => {
                let path = folder.join(path).map_err(Unusable::Outside)?;
                if !is_fit(&path) {
                    return Err(Unusable::Unfit(path));
                }
                Self::Archive(path)
            }
            PinSource::Git { lfs: true, .. } => return unsupported("with files from Git LFS"),
            PinSource::Git { path: Some(_), .. } => {
                return unsupported("from an archive in a git repository");
            }
            PinSource::Git { url, commit, subdirectory, .. } => {
                let (url, commit) = (url.clone(), commit.clone());
                Self::Git { url, commit, subdirectory: subdirectory.clone() }
            }
        })
    }
}
