//! What can be wrong with a workspace, and what to do about it.

use std::error::Error as _;

use pymono_lock::{ClosureError, ImageLock, LockError, LockFormat};
use pymono_names::{InvalidTreePath, Libc, TreePath};
use pymono_workspace::{Manager, Project};
use thiserror::Error;

/// What keeps a workspace from being planned.
#[derive(Debug, Error)]
pub enum FleetError {
    /// A lock file could not be read.
    #[error("failed to read a lock")]
    Lock(#[source] LockError),
    /// `pymono.lock` lacks something that is needed now.
    #[error("`{}` does not have {}", ImageLock::PATH, what.join(", "))]
    Unlocked {
        /// What it lacks, each as the end of a sentence.
        what: Vec<String>,
    },
    /// A service has no lock.
    #[error("the service `{service}` has no lock file")]
    NoLock {
        /// The service's folder.
        service: TreePath,
        /// The tool that manages its dependencies.
        manager: Manager,
    },
    /// A service has requirements that are not pinned, and is configured to have none.
    #[error("`{service}` has requirements that nothing pins: {requirements}")]
    Unpinned {
        /// The service's folder.
        service: TreePath,
        /// The requirements, each with its file and line.
        requirements: String,
    },
    /// A service could not be closed over its lock.
    #[error("failed to find what `{service}` needs in `{lock}`")]
    Closure {
        /// The service's folder.
        service: TreePath,
        /// The lock file.
        lock: TreePath,
        /// The lock's format.
        format: LockFormat,
        /// Why not.
        source: Box<ClosureError>,
    },
    /// A test needs another distribution of a name that the image has already.
    #[error("the test of `{service}` needs `{name}` {wanted}, and its image has {has}")]
    TestConflict {
        /// The service's folder.
        service: TreePath,
        /// The distribution's name.
        name: String,
        /// What the test needs.
        wanted: String,
        /// What the image has.
        has: String,
    },
    /// A lock points out of the repository.
    #[error("the lock `{lock}` points out of the repository")]
    Outside {
        /// The lock file.
        lock: TreePath,
        /// Where to.
        source: InvalidTreePath,
    },
    /// A lock was made before a manifest got what it has now.
    #[error(
        "the lock `{lock}` does not fit `{manifest}` any more{}",
        what.as_ref().map(|what| format!(", since that one {what}")).unwrap_or_default()
    )]
    Stale {
        /// The lock file.
        lock: TreePath,
        /// The manifest.
        manifest: TreePath,
        /// What the manifest does now, as far as that can be told.
        what: Option<String>,
        /// The format of the lock.
        format: LockFormat,
    },
    /// A lock names a local package that is not there.
    #[error(
        "`{service}` needs the local package `{package}`, which `{lock}` names but the repository does not have"
    )]
    Missing {
        /// The service's folder.
        service: TreePath,
        /// The package's folder.
        package: TreePath,
        /// The lock file.
        lock: TreePath,
    },
    /// Two services would be built as one image.
    #[error("`{reference}` would be the image of several services: {}", list(services))]
    SharedReference {
        /// The image's reference.
        reference: String,
        /// The services' folders.
        services: Vec<TreePath>,
    },
    /// A package's version comes from git, which no build sees.
    #[error("the build of `{package}` requires `{requirement}`, which asks git for the version")]
    VersionFromGit {
        /// The package that is built.
        package: TreePath,
        /// The requirement as written.
        requirement: String,
    },
    /// System packages are named for another kind of image.
    #[error(
        "`{project}` has `{key}`, but `{image}` is taken for an image of {}",
        distribution(*libc)
    )]
    SystemPackages {
        /// The project that asks for them.
        project: TreePath,
        /// The key that it asks with.
        key: &'static str,
        /// The key for this kind of image.
        instead: &'static str,
        /// The image.
        image: String,
        /// The C library that the image is taken for having.
        libc: Libc,
    },
    /// What is configured to be included is not there.
    #[error("`{service}` includes `{path}`, which is not there")]
    NothingIncluded {
        /// The service or library.
        service: TreePath,
        /// The path or pattern.
        path: String,
    },
    /// A URL cannot be known before the build.
    #[error("`{service}` needs `{name}` from `{url}`, which has a variable in it")]
    Variable {
        /// The service's folder.
        service: TreePath,
        /// The distribution.
        name: String,
        /// The URL, without its login.
        url: String,
    },
    /// The images of a service do not fit each other.
    #[error(
        "the base image `{base}` and the runtime image `{runtime}` of `{service}` have different C libraries"
    )]
    Libc {
        /// The service's folder.
        service: TreePath,
        /// The image in which things are installed.
        base: String,
        /// The image on which the service runs.
        runtime: String,
    },
    /// A build needs a local package, which only an index could give.
    #[error(
        "the build of `{package}` requires `{requirement}`, which is the local package `{local}`"
    )]
    LocalBackend {
        /// The package that is built.
        package: TreePath,
        /// The requirement as written.
        requirement: String,
        /// The local package of that name.
        local: TreePath,
    },
    /// A path cannot stand in a Dockerfile.
    #[error("`{0}` has characters that cannot stand in a Dockerfile's paths")]
    Unfit(TreePath),
    /// Nobody knows how to start a service.
    #[error("nothing tells how to start the service `{service}`")]
    NoCommand {
        /// The service's folder.
        service: TreePath,
    },
}

