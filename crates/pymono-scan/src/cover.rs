//! Which paths hold a project's files and nobody else's.

use std::collections::BTreeSet;

use pymono_names::TreePath;

use crate::tree::Tree;

/// Returns literal paths that together hold the files of `folder` and none in `nested`.
///
/// That is the folder itself where no other project lies below it, and the
/// entries of every folder on the way to such a project otherwise.
pub(crate) fn cover(tree: &Tree, folder: &TreePath, nested: &BTreeSet<TreePath>) -> Vec<TreePath> {
    let nested: Vec<&TreePath> =
        nested.iter().filter(|other| *other != folder && other.is_in(folder)).collect();
    if nested.is_empty() {
        return vec![folder.clone()];
    }
    let mut found = BTreeSet::new();
    for file in tree.below(folder).filter(|file| !nested.iter().any(|other| file.is_in(other))) {
        // The highest entry on the way to the file with no other project below it.
        let mut entry = file.clone();
        while let Some(above) = entry.parent() {
            if above == *folder || nested.iter().any(|other| other.is_in(&above)) {
                break;
            }
            entry = above;
        }
        found.insert(entry);
    }
    found.into_iter().collect()
}
