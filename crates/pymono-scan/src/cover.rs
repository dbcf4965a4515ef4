//! Which paths hold a project's files and nobody else's.

use std::collections::BTreeSet;

use pymono_names::TreePath;

use crate::tree::Tree;

/// Returns literal paths that together hold the files of `folder` and none in `nested`.
///
/// That is the folder itself where no other project lies below it, and the
/// entries of every folder on the way to such a project otherwise. None of the
/// `locks` is an entry; one in a folder is what the ignore file leaves behind.
pub(crate) fn cover(
    tree: &Tree,
    folder: &TreePath,
    nested: &BTreeSet<TreePath>,
    locks: &BTreeSet<TreePath>,
) -> Vec<TreePath> {
    let inner: BTreeSet<&TreePath> = folder.first_below().map_or_else(
        || nested.iter().filter(|other| !other.is_root()).collect(),
        |first| nested.range(first..).take_while(|other| other.is_in(folder)).collect(),
    );
    if inner.is_empty() {
        return vec![folder.clone()];
    }
    // The folders that cannot be taken whole: those on the way to another project.
    let split: BTreeSet<TreePath> = inner.iter().flat_map(|other| above(other)).collect();
    let mut found = BTreeSet::new();
    let foreign = |file: &TreePath| above(file).any(|path| inner.contains(&path));
    for file in tree.below(folder).filter(|file| !foreign(file) && !locks.contains(file)) {
        let whole = above(file).take_while(|path| path != folder && !split.contains(path));
        found.insert(whole.last().unwrap_or_else(|| file.clone()));
    }
    found.into_iter().collect()
}

/// Returns the folders that a path lies in, the nearest first.
fn above(path: &TreePath) -> impl Iterator<Item = TreePath> {
    std::iter::successors(path.parent(), TreePath::parent)
}
