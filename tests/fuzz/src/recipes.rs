//! Hand-written recipes: each file of an input by its name, and all of them together as one tree.

use std::collections::BTreeMap;

use pymono_names::TreePath;
use pymono_recipe::{Arguments, Asked, Recipe, RecipeKind, Surroundings, asked, services};

use crate::files::Files;

/// Reads all recipes of an input and asks what they make of the tree; whether they make anything.
pub(crate) fn run(input: &str) -> bool {
    let files = Files::of(input);
    let named = files.names().filter_map(|name| Some((name.parse().ok()?, files.get(name)?)));
    let named: BTreeMap<TreePath, &str> = named.collect();
    let paths: Vec<TreePath> = named.keys().cloned().collect();
    let folder = |path: &TreePath| Some((path.parent()?, "p".to_owned()));
    let is_manifest = |path: &&TreePath| path.file_name() == Some("pyproject.toml");
    let projects = paths.iter().filter(is_manifest).filter_map(folder).collect();
    let recipes: BTreeMap<TreePath, Recipe> =
        named.iter().filter_map(|(path, text)| Some((path.clone(), read(path, text)?))).collect();
    let tree = Surroundings { files: &paths, projects: &projects };
    let found = services(&recipes, &tree);
    assert_eq!(found, services(&recipes, &tree));
    for dockerfile in recipes.keys() {
        let (folder, args) = (&TreePath::root(), &Arguments::new());
        let asking = Asked { folder, dockerfile, target: None, context: None, args };
        drop(asked(&recipes, &tree, asking));
    }
    !found.images.is_empty() || !found.processes.is_empty()
}

fn read(path: &TreePath, text: &str) -> Option<Recipe> {
    let recipe = Recipe::parse(RecipeKind::of(path)?, text, &Arguments::new());
    if let Err(error) = &recipe {
        let lines = text.lines().count();
        assert!((1..=lines + 1).contains(&error.line), "{path}: {error}");
    }
    recipe.ok()
}
