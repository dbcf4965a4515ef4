//! Which services the recipes of a tree build and start.
//!
//! The recipes, the names of the tree's files and its project folders in,
//! images with their project folder and the reason out.

mod asked;
mod below;
mod build;
mod context;
mod image;
mod leaf;
mod locate;
mod named;
mod owner;
mod parent;
mod process;
mod python;
mod serve;
#[cfg(test)]
mod tests;
mod tree;
mod variant;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

use crate::{Command, Recipe};

pub use asked::{Asked, NoStage, asked};
pub use build::{ImageBuild, Named};
pub use named::named_dockerfiles;
pub use tree::Surroundings;

/// What the recipes of a tree say about its services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// The images that run Python, by folder, Dockerfile and target.
    pub images: Vec<Image>,
    /// What is started without a hand-written image, by folder and name.
    pub processes: Vec<Process>,
}

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// It is what runs in the end.
    Production,
    /// It is for the developers' machines.
    Development,
}

/// An image that a hand-written Dockerfile builds of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The folder that it runs: a project's, or where there is no project the one that it is built of.
    pub folder: TreePath,
    /// Its name: what a recipe calls it, or the folder's.
    pub name: String,
    /// Why it is an image of that folder, strongest reason first, each a sentence fragment.
    pub why: Vec<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// The build.
    pub build: ImageBuild,
    /// The image from elsewhere that it runs on.
    pub base: Option<String>,
    /// The version of its Python as far as a recipe says: `3`, `3.12` or `3.12.1`.
    pub python: Option<String>,
    /// Debian packages that are there when it runs, always, in the order in which they are installed.
    pub apt: Vec<String>,
    /// Alpine packages that are there when it runs, always.
    pub apk: Vec<String>,
    /// What it starts; `None` where its base image says it.
    pub command: Option<Command>,
    /// The TCP port that it listens on.
    pub port: Option<u16>,
    /// The HTTP path that tells its health.
    pub health: Option<String>,
    /// The command that tells its health.
    pub healthcheck: Option<Command>,
    /// The user that it runs as.
    pub user: Option<String>,
    /// Its working directory.
    pub workdir: Option<String>,
    /// Its environment, without what its base image sets.
    pub env: BTreeMap<String, String>,
    /// All paths of the tree that its build can read, as far as the Dockerfile names them.
    pub sources: Vec<Source>,
    /// What it copies from a context but is not in the tree: made before the build, or forgotten.
    pub missing: Vec<Missing>,
    /// Other projects' folders that it copies from by name, and the line that does it.
    pub copies: BTreeMap<TreePath, usize>,
    /// The Dockerfiles of the tree whose images it is built from.
    pub parents: BTreeSet<TreePath>,
}

/// A path of the tree that a build can read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The path: a file, or a folder with all that is in it.
    pub path: TreePath,
    /// The Dockerfile that names it.
    pub dockerfile: TreePath,
    /// The line there.
    pub line: usize,
}

/// Something that a build copies and the tree does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The source as written, with variables replaced.
    pub source: String,
    /// The line that copies it.
    pub line: usize,
}

/// Something that is started in a folder without a hand-written image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// The folder.
    pub folder: TreePath,
    /// Its name: `web`, `worker`, or that of the service.
    pub name: String,
    /// What it starts.
    pub command: Command,
    /// Why, a sentence fragment.
    pub why: String,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// The HTTP path that tells its health.
    pub health: Option<String>,
}

/// Returns the services that the recipes build and start.
///
/// `recipes` are those of the tree by path: what [`crate::RecipeKind::of`] knows,
/// and what [`named_dockerfiles`] adds. An answer depends on nothing else, and
/// its order on nothing but paths and names.
pub fn services(recipes: &BTreeMap<TreePath, Recipe>, surroundings: &Surroundings<'_>) -> Services {
    let images = image::images(recipes, surroundings);
    let processes = process::processes(recipes, surroundings);
    Services { images, processes }
}
