//! Files of requirements: which one production installs, and what it leads to.

use std::collections::BTreeMap;

use pymono_lock::Requirements;
use pymono_names::TreePath;

use crate::{
    manifest::{PathNeed, Requirement, Scope},
    tree::Tree,
};

/// Words for what production installs, best first.
const PRODUCTION: [&str; 8] =
    ["prod", "production", "base", "main", "common", "app", "runtime", "deploy"];

/// What a file of requirements says, with those that it includes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    /// The distributions.
    pub(crate) names: Vec<Requirement>,
    /// The folders.
    pub(crate) paths: Vec<PathNeed>,
    /// The texts of all files that were read, by path.
    pub(crate) texts: BTreeMap<TreePath, String>,
}

/// Returns the file in `folder` that production installs; never one for development or tests.
pub(crate) fn of_production(tree: &Tree, folder: &TreePath) -> Option<TreePath> {
    let inner = ["requirements"].into_iter().chain(PRODUCTION);
    let inner = inner.map(|word| format!("requirements/{word}.txt"));
    let beside = PRODUCTION
        .iter()
        .flat_map(|word| [format!("requirements-{word}.txt"), format!("requirements_{word}.txt")]);
    let mut names = ["requirements.txt".to_owned()].into_iter().chain(inner).chain(beside);
    names.find_map(|name| tree.file_in(folder, &name))
}

/// Reads a file of the project in `folder`; what cannot be read, its service's plan will tell.
pub(crate) fn read(tree: &Tree, folder: &TreePath, file: &TreePath) -> Listed {
    let mut listed = Listed::default();
    let read = |path: &str| {
        let path = folder.join(path).ok().filter(|path| tree.has(path))?;
        let text = tree.read(&path).ok()?;
        listed.texts.insert(path, text.clone());
        Some(text)
    };
    let Some(relative) = file.relative_to(folder) else { return listed };
    let Ok(requirements) = Requirements::parse(relative, read) else { return listed };
    let names = requirements.names().map(|(name, extras)| Requirement {
        name: name.clone(),
        extras: extras.iter().cloned().collect(),
    });
    listed.names = names.collect();
    let paths = requirements.local_packages();
    let need = |path: &str| PathNeed { path: path.to_owned(), scope: Scope::Production };
    listed.paths = paths.map(|local| need(local.path)).collect();
    listed
}
