//! Local dependencies by recipes: folders that are copied, and images that others are built from.

use std::{collections::BTreeSet, iter};

use pymono_names::TreePath;
use pymono_recipe::{Image, ImageBuild, Named};

use super::{Recipes, convert::unsent};
use crate::infer;

impl Recipes<'_> {
    /// Returns the projects that the images of a folder are built from; `needs` is what its manifest says.
    pub(crate) fn edges(
        &self,
        folder: &TreePath,
        needs: &BTreeSet<TreePath>,
        images: &[Image],
    ) -> BTreeSet<TreePath> {
        let copied = images.iter().flat_map(|image| image.copies.keys().cloned());
        let mut dockerfiles = BTreeSet::new();
        for image in images {
            below(&image.build, &mut dockerfiles);
        }
        let homes = dockerfiles.into_iter().filter_map(|path| self.home(path));
        let mut edges: BTreeSet<TreePath> = copied.chain(homes).collect();
        // What a project lies in is no part of it that could be apart.
        edges.retain(|other| !folder.is_in(other));
        let known: BTreeSet<TreePath> = edges.union(needs).cloned().collect();
        edges.extend(self.gathered(folder, &known, images));
        edges
    }

    /// Returns the projects in folders that are copied as a whole.
    ///
    /// Where something says which projects in such a folder are needed, the others are only there. One that
    /// an ignore file keeps from the builds is none.
    fn gathered(
        &self,
        folder: &TreePath,
        known: &BTreeSet<TreePath>,
        images: &[Image],
    ) -> BTreeSet<TreePath> {
        let sources: BTreeSet<&TreePath> =
            images.iter().flat_map(|image| &image.sources).map(|source| &source.path).collect();
        let whole = sources.into_iter().filter(|source| {
            !folder.is_in(source) && !known.iter().any(|project| project.is_in(source))
        });
        let inside = |source: &'_ TreePath| {
            let projects = self.projects.keys().filter(|project| !infer::is_aside(project));
            projects.filter(|project| project.is_in(source)).cloned().collect::<Vec<_>>()
        };
        let mut gathered: BTreeSet<TreePath> = whole.flat_map(inside).collect();
        if !gathered.is_empty() {
            let unsent: Vec<_> = images.iter().map(|image| unsent(self.tree, image)).collect();
            let is_sent = |file: &TreePath| unsent.iter().any(|unsent| !unsent.contains(file));
            gathered.retain(|project| self.tree.below(project).any(is_sent));
        }
        gathered
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
