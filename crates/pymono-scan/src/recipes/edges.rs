//! Local dependencies by recipes: folders that are copied, and images that others are built from.

use std::{collections::BTreeSet, iter};

use pymono_names::TreePath;
use pymono_recipe::{Image, ImageBuild, Named};

use super::Recipes;

impl Recipes<'_> {
    /// Returns the projects that the images of a folder are built from.
    pub(crate) fn edges(&self, folder: &TreePath, images: &[Image]) -> BTreeSet<TreePath> {
        let copied = images.iter().flat_map(|image| image.copies.keys().cloned());
        let mut dockerfiles = BTreeSet::new();
        for image in images {
            below(&image.build, &mut dockerfiles);
        }
        let homes = dockerfiles.into_iter().filter_map(|path| self.home(path));
        let mut edges: BTreeSet<TreePath> = copied.chain(homes).collect();
        // What a project lies in is no part of it that could be apart.
        edges.retain(|other| !folder.is_in(other));
        edges
    }

    /// Returns the project that a path lies in, the nearest.
    fn home(&self, path: &TreePath) -> Option<TreePath> {
        let mut above = iter::successors(Some(path.clone()), TreePath::parent);
        above.find(|folder| self.projects.contains_key(folder))
    }
}

/// Gathers the Dockerfiles of the builds that a build stands on.
fn below<'a>(build: &'a ImageBuild, dockerfiles: &mut BTreeSet<&'a TreePath>) {
    for context in build.contexts.values() {
        if let Named::Build(_, build) = context {
            dockerfiles.insert(&build.dockerfile);
            below(build, dockerfiles);
        }
    }
}
