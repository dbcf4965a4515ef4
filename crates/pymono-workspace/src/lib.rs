//! What a scan finds: projects, services and settings, as plain data.
//!
//! This crate is the interface between the one that reads the tree and those
//! that think about it. It has no opinion and decides nothing.

mod contents;
mod crates;
mod handwritten;
mod index;
mod inspection;
mod manager;
mod project;
mod settings;
mod unsent;

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

pub use contents::{ContentId, Contents};
pub use crates::Crates;
pub use handwritten::{DockerfileBuild, Handwritten, MissingSource, NamedContext};
pub use index::{Index, IndexFormat, Secret, SecretPlace, variable_of};
pub use inspection::{Import, Inspection, Modules};
pub use manager::Manager;
pub use project::{BuildKind, BuildSystem, Declared, Further, GitVersion, Kind, Launch, Project};
pub use settings::{Budget, BuildStep, CacheMount, Include, Settings, Test};
pub use unsent::{Unsent, literal_pattern};

/// All Python projects of a tree, and what is true for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// The projects, by the path of their folder.
    pub projects: BTreeMap<TreePath, Project>,
    /// The text of every lock file that a project uses, by the file's path.
    pub locks: BTreeMap<TreePath, String>,
    /// The manifests that each lock was made from, by the lock's path; their texts are in `texts`.
    pub manifests: BTreeMap<TreePath, BTreeSet<TreePath>>,
    /// The indexes that are configured for the projects of each lock, in the order in which they
    /// are looked at, by the lock's path. What a lock takes from elsewhere is not in here.
    pub indexes: BTreeMap<TreePath, Vec<Index>>,
    /// The texts of the files that locks are read with, by path: manifests, and the files that
    /// files of requirements lead to.
    pub texts: BTreeMap<TreePath, String>,
    /// The uv image that installs everything, `None` for pymono's default.
    pub uv_image: Option<String>,
    /// The text of `pymono.lock`, where there is one.
    pub image_lock: Option<String>,
    /// The state of Debian's archive that system packages are taken from: a time such as
    /// `20260131T000000Z`, or `locked` for the one that `pymono.lock` names.
    pub apt_snapshot: Option<String>,
    /// How layers are compressed, such as `zstd` or with a level `zstd:9`; as the builder does by default if `None`.
    pub compression: Option<String>,
    /// The registries in which images that exist are looked for, each with the path before their names;
    /// each image's own where empty.
    pub reuse_from: BTreeSet<String>,
    /// What is below the projects' folders but must not be sent to a build.
    pub unsent: Unsent,
}

impl Workspace {
    /// Returns some folders, and those of all projects that they need, directly or not; the nearest first.
    pub fn reached<'a>(
        &'a self,
        from: impl IntoIterator<Item = &'a TreePath>,
    ) -> Vec<&'a TreePath> {
        let (mut reached, mut seen) = (Vec::new(), BTreeSet::new());
        reached.extend(from.into_iter().filter(|path| seen.insert(*path)));
        let mut at = 0;
        while let Some(path) = reached.get(at) {
            let needs = self.projects.get(*path).into_iter().flat_map(|project| &project.needs);
            reached.extend(needs.filter(|need| seen.insert(*need)));
            at += 1;
        }
        reached
    }
}
