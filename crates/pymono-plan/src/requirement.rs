//! One third-party distribution, for all platforms of an image at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pep508_rs::PackageName;
use pymono_lock::{Artifact, Pin, PinSource, is_wheel};
use pymono_names::{InvalidTreePath, Login, Platform, TreePath};
use pymono_workspace::IndexFormat;

use crate::{ChosenIndex, IndexChoice, Service, index::Indexes, refuse::is_fit};

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
    /// The files that fit, where it comes from a folder of the tree.
    pub files: BTreeSet<TreePath>,
    /// True if the lock names no files, so that it cannot be told whether there is a wheel.
    pub unnamed: bool,
    /// Hashes of the artifacts that fit, as `sha256:…`.
    pub hashes: BTreeSet<String>,
    /// Bytes of the largest artifact that fits; 0 where the lock does not tell.
    pub size: u64,
}

/// Where a distribution comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Its name, looked for there.
    Index(IndexChoice),
    /// One archive, by its URL.
    Url {
        /// The archive's URL, without a login.
        url: String,
        /// The folder in the archive that holds the project.
        subdirectory: Option<String>,
        /// The index whose login opens it too.
        index: Option<ChosenIndex>,
    },
    /// An archive in the repository.
    Archive(TreePath),
    /// A commit of a git repository.
    Git(GitOrigin),
}

/// A commit of a git repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitOrigin {
    /// The repository's URL, without a login unless it is one of SSH.
    pub url: String,
    /// The login that it was written with.
    pub login: Login,
    /// The full id of the commit.
    pub commit: String,
    /// The folder in the repository that holds the project.
    pub subdirectory: Option<String>,
    /// The archive in the repository that is the distribution.
    pub archive: Option<String>,
    /// Whether files kept in Git LFS are needed.
    pub lfs: bool,
}

impl fmt::Display for Origin {
    /// Says which place it is, and nothing of how one gets in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(choice) => write!(f, "index {choice}"),
            Self::Url { url, subdirectory, index: _ } => {
                write!(f, "archive {url}#{}", subdirectory.as_deref().unwrap_or_default())
            }
            Self::Archive(path) => write!(f, "file {path}"),
            Self::Git(GitOrigin { url, login: _, commit, subdirectory, archive, lfs }) => {
                let (folder, archive) = (subdirectory.as_deref(), archive.as_deref());
                let inside = folder.or(archive).unwrap_or_default();
                write!(f, "git {url}@{commit}#{inside}{}", if *lfs { " with LFS" } else { "" })
            }
        }
    }
}

impl GitOrigin {
    /// Returns true if the repository is reached with SSH.
    pub fn is_ssh(&self) -> bool {
        self.url.starts_with("ssh://")
    }

    /// Returns the scheme and host, such as `https://git.example:8443`, of a URL that takes a login.
    pub fn site(&self) -> Option<&str> {
        let start =
            ["https://", "http://"].into_iter().find(|start| self.url.starts_with(start))?;
        let rest = &self.url[start.len()..];
        Some(&self.url[..start.len() + rest.find('/').unwrap_or(rest.len())])
    }
}

/// Returns the name at the start of a requirement such as `setuptools>=61`.
pub(crate) fn declared_name(requirement: &str) -> Option<PackageName> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = requirement.find(|c: char| !belongs(c)).unwrap_or(requirement.len());
    requirement[..end].parse().ok()
}

impl Requirement {
    /// Returns which distribution it is, whatever platforms need it: its version in an index, or its place and hashes, since
    /// another one may be put into that.
    pub fn identity(&self) -> String {
        let name = &self.name;
        match (&self.origin, &self.version) {
            (Origin::Index(_), Some(version)) => format!("{name}=={version}"),
            (Origin::Index(_), None) => name.to_string(),
            (origin, _) => {
                let hashes = self.hashes.iter().map(|hash| format!(" {hash}"));
                format!("{name} @ {origin}{}", hashes.collect::<String>())
            }
        }
    }

    /// Returns whether some platform has to build it, as far as is known.
    pub fn is_built(&self) -> bool {
        match &self.origin {
            Origin::Git(GitOrigin { archive: Some(archive), .. }) => !is_wheel(archive),
            Origin::Git(_) => true,
            Origin::Index(_) | Origin::Url { .. } | Origin::Archive(_) => self.from_source,
        }
    }

    /// Returns where it comes from if it is known by its name, and what its build requires in any case.
    pub(crate) fn index<'a>(&'a self, service: &'a Service) -> &'a IndexChoice {
        match &self.origin {
            Origin::Index(choice) => choice,
            Origin::Url { .. } | Origin::Archive(_) | Origin::Git(_) => &service.index,
        }
    }

