//! The planner's output: stages, and the images made of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, iter,
};

use pymono_names::{Libc, ServiceName, TreePath};
use pymono_workspace::{BuildKind, BuildStep, CacheMount, Secret};

use crate::{
    ChosenIndex, Environment, HandwrittenImage, ImageSettings, Included, IndexChoice, Open,
    PinnedBackend, PretendedVersion, Requirement, Tests, index,
};

/// What will be built: every stage once, and how images are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildPlan {
    /// The stages, each after all that it stands on.
    pub stages: Vec<Stage>,
    /// The images that are made of stages, by service.
    pub images: BTreeMap<ServiceName, Image>,
    /// The images that hand-written Dockerfiles build as they are, by target.
    pub handwritten: BTreeMap<ServiceName, HandwrittenImage>,
    /// The tests of these images.
    pub tests: Tests,
    /// The image that uv is taken from.
    pub uv_image: String,
}

impl BuildPlan {
    /// Returns the stages on which things are installed and built for any of `services`.
    ///
    /// They are built before the images: `BuildKit` knows a step again by the
    /// content of its mounts only if what the step stands on was there before
    /// it ran. Otherwise a shared step would run once for each image that is
    /// built later.
    pub fn bases<'a>(
        &'a self,
        services: &'a BTreeSet<&ServiceName>,
    ) -> impl Iterator<Item = &'a StageName> {
        bases(&self.stages, services)
    }

    /// Returns the secrets that a build of some services may ask for, each id once.
    pub fn secrets(&self, services: &BTreeSet<&ServiceName>) -> BTreeSet<Secret> {
        let needed = needed(&self.stages, services);
        let asked = self.handwritten.iter().filter(|(name, _)| services.contains(name));
        let asked = asked.flat_map(|(_, image)| &image.secrets);
        index::by_id(needed.flat_map(|stage| stage.kind.secrets()).chain(asked))
    }

    /// Returns whether a build of some services may ask for an SSH agent.
    pub fn needs_ssh(&self, services: &BTreeSet<&ServiceName>) -> bool {
        let mut asked = self.handwritten.iter().filter(|(name, _)| services.contains(name));
        asked.any(|(_, image)| image.ssh) || needed(&self.stages, services).any(Stage::needs_ssh)
    }

    /// Returns the runtimes that an image stands on, from the ground up.
    pub fn runtimes<'a>(&'a self, image: &'a Image) -> Vec<&'a StageName> {
        let below = |name: &&'a StageName| self.stage(name)?.kind.below();
        let mut all: Vec<_> = iter::successors(Some(&image.runtime), below).collect();
        all.reverse();
        all
    }

    /// Returns how many layers an image has on top of its lowest runtime.
    pub(crate) fn layers(&self, image: &Image) -> usize {
        self.runtimes(image).len().saturating_sub(1) + image.layers.len()
    }

    /// Returns the stage of this name.
    pub fn stage(&self, name: &StageName) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == *name)
    }
}

/// Returns those of some stages that any of `services` needs.
pub(crate) fn needed<'a>(
    stages: &'a [Stage],
    services: &'a BTreeSet<&ServiceName>,
) -> impl Iterator<Item = &'a Stage> {
    stages.iter().filter(|stage| stage.users.iter().any(|user| services.contains(user)))
}

/// Returns those on which things are installed and built, system packages included.
pub(crate) fn bases<'a>(
    stages: &'a [Stage],
    services: &'a BTreeSet<&ServiceName>,
) -> impl Iterator<Item = &'a StageName> {
    let below: BTreeSet<&StageName> =
        needed(stages, services).filter_map(|stage| stage.kind.below()).collect();
    let is_base = move |stage: &&Stage| match stage.kind {
        StageKind::Base { .. } | StageKind::Toolchain { .. } => true,
        StageKind::Runtime { .. } => below.contains(&stage.name),
        _ => false,
    };
    needed(stages, services).filter(is_base).map(|stage| &stage.name)
}

/// The name of a stage, unique in its plan and different from every service's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageName(pub(crate) String);

impl StageName {
    /// Returns the name as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One build stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// What it does.
    pub kind: StageKind,
    /// The services whose images hold or need it.
    pub users: BTreeSet<ServiceName>,
}

impl Stage {
    /// Returns whether it may ask for an SSH agent.
    pub(crate) fn needs_ssh(&self) -> bool {
        matches!(&self.kind, StageKind::Dependencies(Dependencies { git: Some(git), .. }) if git.ssh)
    }
}

