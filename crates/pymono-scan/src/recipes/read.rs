//! Finds and reads the recipes of a tree.

use std::collections::BTreeMap;

use pymono_names::TreePath;
use pymono_recipe::{Arguments, Recipe, RecipeKind, named_dockerfiles, parse_env_file};
use rayon::prelude::*;

use crate::{Warning, discover, infer, tree::Tree};

/// Returns the recipes of a tree by path; one that cannot be read is told and left out.
pub(super) fn recipes(
    tree: &Tree,
    excluded: impl Fn(&TreePath) -> bool,
    warnings: &mut Vec<Warning>,
) -> BTreeMap<TreePath, Recipe> {
    let kind = |path: &TreePath| Some((path.clone(), RecipeKind::of(path)?));
    let mut known: Vec<_> = tree.files().par_iter().filter_map(kind).collect();
    known.retain(|(path, _)| !excluded(path));
    let mut recipes = read(tree, &known, warnings);
    let named = named_dockerfiles(&recipes).into_iter();
    let named: Vec<_> = named
        .filter(|path| RecipeKind::of(path) != Some(RecipeKind::Dockerfile) && tree.has(path))
        .map(|path| (path, RecipeKind::Dockerfile))
        .collect();
    recipes.extend(read(tree, &named, warnings));
    recipes
}

/// Reads a Dockerfile, whatever it is called.
pub(super) fn dockerfile(tree: &Tree, path: &TreePath) -> Result<Recipe, String> {
    one(tree, path, RecipeKind::Dockerfile)
}

fn read(
    tree: &Tree,
    files: &[(TreePath, RecipeKind)],
    warnings: &mut Vec<Warning>,
) -> BTreeMap<TreePath, Recipe> {
    let read: Vec<_> = files.par_iter().map(|(path, kind)| one(tree, path, *kind)).collect();
    let mut recipes = BTreeMap::new();
    for ((path, kind), recipe) in files.iter().zip(read) {
        match recipe {
            Ok(recipe) => drop(recipes.insert(path.clone(), recipe)),
            Err(_) if is_of_no_service(tree, path, *kind) => {}
            Err(error) => {
                warnings.push(Warning::new(format!("`{path}` is not understood: {error}")));
            }
        }
    }
    recipes
}

fn one(tree: &Tree, path: &TreePath, kind: RecipeKind) -> Result<Recipe, String> {
    let text = tree.read(path).map_err(|error| error.to_string())?;
    let beside = || tree.file_in(&path.parent()?, ".env").and_then(|file| tree.read(&file).ok());
    let variables = match kind {
        RecipeKind::Compose => beside().map(|text| parse_env_file(&text)).unwrap_or_default(),
        _ => Arguments::new(),
    };
    Recipe::parse(kind, &text, &variables).map_err(|error| error.to_string())
}

/// Returns whether nobody wants to hear that a file is no recipe: it is others' work, not for
/// production, or a text that a program fills in first.
fn is_of_no_service(tree: &Tree, path: &TreePath, kind: RecipeKind) -> bool {
    let filled_in = || tree.read(path).is_ok_and(|text| text.contains("{{") || text.contains("{%"));
    discover::is_foreign(path)
        || infer::is_aside(path)
        || kind == RecipeKind::Kubernetes && filled_in()
}
