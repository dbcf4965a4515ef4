//! The planner's input: what every service's image must hold.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;
use pymono_lock::ImageLock;
use pymono_names::{Libc, Platform, PythonVersion, ServiceName, TreePath};
use pymono_workspace::{BuildStep, BuildSystem, CacheMount, Crates, Secret};

use crate::{HandwrittenImage, ImageFile, IndexChoice, PretendedVersion, Requirement};

/// All services of a repository, each closed over its lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// The services whose images are generated, by path.
    pub services: BTreeMap<TreePath, Service>,
    /// The images that hand-written Dockerfiles build as they are, by target.
    pub handwritten: BTreeMap<ServiceName, HandwrittenImage>,
    /// The local packages that services with such images need by their locks, where these tell.
    pub locals: BTreeMap<TreePath, BTreeSet<TreePath>>,
    /// The local packages that some image gets installed, by path.
    pub packages: BTreeMap<TreePath, Package>,
    /// What tests services, by path: no image knows of it.
    pub tests: BTreeMap<TreePath, ServiceTest>,
    /// The image that uv is taken from.
    pub uv_image: String,
    /// What pins images and build requirements, where something does.
    pub lock: Option<ImageLock>,
    /// The state of Debian's archive that system packages are taken from, as `20260131T000000Z`.
    pub apt_snapshot: Option<String>,
    /// Whether files of the tree lose the times that they have in a checkout on their way into images.
    pub settled: bool,
    /// What keeps no service from being built, but should be looked at.
    pub warnings: BTreeSet<String>,
}

impl Service {
    /// Returns the requirements that nothing pins.
    pub fn unpinned(&self) -> impl Iterator<Item = &OpenRequirement> {
        let open = self.open.iter().flat_map(|open| &open.requirements);
        open.filter(|requirement| !requirement.pinned)
    }

    /// Returns the distributions that are built from source; those of an open closure, and those whose lock names no files, are
    /// not known.
    pub fn from_source(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(|it| it.is_built())
    }
}

/// A service and all that its image must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name of its build target.
    pub name: ServiceName,
    /// Where things are installed for it.
    pub environment: Environment,
    /// Third-party distributions, exactly its closure; none where that is open.
    pub requirements: BTreeSet<Requirement>,
    /// What is required in place of a closure, where no lock lists all that is needed.
    pub open: Option<Open>,
    /// Local packages that are installed, itself included if it is a package.
    pub packages: BTreeSet<TreePath>,
    /// Its own files, where it is not installed but copied: it is no package.
    pub files: Vec<TreePath>,
    /// Where the build requirements of its source distributions come from.
    pub index: IndexChoice,
    /// Secrets that the steps of its distributions are given.
    pub secrets: BTreeSet<Secret>,
    /// System packages that its source distributions and build steps need beside the compilers.
    pub build_apt: BTreeSet<String>,
    /// The image on which it runs.
    pub runtime_image: String,
    /// System packages in the runtime image.
    pub apt: BTreeSet<String>,
    /// The numeric id of the user that it runs as.
    pub user: u32,
    /// What its image gets once everything is installed.
    pub finish: Finish,
    /// What its image says and does.
    pub image: ImageSettings,
}

/// What an image gets once everything is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finish {
    /// Further files.
    pub included: Included,
    /// Commands whose results the image gets.
    pub steps: Vec<BuildStep>,
    /// The service's own files as the commands see them, where the image itself has them installed.
    pub sources: Vec<ImageFile>,
    /// Further cache mounts of the commands.
    pub caches: Vec<CacheMount>,
    /// Files that make the image another one when they change, though none of them is in it.
    pub inputs: Vec<TreePath>,
}

impl Finish {
    /// Returns the files and folders of the tree on which the image depends by this.
    pub fn read(&self) -> impl Iterator<Item = &TreePath> {
        let copied = self.included.all().chain(&self.sources);
        copied.map(|file| &file.source).chain(&self.inputs)
    }
}

/// What a test of a service's image needs beside that image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceTest {
    /// Third-party distributions.
    pub requirements: BTreeSet<Requirement>,
    /// Local packages that are installed.
    pub packages: BTreeSet<TreePath>,
    /// The service's own files, where the image has them installed.
    pub sources: Vec<ImageFile>,
    /// The commands: at least one.
    pub steps: Vec<BuildStep>,
    /// Further cache mounts of the commands.
    pub caches: Vec<CacheMount>,
}

/// Further files of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Included {
    /// Single files.
    pub files: Vec<ImageFile>,
    /// Folders with all that is sent of them.
    pub folders: Vec<ImageFile>,
}

impl Included {
    /// Returns all of them.
    pub fn all(&self) -> impl Iterator<Item = &ImageFile> {
        self.files.iter().chain(&self.folders)
    }
}

/// Requirements that are resolved when the image is built.
///
/// The same requirements may give other distributions tomorrow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Open {
    /// The requirements.
    pub requirements: BTreeSet<OpenRequirement>,
    /// Where they are looked for.
    pub index: IndexChoice,
    /// The URLs of further indexes, in order, without logins.
    pub extra_indexes: Vec<String>,
}

/// A requirement that is resolved when the image is built, with all that it needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenRequirement {
    /// The name of what is required.
    pub name: PackageName,
    /// All of it but its marker, as PEP 508 defines it.
    pub text: String,
    /// The archive in the tree that it is, which the text leaves out.
    pub archive: Option<TreePath>,
    /// The file and the line in it, as `requirements.txt:3`.
    pub place: String,
    /// True if it allows one version or archive only; what that needs is open all the same.
    pub pinned: bool,
    /// The platforms that need it; empty where all platforms of the image do.
    pub only: BTreeSet<Platform>,
    /// The hashes that it allows; all if there are none.
    pub hashes: BTreeSet<String>,
}

/// An image's metadata and names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSettings {
    /// References that the image gets, such as `api:latest`.
    pub references: Vec<String>,
    /// Platforms that the image is for; empty where it is for whichever it is built on.
    pub platforms: BTreeSet<Platform>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The working directory, where it is not the runtime stage's `/app`.
    pub workdir: Option<String>,
    /// The TCP port that the service listens on.
    pub port: Option<u16>,
    /// The entry point, in exec form.
    pub entrypoint: Option<Vec<String>>,
    /// The command, in exec form.
    pub command: Option<Vec<String>>,
    /// The health check, in exec form.
    pub healthcheck: Option<Vec<String>>,
}

/// Where distributions are installed: only equal environments can share a stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Environment {
    /// The image in which everything is installed and built.
    pub base_image: String,
    /// Its Python.
    pub python: PythonVersion,
    /// Its C library.
    pub libc: Libc,
}

/// A local package that is built and installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: PackageName,
    /// How it is built.
    pub build: BuildSystem,
    /// Where its build requirements come from.
    pub index: IndexChoice,
    /// Secrets that its build is given.
    pub secrets: BTreeSet<Secret>,
    /// Literal paths that together hold exactly its files.
    pub sources: Vec<TreePath>,
    /// The Rust crates that its build compiles.
    pub crates: Option<Crates>,
    /// Debian packages that its build needs beside the compilers.
    pub build_apt: BTreeSet<String>,
    /// Alpine packages that its build needs beside the compilers.
    pub build_apk: BTreeSet<String>,
    /// The version that its build is told, where it would ask git.
    pub version: Option<PretendedVersion>,
    /// Further cache mounts of its build.
    pub caches: Vec<CacheMount>,
}
