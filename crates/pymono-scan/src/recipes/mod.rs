//! Hand-written recipes: which images and processes they make of the tree's folders.

mod convert;
mod edges;
mod folder;
mod heed;
mod hint;
mod left_out;
mod named;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_recipe::{Image, Process, Purpose, Recipe, Services, Surroundings};

use crate::{
    ScanError, Warning,
    config::{self, Configured},
    infer,
    local::Found,
    tree::Tree,
};

pub(crate) use convert::handwritten;
pub(crate) use heed::Unheeded;
pub(crate) use hint::Hints;

/// The recipes of a tree and what they make of its folders.
#[derive(Debug)]
pub(crate) struct Recipes<'a> {
    tree: &'a Tree,
    read: BTreeMap<TreePath, Recipe>,
    projects: BTreeMap<TreePath, String>,
    images: BTreeMap<TreePath, Vec<Image>>,
    processes: BTreeMap<TreePath, Vec<Process>>,
}

impl<'a> Recipes<'a> {
    /// Reads the recipes outside of the folders that `whole` excludes.
    pub(crate) fn new(
        tree: &'a Tree,
        found: &BTreeMap<TreePath, Found>,
        whole: &Configured,
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let read = read::recipes(tree, |path| whole.excludes(path), warnings);
        let projects: BTreeMap<TreePath, String> =
            found.iter().map(|(path, it)| (path.clone(), it.name.to_string())).collect();
        let mut recipes =
            Self { tree, read, projects, images: BTreeMap::new(), processes: BTreeMap::new() };
        if recipes.read.is_empty() {
            return recipes;
        }
        let Services { images, processes } =
            pymono_recipe::services(&recipes.read, &recipes.surroundings());
        for image in images {
            recipes.images.entry(image.folder.clone()).or_default().push(image);
        }
        for process in processes {
            recipes.processes.entry(process.folder.clone()).or_default().push(process);
        }
        recipes
    }

    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings { files: self.tree.files(), projects: &self.projects }
    }

    /// Returns what recipes make of a folder for production.
    pub(crate) fn images(&self, folder: &TreePath) -> impl Iterator<Item = &Image> {
        self.all(folder).filter(|image| image.purpose == Purpose::Production)
    }

    fn all(&self, folder: &TreePath) -> impl Iterator<Item = &Image> {
        self.images.get(folder).into_iter().flatten()
    }

    /// Returns the projects that are there because of a recipe alone: folders without a manifest.
    pub(crate) fn folders(&self) -> Result<Vec<Found>, ScanError> {
        let new = self.images.keys().filter(|folder| !self.projects.contains_key(*folder));
        let new = new.filter(|folder| !infer::is_aside(folder));
        let found = new.filter_map(|folder| {
            let image = self.images(folder).next()?;
            folder::is_of_its_own(self.tree, folder, &self.projects).then_some(image)
        });
        found.map(|image| folder::found(self.tree, image)).collect()
    }

    /// Returns the images that are built as they are of a folder in production; none where its image is generated.
    ///
    /// Who configures a service without naming a Dockerfile wants it generated.
    pub(crate) fn built(
        &mut self,
        folder: &TreePath,
        configured: &Configured,
        has_own_table: bool,
    ) -> Result<Vec<Image>, ScanError> {
        match &configured.dockerfile {
            Some(config::Recipe::Generated) => Ok(Vec::new()),
            Some(config::Recipe::Named(named)) => {
                let place = configured.dockerfile_by.clone().unwrap_or_default();
                named.iter().map(|it| self.named(folder, it, &place)).collect()
            }
            None if has_own_table || infer::is_aside(folder) => Ok(Vec::new()),
            Some(config::Recipe::Found) | None => {
                Ok(convert::united(self.images(folder).cloned().collect()))
            }
        }
    }

    /// Returns what recipes say about a folder: reasons to run it, and how.
    pub(crate) fn signals(&self, folder: &TreePath) -> Signals {
        let whys = |it: &Image| it.why.clone();
        let development = self.all(folder).filter(|it| it.purpose == Purpose::Development);
        let processes = self.processes.get(folder).map(Vec::as_slice).unwrap_or_default();
        let run = processes.iter().map(|it| it.why.clone());
        Signals {
            production: each_once(self.images(folder).flat_map(whys).chain(run)),
            development: each_once(development.flat_map(whys)),
        }
    }
}

/// Returns texts in their order, without those that were there before.
fn each_once(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    texts.filter(|text| seen.insert(text.clone())).collect()
}

/// Why recipes make a service of a folder, strongest reason first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signals {
    /// What runs it in production.
    pub(crate) production: Vec<String>,
    /// What runs it on the developers' machines.
    pub(crate) development: Vec<String>,
}
