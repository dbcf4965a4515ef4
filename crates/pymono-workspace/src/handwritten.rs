//! Images that hand-written Dockerfiles build.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

/// An image of a project that a hand-written Dockerfile builds, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handwritten {
    /// What it is called: by a recipe, by its target, or by its folder.
    pub name: String,
    /// The build.
    pub build: DockerfileBuild,
    /// The image from elsewhere that it runs on, as far as the Dockerfile says.
    pub base: Option<String>,
    /// Debian packages that are there when it runs.
    pub apt: BTreeSet<String>,
    /// Alpine packages that are there when it runs.
    pub apk: BTreeSet<String>,
    /// What it starts, in exec form; `None` where its base image says it.
    pub command: Option<Vec<String>>,
    /// Whether its base image is known to start an application by itself.
    pub serves: bool,
    /// The TCP port that it listens on.
    pub port: Option<u16>,
    /// The HTTP path that tells its health.
    pub health: Option<String>,
    /// The user that it runs as.
    pub user: Option<String>,
    /// Its environment, without what its base image sets.
    pub env: BTreeMap<String, String>,
    /// What it copies from a context but is not in the tree: made before the build, or forgotten.
    pub missing: BTreeSet<MissingSource>,
    /// The other projects of which it takes more than manifests, by name.
    pub copies: BTreeSet<TreePath>,
    /// All paths of the tree that decide what it is: what its build and those that it stands on
    /// can read, their Dockerfiles and their ignore files. A folder stands for all that is in it.
    pub sources: BTreeSet<TreePath>,
    /// Those of these paths and of the files in them that no build is sent, because ignore files name them.
    pub left_out: BTreeSet<TreePath>,
}

/// A build of a hand-written Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DockerfileBuild {
    /// The Dockerfile.
    pub dockerfile: TreePath,
    /// The file that says what of the context is not sent, where there is one.
    pub ignore: Option<TreePath>,
    /// The stage that is built; `None` for the last one.
    pub target: Option<String>,
    /// The folder that is the context.
    pub context: TreePath,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// What stands behind names that the Dockerfile takes from elsewhere, by the name as it has it.
    pub contexts: BTreeMap<String, NamedContext>,
    /// Whether a step asks for an SSH agent.
    pub ssh: bool,
}

/// What stands behind a name in a Dockerfile that is no stage of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamedContext {
    /// A folder of the tree.
    Folder(TreePath),
    /// An image from elsewhere.
    Image(String),
    /// The image of another Dockerfile of the tree, and what that is called.
    Build(String, Box<DockerfileBuild>),
}

/// Something that a build copies and the tree does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingSource {
    /// The source as written, with variables replaced.
    pub source: String,
    /// The line of the Dockerfile that copies it.
    pub line: usize,
}
