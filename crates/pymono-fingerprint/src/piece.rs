//! The pieces that an image is made of.

use std::fmt;

use pep508_rs::PackageName;
use pymono_names::TreePath;

/// One piece of what an image is made of; its value is beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// How pymono builds: it changes when the same inputs would give another image.
    Format,
    /// A file of the service itself.
    Source(TreePath),
    /// A file of a local package that the service needs.
    Dependency {
        /// The package's folder.
        package: TreePath,
        /// The file.
        file: TreePath,
    },
    /// A file of a Rust crate that a local package is built from, or one that leads Cargo.
    Crate {
        /// The package's folder.
        package: TreePath,
        /// The file.
        file: TreePath,
    },
    /// A hand-written Dockerfile, or its ignore file.
    Dockerfile(TreePath),
    /// That a local package is needed, and how it is installed.
    Edge(TreePath),
    /// A third-party distribution.
    Pin(PackageName),
    /// A setting, by its key.
    Config(&'static str),
    /// The Python of the image.
    Python,
    /// An image that is stood on.
    Base(Role),
    /// What a local package is built with.
    Backend(TreePath),
}

/// What an image is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Things are installed and built in it.
    Build,
    /// The service runs on it.
    Runtime,
    /// uv is taken from it.
    Installer,
}

impl Piece {
    /// Returns the piece that a file of `owner` is of a service.
    pub(crate) fn file(service: &TreePath, owner: &TreePath, file: &TreePath) -> Self {
        let file = file.clone();
        if owner == service {
            return Self::Source(file);
        }
        Self::Dependency { package: owner.clone(), file }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format => f.write_str("format"),
            Self::Source(file) => write!(f, "source {file}"),
            Self::Dependency { package, file } => write!(f, "dependency {package}: {file}"),
            Self::Crate { package, file } => write!(f, "crate of {package}: {file}"),
            Self::Dockerfile(file) => write!(f, "dockerfile {file}"),
            Self::Edge(package) => write!(f, "edge {package}"),
            Self::Pin(name) => write!(f, "pin {name}"),
            Self::Config(key) => write!(f, "config {key}"),
            Self::Python => f.write_str("python"),
            Self::Base(Role::Build) => f.write_str("base image"),
            Self::Base(Role::Runtime) => f.write_str("runtime image"),
            Self::Base(Role::Installer) => f.write_str("uv image"),
            Self::Backend(package) => write!(f, "backend {package}"),
        }
    }
}
