//! Images of the tree that others are built from.

use std::collections::BTreeMap;

use pymono_names::TreePath;

use super::{
    owner::{names_of_file, normalised},
    wanted::{Behind, Wanted},
};
use crate::{ImageReference, Recipe};

/// The images that the tree's own recipes make, by their names.
#[derive(Debug)]
pub(crate) struct Local<'a> {
    wanted: Vec<Wanted>,
    /// Dockerfiles by what their path says that they build.
    obvious: BTreeMap<String, &'a TreePath>,
}

/// A build of the tree that another one stands on.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    pub(crate) dockerfile: TreePath,
    pub(crate) wanted: Option<Wanted>,
}

impl<'a> Local<'a> {
    pub(crate) fn new(recipes: &'a BTreeMap<TreePath, Recipe>, wanted: Vec<Wanted>) -> Self {
        let dockerfiles = recipes.iter().filter(|(_, it)| matches!(it, Recipe::Dockerfile(_)));
        let named = dockerfiles.flat_map(|(path, _)| {
            names_of_file(path).into_iter().map(move |name| (normalised(&name), path))
        });
        Self { wanted, obvious: named.collect() }
    }

    /// Returns the builds that recipes ask for.
    pub(crate) fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// Returns the build whose image is called `image` in a build.
    pub(crate) fn find(&self, image: &str, by: Option<&Wanted>, own: &TreePath) -> Option<Parent> {
        let behind = by.and_then(|it| it.contexts.get(image));
        let found = match behind {
            Some(Behind::Folder(_)) => return None,
            Some(Behind::Build(name)) => self.wanted.iter().find(|it| it.name == *name),
            Some(Behind::Image(image)) => self.built(image),
            None => self.built(image),
        };
        let found =
            found.map(|it| Parent { dockerfile: it.dockerfile.clone(), wanted: Some(it.clone()) });
        let found = found.or_else(|| {
            self.obvious(image).map(|it| Parent { dockerfile: it.clone(), wanted: None })
        });
        found.filter(|it| {
            it.dockerfile != *own
                || it
                    .wanted
                    .as_ref()
                    .is_some_and(|it| it.target != by.and_then(|by| by.target.clone()))
        })
    }

    /// Returns the build that a recipe gives that name.
    fn built(&self, image: &str) -> Option<&Wanted> {
        let image = ImageReference::parse(image);
        let same = |it: &String| {
            let own = ImageReference::parse(it);
            own.repository == image.repository
                || own.repository.rsplit_once('/').is_some_and(|_| {
                    // The registry is often a variable, or left to the command line.
                    own.last() == image.last() && image.repository.contains("${")
                })
        };
        self.wanted.iter().find(|it| it.images.iter().any(same))
    }

    /// Returns the Dockerfile that obviously makes an image of that name.
    ///
    /// Names that a public registry gives to everybody are none of ours.
    fn obvious(&self, image: &str) -> Option<&'a TreePath> {
        let image = ImageReference::parse(image);
        let last = image.last();
        let telling = ["base", "common", "shared"]
            .iter()
            .any(|it| last.split(['-', '_']).any(|part| part == *it));
        let local = !image.repository.contains('/')
            && matches!(image.tag.as_deref(), None | Some("latest" | "local" | "dev"));
        let compound = last.contains(['-', '_']);
        let found = self.obvious.get(&normalised(last)).copied();
        found.filter(|_| telling || (local && compound))
    }
}
