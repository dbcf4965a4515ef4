//! The Rust crates that a Python project is built from.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

/// The Rust crates that the build of a project compiles, beside its own files.
///
/// A build sees these crates and no others, so it cannot see the Cargo
/// workspace as it is: its manifests and its lock are written anew, with what
/// these crates need of them. What is not in here has no influence on a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crates {
    /// The crates outside of the project's own files, by folder, each with literal paths that
    /// together hold exactly its files and no other crate's or project's.
    pub folders: BTreeMap<TreePath, Vec<TreePath>>,
    /// The files that lead Cargo, as a build gets them in place of those of the tree, by path:
    /// manifests of crates and of workspaces, the locks, Cargo's configuration, and the file
    /// that names a toolchain.
    pub texts: BTreeMap<TreePath, String>,
    /// The files that say all of what is to be fetched, by path: as `texts`, but with manifests
    /// that stay as they are when a crate gets another target.
    pub skeleton: BTreeMap<TreePath, String>,
    /// The folders of the workspaces and of the crates that are none's members, from which
    /// Cargo finds what is to be fetched.
    pub roots: BTreeSet<TreePath>,
}