impl FleetError {
    /// Returns it and its causes in one line: what keeps one service from being built is no
    /// reason not to tell of the others.
    pub fn chain(&self) -> String {
        let causes = std::iter::successors(self.source(), |cause| (*cause).source());
        let texts = [self.to_string()].into_iter().chain(causes.map(ToString::to_string));
        texts.collect::<Vec<_>>().join(": ")
    }

    /// Makes the error of a service without a lock.
    pub(crate) fn no_lock(project: &Project) -> Self {
        Self::NoLock {
            service: project.path.clone(),
            manager: project.manager.unwrap_or(Manager::Uv),
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Lock(source) => source.hint(),
            Self::Closure { source, format, .. } => source.hint_for(*format),
            Self::Unlocked { .. } => Some(
                "run `pymono lock` and commit the file; or give `--frozen` to take what is there now"
                    .into(),
            ),
            Self::NoLock { service, manager } => {
                let command = manager.lock_command();
                Some(format!("run `{command}` in `{service}` and commit the lock"))
            }
            Self::Unpinned { .. } => {
                Some("pin each with `==`, such as by `uv pip compile`, or take `require-locked` away".into())
            }
            Self::TestConflict { .. } => {
                Some("lock both to one version, or name other `groups` in `test`".into())
            }
            Self::Outside { .. } => {
                Some("run pymono from the folder that holds all of it, or move the package into the repository".into())
            }
            Self::SharedReference { .. } => {
                Some("give each its own `image` below `[tool.pymono]` in its `pyproject.toml`".into())
            }
            Self::VersionFromGit { package, requirement } => Some(version_hint(package, requirement)),
            Self::SystemPackages { instead, libc, .. } => Some(format!(
                "name them in `{instead}`; if the image is one of {} after all, say `libc = \"{}\"`",
                distribution(other(*libc)),
                other(*libc).as_str()
            )),
            Self::NothingIncluded { .. } => Some(
                "make it first, where it is generated code, or take it out of `include`".into()
            ),
            Self::Variable { .. } => Some(
                "write it out; in a URL only the user name and the password can be variables, which are then secrets of these names".into()
            ),
            Self::Libc { .. } => {
                Some("take both from Alpine or neither: what is installed in one runs in the other".into())
            }
            Self::LocalBackend { package, .. } => Some(format!(
                "pymono never takes a local package's name from an index, and cannot install one for a build yet; use `backend-path` in `{package}/pyproject.toml`"
            )),
            Self::Unfit(_) => {
                Some("rename it, or leave its project out with `exclude`; letters, digits and `._-+@~` are fine".into())
            }
            Self::Stale { lock, format, .. } => {
                let folder = lock.parent().unwrap_or_else(TreePath::root);
                Some(format!("in `{folder}`, {}; or give `--frozen` to use the lock as it is", format.relock()))
            }
            Self::Missing { .. } => {
                Some("write the lock anew so that it fits the tree, such as by `uv lock`".into())
            }
            Self::NoCommand { service } => Some(format!(
                "add `command = [\"…\"]` below `[tool.pymono]` in `{service}/pyproject.toml`, or `skip = true` if it is no service"
            )),
        }
    }
}

/// Returns what to do about a build that asks git for the version.
fn version_hint(package: &TreePath, tool: &str) -> String {
    if tool == "versioneer" {
        return format!(
            "builds do not see the repository, and versioneer cannot be told; write the version into `{package}/pyproject.toml`"
        );
    }
    format!(
        "builds do not see the repository; add `version = \"…\"` below `[tool.pymono]` in `{package}/pyproject.toml`, or `version = {{ \"{package}\" = \"…\" }}` to the repository's configuration"
    )
}

/// Returns the distribution that a C library stands for.
fn distribution(libc: Libc) -> &'static str {
    match libc {
        Libc::Glibc => "Debian",
        Libc::Musl => "Alpine",
    }
}

fn other(libc: Libc) -> Libc {
    match libc {
        Libc::Glibc => Libc::Musl,
        Libc::Musl => Libc::Glibc,
    }
}

fn list(paths: &[TreePath]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}
