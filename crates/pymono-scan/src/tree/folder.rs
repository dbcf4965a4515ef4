//! A working tree, with all that is not committed.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pymono_exec::both;
use pymono_names::TreePath;

use super::{
    identity::Index,
    listing::{Aside, Listed},
    merge::{self, Merge},
    plain,
    rules::Rules,
    tracked::Tracked,
    walk::{Found, Ruled, Walk},
};
use crate::{ScanError, Warning, ask::Programs, git::Git};

/// A working tree.
#[derive(Debug)]
pub(super) struct Folder {
    root: Utf8PathBuf,
    /// What git knows of it; nothing where there is no git or it knows nothing.
    pub(super) index: Option<Index>,
    /// What is there beside its index.
    pub(super) aside: Option<Aside>,
}

impl Folder {
    /// Lists a working tree; what is odd about it is added to `warnings`.
    pub(super) fn list(
        root: &Utf8Path,
        programs: &Programs<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Self, Listed), ScanError> {
        let in_repository = root.ancestors().any(|folder| folder.join(".git").exists());
        if in_repository {
            let git = Git::new(root, programs);
            let (tracked, found) = look(root, &git, programs)?;
            let tree = if let Some(tracked) = tracked {
                Self::tracked(root, git, programs, &tracked, found, warnings)?
            } else {
                let message = "there is a git repository but no `git`: ignored files are taken for files of the tree";
                warnings.push(Warning::new(message));
                None
            };
            if let Some(tree) = tree {
                return Ok(tree);
            }
        }
        let found = plain::walk(root, programs.interrupt);
        programs.go_on()?;
        let listed = merge::untracked(root, found, warnings);
        Ok((Self { root: root.to_owned(), index: None, aside: None }, listed))
    }

    /// Returns what git tracks and what else is there; nothing for a folder that the repository
    /// around it ignores, which is a tree of its own.
    pub(super) fn tracked(
        root: &Utf8Path,
        git: Git,
        programs: &Programs<'_>,
        tracked: &Tracked,
        found: Found,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<(Self, Listed)>, ScanError> {
        let mut odd = Vec::new();
        let mut listed = Merge::new(root, &git, programs, found).list(tracked, &mut odd)?;
        if listed.files.is_empty() && listed.sparse.is_empty() {
            return Ok(None);
        }
        warnings.append(&mut odd);
        let aside = listed.aside.take();
        let folder =
            Self { root: root.to_owned(), index: Some(Index::new(git, aside.is_some())), aside };
        Ok(Some((folder, listed)))
    }

    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Returns the content of a file.
    pub(super) fn read(&self, file: &TreePath) -> Result<Vec<u8>, ScanError> {
        fs::read(self.root.join(file.as_str()))
            .map_err(|source| ScanError::Read { path: file.to_string(), source })
    }

    /// Returns the `.gitignore` files of the folders above the root.
    pub(super) fn ignore_files_above(&self) -> Vec<(String, Vec<String>)> {
        above(&self.root)
    }
}

/// Returns what git tracks, nothing if there is no git, and what is on disk.
pub(super) fn look(
    root: &Utf8Path,
    git: &Git,
    programs: &Programs<'_>,
) -> Result<(Option<Tracked>, Found), ScanError> {
    // Git reads its index while we read the disk.
    let (tracked, found) = both(
        || Tracked::ask(git),
        || Walk::new(root, programs.interrupt).run(vec![(String::new(), rules_above(root))]),
    );
    programs.go_on()?;
    Ok((tracked?, found))
}

/// Returns the `.gitignore` files of the folders between the repository's and `root`, the highest
/// first, each with the parts of the path from its folder to `root`.
fn above(root: &Utf8Path) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    if root.join(".git").exists() || !root.ancestors().any(|folder| folder.join(".git").exists()) {
        return found;
    }
    for folder in root.ancestors().skip(1) {
        let below = root.strip_prefix(folder).unwrap_or(root);
        let text = fs::read(folder.join(".gitignore")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        found.push((text, below.components().map(|part| part.to_string()).collect()));
        if folder.join(".git").exists() {
            break;
        }
    }
    found.reverse();
    found
}

/// Returns the rules that hold at the root by the `.gitignore` files above it.
fn rules_above(root: &Utf8Path) -> Ruled {
    let mut rules = None;
    let files = above(root);
    for (text, below) in &files {
        rules = Some(Rules::above_root(rules, below, text.as_bytes()));
        // The next folder on the way down may be ignored, with all in it.
        if rules.as_ref().is_some_and(|rules| rules.ignore_above(below.len() - 1)) {
            return Ruled::All;
        }
    }
    Ruled::By(rules)
}
