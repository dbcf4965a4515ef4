//! What a listing of a tree's files has.

use std::{collections::BTreeMap, str};

use camino::Utf8PathBuf;
use pymono_names::TreePath;

use crate::Warning;

/// The files of a tree and what is special about some of them.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The files, sorted, links among them.
    pub(super) files: Vec<TreePath>,
    /// Those that are symbolic links, and what they lead to.
    pub(super) links: BTreeMap<TreePath, Utf8PathBuf>,
    /// Folders for which git has a commit of another repository, and that commit's id.
    pub(super) submodules: BTreeMap<TreePath, Box<str>>,
    /// What git tracks but keeps off the disk, sorted.
    pub(super) sparse: Vec<TreePath>,
    /// What stands beside git's index; nothing where that does not tell what the other files are.
    pub(super) aside: Option<Aside>,
}

/// What is in a working tree beside what git tracks, where git's index tells what all else is.
#[derive(Debug)]
pub(super) struct Aside {
    /// The files that git does not track.
    pub(super) untracked: Vec<TreePath>,
}

/// Returns the path that git or the file system names; one that is no UTF-8 is none.
pub(super) fn path_of(name: &[u8], warnings: &mut Vec<Warning>) -> Option<TreePath> {
    let Ok(text) = str::from_utf8(name) else {
        warnings.push(not_utf8(name));
        return None;
    };
    text.parse().ok()
}

/// Returns a warning about the first part of a path that is no UTF-8.
pub(super) fn not_utf8(name: &[u8]) -> Warning {
    let mut parts = name.split_inclusive(|byte| *byte == b'/');
    let mut shown = String::new();
    let odd = parts.find(|part| {
        shown.push_str(&String::from_utf8_lossy(part));
        str::from_utf8(part).is_err()
    });
    let shown = shown.trim_end_matches('/');
    let what = if odd.is_some_and(|part| part.ends_with(b"/")) { "with all in it" } else { "" };
    let left_out = format!("`{shown}` is left out {what}").trim_end().to_owned();
    Warning::new(format!("{left_out}: its name is not UTF-8"))
}