    /// Merges the pins that one service has on its platforms.
    pub(crate) fn merge<'a>(
        indexes: Indexes<'_>,
        pins: impl IntoIterator<Item = (Platform, &'a BTreeSet<Pin>)>,
    ) -> Result<BTreeSet<Self>, Unusable> {
        let mut platforms = BTreeSet::new();
        let mut merged = BTreeMap::<(&PackageName, Option<String>, Origin), Self>::new();
        for (platform, pins) in pins {
            platforms.insert(platform);
            for pin in pins {
                let one = Self::from_pin(indexes, pin, platform)?;
                let key = (&pin.name, one.version.clone(), one.origin.clone());
                match merged.get_mut(&key) {
                    Some(requirement) => requirement.absorb(one),
                    None => drop(merged.insert(key, one)),
                }
            }
        }
        Ok(merged.into_values().map(|requirement| requirement.everywhere(&platforms)).collect())
    }

    fn from_pin(indexes: Indexes<'_>, pin: &Pin, platform: Platform) -> Result<Self, Unusable> {
        let from_source = pin.wheels.is_empty();
        // Where a wheel fits, uv takes it: the sdist's hash would only widen what is accepted.
        let artifacts = || pin.wheels.iter().chain(pin.sdist.iter().filter(|_| from_source));
        let origin = Origin::of(indexes, pin)?;
        let in_folder = matches!(origin, Origin::Index(IndexChoice::Folder(_)));
        let files = artifacts().filter(|_| in_folder).filter_map(|file| file.path.as_deref());
        Ok(Self {
            name: pin.name.clone(),
            version: pin.version.as_ref().map(ToString::to_string),
            files: files.map(|path| in_tree(indexes.folder, path)).collect::<Result<_, _>>()?,
            origin,
            only: BTreeSet::from([platform]),
            from_source,
            unnamed: pin.wheels.iter().any(|wheel| !wheel.is_named()),
            hashes: artifacts().filter_map(|artifact| artifact.hash.clone()).collect(),
            size: artifacts().filter_map(|artifact| artifact.size).max().unwrap_or(0),
        })
    }

    fn absorb(&mut self, other: Self) {
        self.only.extend(other.only);
        self.files.extend(other.files);
        self.hashes.extend(other.hashes);
        self.from_source |= other.from_source;
        self.unnamed |= other.unnamed;
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
    /// Its URL has a variable where no login is.
    Variable {
        /// The distribution.
        name: String,
        /// The URL as written, without its login.
        url: String,
    },
}

/// Returns a path as seen from the root, if it can stand in a Dockerfile.
pub(crate) fn in_tree(folder: &TreePath, path: &str) -> Result<TreePath, Unusable> {
    let path = folder.join(path).map_err(Unusable::Outside)?;
    if is_fit(&path) { Ok(path) } else { Err(Unusable::Unfit(path)) }
}

impl Origin {
    fn of(indexes: Indexes<'_>, pin: &Pin) -> Result<Self, Unusable> {
        let origin = match &pin.source {
            PinSource::Registry { index } => {
                let choice = indexes.find(index).map_err(Unusable::Outside)?;
                Self::by_name(indexes, choice, pin)?
            }
            PinSource::Url { url, subdirectory } => {
                let (url, login) = Login::split(url);
                let index = ChosenIndex::around(&url, &login);
                Self::Url { url, subdirectory: subdirectory.clone(), index }
            }
            PinSource::Path { path } => Self::Archive(in_tree(indexes.folder, path)?),
            PinSource::Git { url, commit, subdirectory, lfs, path } => {
                let (url, login) = Login::split(url);
                Self::Git(GitOrigin {
                    url,
                    login,
                    commit: commit.clone(),
                    subdirectory: subdirectory.clone(),
                    archive: path.clone(),
                    lfs: *lfs,
                })
            }
        };
        match origin.url().filter(|url| url.contains("${")) {
            Some(url) => {
                Err(Unusable::Variable { name: pin.name.to_string(), url: url.to_owned() })
            }
            None => Ok(origin),
        }
    }

    /// Returns the origin of a distribution that an index has.
    ///
    /// What must be built is taken by its own URL or path where the lock tells it,
    /// unless it comes from the default index: its build requirements come from there.
    fn by_name(indexes: Indexes<'_>, choice: IndexChoice, pin: &Pin) -> Result<Self, Unusable> {
        let sdist = pin.sdist.as_ref().filter(|_| pin.wheels.is_empty());
        Ok(match (choice, sdist) {
            (IndexChoice::Folder(_), Some(Artifact { path: Some(path), .. })) => {
                Self::Archive(in_tree(indexes.folder, path)?)
            }
            (IndexChoice::One(index), Some(Artifact { url: Some(url), .. }))
                if !index.default || index.format == IndexFormat::Flat =>
            {
                let url = Login::split(url).0;
                Self::Url { url, subdirectory: None, index: Some(index) }
            }
            (choice, _) => Self::Index(choice),
        })
    }

    fn url(&self) -> Option<&str> {
        match self {
            Self::Index(IndexChoice::One(ChosenIndex { url, .. }))
            | Self::Url { url, .. }
            | Self::Git(GitOrigin { url, .. }) => Some(url),
            Self::Index(_) | Self::Archive(_) => None,
        }
    }
}
