//! What the configuration says about one project.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::ExtraName;
use pymono_names::{Platform, PythonVersion};

use crate::Secret;

/// The settings of one project: the repository's, overridden by its own.
///
/// An absent value means that pymono decides; the key of each is its name with `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The Python of the image.
    pub python: Option<PythonVersion>,
    /// The image in which everything is installed and built.
    pub base_image: Option<String>,
    /// The image on which the service runs; the base image where absent.
    pub runtime_image: Option<String>,
    /// Debian packages in the runtime image.
    pub apt: BTreeSet<String>,
    /// Debian packages for builds only, beside the compilers.
    pub build_apt: BTreeSet<String>,
    /// The command, in exec form.
    pub command: Option<Vec<String>>,
    /// The entry point, in exec form.
    pub entrypoint: Option<Vec<String>>,
    /// The TCP port that the service listens on.
    pub port: Option<u16>,
    /// Environment variables of the image.
    pub env: BTreeMap<String, String>,
    /// The user that the service runs as: a numeric id.
    pub user: Option<u32>,
    /// The working directory of the service.
    pub workdir: Option<String>,
    /// Extras of the service that its image gets.
    pub extras: BTreeSet<ExtraName>,
    /// Dependency groups of the service that its image gets; their names are
    /// normalised as those of extras are (PEP 735).
    pub groups: BTreeSet<ExtraName>,
    /// The name of the image, without registry and tag.
    pub image: Option<String>,
    /// The registry and path before the image's name.
    pub registry: Option<String>,
    /// The tags of the image; `latest` where empty.
    pub tags: Vec<String>,
    /// The platforms that pins are evaluated for; all that pymono knows where empty.
    pub platforms: BTreeSet<Platform>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// The command that tells whether the service is healthy, in exec form.
    pub healthcheck: Option<Vec<String>>,
    /// Secrets that its dependency, git and package steps are given.
    pub secrets: BTreeSet<Secret>,
    /// Whether the service is refused where its requirements are not pinned; `false` where absent.
    pub require_locked: Option<bool>,
    /// Further cache mounts of the project's own build.
    pub cache: Vec<CacheMount>,
}

/// A folder that a project's build keeps from one run to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheMount {
    /// The absolute path in the build.
    pub target: String,
}
