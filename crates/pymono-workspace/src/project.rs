//! One Python project: a folder with a manifest.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;
use pymono_names::{PythonVersion, TreePath};

use crate::{Crates, Handwritten, Manager, Settings};

/// A Python project. Its identity is its path; names may collide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The folder of its manifest.
    pub path: TreePath,
    /// The name in its manifest, normalised.
    pub name: PackageName,
    /// Whether it is a service that gets an image or a library.
    pub kind: Kind,
    /// Why it is what it is, strongest reason first, each a sentence fragment for people.
    pub why: Vec<String>,
    /// The file that declares it, such as its `pyproject.toml`; a Dockerfile where it has no manifest.
    pub manifest: TreePath,
    /// The tool that manages its dependencies; none for a folder without a manifest, which is a
    /// project because a recipe runs Python in it.
    pub manager: Option<Manager>,
    /// The lock that pins its dependencies, or the file of requirements that production installs.
    pub lock: Option<TreePath>,
    /// `requires-python` as written.
    pub requires_python: Option<String>,
    /// What its manifest requires for production from elsewhere than the repository, whatever
    /// the markers: a lock that is up to date knows each of them.
    pub requirements: BTreeSet<Declared>,
    /// The Python that its image gets.
    pub python: PythonVersion,
    /// How it is built, `None` for a project that is not installed (uv: "virtual").
    pub build: Option<BuildSystem>,
    /// Local projects that its manifest names for production, whatever their markers.
    pub needs: BTreeSet<TreePath>,
    /// The Rust crates that its build compiles, where Cargo takes part in it.
    pub crates: Option<Crates>,
    /// Folders without a manifest that its build takes in, such as the bricks of Polylith.
    pub bricks: BTreeSet<TreePath>,
    /// How it is started, as far as that could be inferred or is configured.
    pub launch: Launch,
    /// The images that hand-written Dockerfiles build of it, as they are; where there are none, a
    /// service's image is generated.
    pub images: Vec<Handwritten>,
    /// Its settings: the repository's, overridden by its own.
    pub settings: Settings,
    /// Literal paths that together hold exactly its files and no other project's:
    /// its folder, or where other projects lie below it, that folder's entries, and its bricks. Locks
    /// ([`crate::Workspace::locks`]) are no files of it, even in such a folder: they are never sent.
    pub sources: Vec<TreePath>,
    /// Files that its configuration names beside these.
    pub further: Further,
}

/// Files that the configuration of a project names, beside those that it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Further {
    /// The files that its image gets, each with its place: relative to the working directory, or
    /// absolute. A library's are sent to its build and are in no image on their own.
    pub included: BTreeMap<TreePath, String>,
    /// The same as files and whole folders, as few as possible, with their places.
    pub copies: BTreeMap<TreePath, String>,
    /// Those of the files that git ignores: no revision has them.
    pub ignored: BTreeSet<TreePath>,
    /// What is configured to be included but was not there, as written, in a working tree.
    pub missing: Vec<String>,
    /// Files that reach no image, but make it another one when they change.
    pub inputs: BTreeSet<TreePath>,
}

/// A requirement in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Declared {
    /// The name of what is required.
    pub name: PackageName,
    /// All of it, as [PEP 508](https://peps.python.org/pep-0508/) defines it.
    pub text: String,
    /// The line of the manifest that it stands in, from 1; 0 where that is not known.
    pub line: usize,
}

/// Whether a project gets an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It gets an image.
    Service,
    /// It does not; services may depend on it.
    Library,
}

/// The `[build-system]` table of a project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildSystem {
    /// The requirements of the build, sorted, as written.
    pub requires: Vec<String>,
    /// The build backend's object path.
    pub backend: String,
    /// What a build of it needs.
    pub kind: BuildKind,
    /// The tool by which the build asks git for the version, `None` where it has no need to.
    pub version_from_git: Option<GitVersion>,
}

/// A tool that a build asks for the version, which it takes from git.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitVersion {
    /// The tool's name, as it is required.
    pub tool: String,
    /// Whether it is configured to have another version where there is no git.
    pub has_fallback: bool,
}

/// What a build needs beside its backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuildKind {
    /// Nothing: the backend is known to compile nothing and to need no network.
    Pure,
    /// Perhaps a compiler: the backend can run code of the project's own.
    Native,
    /// Cargo, with crates that are fetched before.
    Rust,
}

/// How a service is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// The command, in exec form.
    pub command: Option<Vec<String>>,
    /// The TCP port that it listens on.
    pub port: Option<u16>,
    /// The HTTP path that answers when it is healthy.
    pub health: Option<String>,
}