/// What a stage does, and with that what its identity is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StageKind {
    /// Gives uv.
    Uv {
        /// The image.
        image: String,
    },
    /// An empty virtual environment and uv: installs of wheels and pure packages start here.
    Base {
        /// The environment.
        environment: Environment,
        /// The stage that gives uv.
        uv: StageName,
    },
    /// A base with compilers, and perhaps further system packages.
    Toolchain {
        /// The base; where there are further packages, the toolchain without them.
        base: StageName,
        /// The image that the base stands on, which decides the compilers' versions.
        image: String,
        /// Its C library, which decides how its system packages are installed.
        libc: Libc,
        /// System packages beside the compilers, which are below then.
        apt: BTreeSet<String>,
        /// The state of Debian's archive that they are taken from.
        snapshot: Option<String>,
    },
    /// Third-party distributions in a virtual environment of their own.
    Dependencies(Dependencies),
    /// Requirements that are resolved when the stage is built, in a virtual environment of its own.
    Open {
        /// The base, with compilers where system packages for builds are configured.
        base: StageName,
        /// The requirements.
        open: Open,
        /// What the step is given without keeping it.
        secrets: BTreeSet<Secret>,
    },
    /// Build backends in a folder of their own.
    Backend {
        /// The base.
        base: StageName,
        /// The requirements, sorted.
        requires: Vec<String>,
        /// What they come down to, where a lock tells.
        pins: Option<Vec<PinnedBackend>>,
        /// Where they come from.
        index: IndexChoice,
        /// What the step is given without keeping it.
        secrets: BTreeSet<Secret>,
    },
    /// Crates from registries and repositories, in a folder of their own.
    Crates(FetchedCrates),
    /// One local package in a virtual environment of its own.
    Package(PackageBuild),
    /// Files of a service, gathered so that they are one layer, all with one time.
    Files {
        /// The base.
        base: StageName,
        /// Literal paths of the tree that together hold exactly these files.
        files: Vec<ImageFile>,
    },
    /// Further files of a service, gathered so that they are one layer.
    Included(Included),
    /// Commands of a service's own, whose results its image gets.
    Steps(Steps),
    /// The image that services run on, with its system packages and user.
    Runtime {
        /// The runtime that it stands on, which has the user; where there is none, it stands on the image.
        below: Option<StageName>,
        /// The image.
        image: String,
        /// Its C library, which decides how its system packages are installed.
        libc: Libc,
        /// System packages, those below included.
        apt: BTreeSet<String>,
        /// The state of Debian's archive that they are taken from.
        snapshot: Option<String>,
        /// The numeric id of the user.
        user: u32,
    },
}

impl StageKind {
    /// Returns the stage that is made before this one even where both are bases: this one's step has a folder mounted.
    pub fn after(&self) -> Option<&StageName> {
        match self {
            Self::Toolchain { base, libc: Libc::Glibc, snapshot: Some(_), .. } => Some(base),
            _ => self.below(),
        }
    }

    /// Returns the runtime that it stands on, if it is a runtime and does.
    fn below(&self) -> Option<&StageName> {
        match self {
            Self::Runtime { below, .. } => below.as_ref(),
            _ => None,
        }
    }

    /// Returns what the stage is given without keeping it.
    pub fn secrets(&self) -> &BTreeSet<Secret> {
        const NONE: &BTreeSet<Secret> = &BTreeSet::new();
        match self {
            Self::Dependencies(Dependencies { secrets, .. })
            | Self::Open { secrets, .. }
            | Self::Backend { secrets, .. }
            | Self::Crates(FetchedCrates { secrets, .. })
            | Self::Steps(Steps { secrets, .. })
            | Self::Package(PackageBuild { secrets, .. }) => secrets,
            Self::Uv { .. }
            | Self::Base { .. }
            | Self::Toolchain { .. }
            | Self::Files { .. }
            | Self::Included(_)
            | Self::Runtime { .. } => NONE,
        }
    }
}

/// Third-party distributions that exactly the same images get together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependencies {
    /// The base, with compilers if something is built from source.
    pub base: StageName,
    /// The distributions.
    pub requirements: BTreeSet<Requirement>,
    /// Where those come from that are known by name, and what builds of the others require.
    pub index: IndexChoice,
    /// The index whose login opens the archives that are taken by their URL.
    pub archives: Option<ChosenIndex>,
    /// What git needs to reach the repositories of those that are commits.
    pub git: Option<GitAccess>,
    /// What the step is given without keeping it.
    pub secrets: BTreeSet<Secret>,
    /// What builds of them require, where they are built and a lock tells.
    pub build: Option<Vec<PinnedBackend>>,
    /// True if every distribution has hashes, so that they can be required.
    pub hashed: bool,
    /// True if something is built from source, or may have to be.
    pub from_source: bool,
}

