//! Two states of one tree, read at once.

use std::collections::BTreeSet;

use pymono_exec::both;
use pymono_names::TreePath;

use crate::{
    Head, Scan, ScanError, ScanOptions, Warning,
    ask::Programs,
    git::{Difference, Git, commit},
    of_tree, scan,
    tree::Tree,
};

/// Two states of one tree.
#[derive(Debug)]
pub struct Pair {
    /// The state of before, a commit.
    pub base: Result<Scan, ScanError>,
    /// The state that is compared with it.
    pub head: Result<Scan, ScanError>,
    /// The files that may differ, where git tells for certain that all others do not.
    pub differing: Option<BTreeSet<TreePath>>,
}

/// Scans a commit and another state of the same tree.
///
/// Each answer is that of [`scan`]. What both states have in common is listed and read once, as far as
/// git can tell from its ids what that is.
pub fn pair(commit: &str, head: &ScanOptions) -> Pair {
    let base = ScanOptions { head: Head::Revision(commit.to_owned()), ..head.clone() };
    let programs = Programs { env: &head.env, interrupt: &head.interrupt };
    let mut warnings = Vec::new();
    // Git compares while the tree is listed.
    let (difference, tree) = both(
        || difference(&base, commit, head),
        || Tree::of(&head.root, &head.head, &programs, &mut warnings),
    );
    let tree = match tree {
        Ok(tree) => tree,
        Err(error) => return Pair { base: scan(&base), head: Err(error), differing: None },
    };
    // Whatever keeps git from comparing is said when the commit is read by itself.
    let difference = difference.ok().flatten();
    let beside = difference.and_then(|it| tree.beside(commit, it, &programs).ok().flatten());
    let (before, mut differing) = beside.unzip();
    let (base, head) = both(
        || match before {
            Some(tree) => of_tree(&base, tree, Vec::<Warning>::new()),
            None => scan(&base),
        },
        || of_tree(head, tree, warnings),
    );
    if let (Some(differing), Ok(head)) = (&mut differing, &head) {
        // No commit has what git ignores.
        let projects = head.workspace.projects.values();
        differing.extend(projects.flat_map(|it| it.further.ignored.iter().cloned()));
    }
    Pair { base, head, differing }
}

/// Asks git in what the commit differs from the head.
fn difference(
    base: &ScanOptions,
    id: &str,
    head: &ScanOptions,
) -> Result<Option<Difference>, ScanError> {
    let programs = Programs { env: &base.env, interrupt: &base.interrupt };
    let git = Git::new(&base.root, &programs);
    match &head.head {
        Head::WorkingTree => Difference::ask(&git, id, None),
        Head::Revision(name) => Difference::ask(&git, id, Some(&commit(&git, name)?)),
    }
}
