//! What the configuration says about one project.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::ExtraName;
use pymono_names::{Libc, Platform, PythonVersion, TreePath};

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
    /// The C library of the base and the runtime image; what their names tell where absent.
    pub libc: Option<Libc>,
    /// Debian packages in the runtime image.
    pub apt: BTreeSet<String>,
    /// Debian packages for builds only, beside the compilers.
    pub build_apt: BTreeSet<String>,
    /// Alpine packages in the runtime image, on Alpine in place of `apt`.
    pub apk: BTreeSet<String>,
    /// Alpine packages for builds only, on Alpine in place of `build_apt`.
    pub build_apk: BTreeSet<String>,
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
    /// The version of the project, where its build would ask git for it.
    pub version: Option<String>,
    /// Further files that builds are sent and the image gets, git-ignored ones too.
    pub include: Vec<Include>,
    /// Further files that decide whether the image is another one: paths and patterns from the root.
    pub inputs: BTreeSet<String>,
    /// What is run once everything is installed, before the image is put together.
    pub build_steps: Vec<BuildStep>,
    /// What tests the service, which is no part of its image.
    pub test: Option<Test>,
    /// What the image may have at most.
    pub budget: Budget,
}

/// What an image may have at most; anything where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Budget {
    /// Bytes in a file system, those of the base included.
    pub size: Option<u64>,
    /// Layers, those of the base included.
    pub layers: Option<usize>,
}

/// How a service is tested, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Test {
    /// The commands.
    pub run: Vec<BuildStep>,
    /// The dependency groups that they need; where absent, `dev` if there is one.
    pub groups: Option<BTreeSet<ExtraName>>,
}

/// Further files of an image, as they are configured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Include {
    /// A path or a pattern from the root of the tree.
    pub from: String,
    /// Where they go, relative to the working directory or absolute. Where absent, they keep the place
    /// that they have in `folder`, or in the tree where they are not in there.
    pub to: Option<String>,
    /// The folder of the configuration.
    pub folder: TreePath,
}

/// One command of a service's own that is run when its image is built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuildStep {
    /// A text for the shell.
    Shell(String),
    /// A program and its arguments, without a shell.
    Exec(Vec<String>),
}

/// A folder that a project's build keeps from one run to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheMount {
    /// The absolute path in the build.
    pub target: String,
}