/// How git reaches repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitAccess {
    /// Whether some are reached with SSH.
    pub ssh: bool,
    /// Sites that take a login, such as `https://git.example`, and the variable of the token for each.
    pub tokens: BTreeMap<String, String>,
}

/// The crates that Cargo needs for a local package and that are not of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FetchedCrates {
    /// The base, with Cargo.
    pub base: StageName,
    /// The image that the base stands on, which decides Cargo's version.
    pub image: String,
    /// The package's folder, from which Cargo looks for its configuration.
    pub path: TreePath,
    /// The folders whose locks say what is fetched.
    pub roots: BTreeSet<TreePath>,
    /// The manifests, locks and configuration that Cargo sees, by path.
    pub texts: BTreeMap<TreePath, String>,
    /// What the step is given without keeping it.
    pub secrets: BTreeSet<Secret>,
}

/// The crates that the build of a local package compiles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageCrates {
    /// The stage with those that are not of the tree.
    pub fetched: StageName,
    /// Literal paths that together hold exactly those of the tree, outside of the package's own.
    pub sources: Vec<TreePath>,
    /// The manifests, locks and configuration that Cargo sees in place of the tree's, by path.
    pub texts: BTreeMap<TreePath, String>,
}

/// The build of one local package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageBuild {
    /// The base, with compilers if the build is not known to be pure.
    pub base: StageName,
    /// The image that the base stands on, which decides the tools' versions.
    pub image: String,
    /// The stage of the backends, `None` where the build requires nothing.
    pub backend: Option<StageName>,
    /// The package's folder.
    pub path: TreePath,
    /// Literal paths that together hold exactly its files.
    pub sources: Vec<TreePath>,
    /// The crates that it compiles.
    pub crates: Option<PackageCrates>,
    /// What the build needs beside its backend.
    pub kind: BuildKind,
    /// Cache mounts that its configuration declares.
    pub caches: Vec<CacheMount>,
    /// What the step is given without keeping it.
    pub secrets: BTreeSet<Secret>,
    /// The version that the build is told, where it would ask git.
    pub version: Option<PretendedVersion>,
}

/// Commands of a service's own.
///
/// They are run on what its image has, with its own files in the working directory. What they make
/// or change in there and in the virtual environment is what the stage gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Steps {
    /// The base, with compilers where system packages for builds are configured.
    pub base: StageName,
    /// What the image has before.
    pub layers: Vec<Layer>,
    /// The service's own files, where the image has them installed.
    pub sources: Vec<ImageFile>,
    /// How the service is installed anew if the commands change its own files.
    pub reinstall: Option<Reinstall>,
    /// The working directory.
    pub workdir: String,
    /// Environment variables of the image.
    pub env: BTreeMap<String, String>,
    /// The commands.
    pub steps: Vec<BuildStep>,
    /// The service's folder, whose cache mounts these are.
    pub path: TreePath,
    /// Cache mounts that the configuration declares.
    pub caches: Vec<CacheMount>,
    /// The image of the base, where compilers keep what they can use again.
    pub toolchain: Option<String>,
    /// What the step is given without keeping it.
    pub secrets: BTreeSet<Secret>,
}

/// How a service is installed from its own files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reinstall {
    /// The stage of the backends, `None` where the build requires nothing.
    pub backend: Option<StageName>,
    /// The version that the build is told, where it would ask git.
    pub version: Option<PretendedVersion>,
}

/// How an image is put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The service's folder.
    pub path: TreePath,
    /// The runtime stage that it stands on.
    pub runtime: StageName,
    /// What is copied on top, in this order: what changes least comes first.
    pub layers: Vec<Layer>,
    /// What it says and does.
    pub settings: ImageSettings,
}

/// One layer that is copied into an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The virtual environment of a stage, laid over those before it.
    Environment(StageName),
    /// A file or folder of the tree, where a service is copied and not installed.
    File(ImageFile),
    /// The files that a stage has gathered, each at its place below the stage's own folder.
    Files(StageName),
    /// All that a stage consists of, at the places where it lies there.
    All(StageName),
    /// What the commands of a stage have made.
    Made(StageName),
}

impl Layer {
    /// Returns the stage that the layer is copied from; nothing if it comes from the tree.
    pub fn stage(&self) -> Option<&StageName> {
        match self {
            Self::Environment(stage)
            | Self::Files(stage)
            | Self::All(stage)
            | Self::Made(stage) => Some(stage),
            Self::File(_) => None,
        }
    }
}

/// A file or folder of the tree and where it lies in the image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageFile {
    /// The path in the tree.
    pub source: TreePath,
    /// The absolute path in the image.
    pub target: String,
}
