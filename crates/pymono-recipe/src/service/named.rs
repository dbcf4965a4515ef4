//! Dockerfiles that other recipes name.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

use super::wanted;
use crate::Recipe;

/// Returns the Dockerfiles that other recipes build, whatever they are called.
///
/// Those that [`crate::RecipeKind::of`] does not know are to be read as Dockerfiles too.
pub fn named_dockerfiles(recipes: &BTreeMap<TreePath, Recipe>) -> BTreeSet<TreePath> {
    wanted::wanted(recipes).into_iter().map(|it| it.dockerfile).collect()
}
