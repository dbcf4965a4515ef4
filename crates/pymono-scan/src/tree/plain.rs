//! What is on disk where there is no git: all but what tools leave there.

use std::io;

use camino::Utf8Path;
use pymono_exec::Interrupt;
use walkdir::{DirEntry, WalkDir};

use super::{
    entries::Entries,
    listing::not_utf8,
    walk::{Found, Kind, Listing, Ruled, kind, unreadable},
};
use crate::litter::{is_litter_name, is_our_folder};

/// Returns all files as entries of one folder, each with its path from the root for a name.
pub(super) fn walk(root: &Utf8Path, interrupt: &Interrupt) -> Found {
    let wanted = |entry: &DirEntry| {
        let name = entry.file_name().to_str();
        entry.depth() == 0 || name.is_none_or(|name| !is_litter_name(name) && !is_our_folder(name))
    };
    let mut found = Found::default();
    let mut entries = Entries::default();
    // Symbolic links are files here, as they are for git, so there are no loops.
    let walk = WalkDir::new(root).min_depth(1).follow_links(false);
    let mut walk = walk.into_iter().filter_entry(wanted);
    while let Some(entry) = walk.next().filter(|_| !interrupt.requested()) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().and_then(|path| path.strip_prefix(root).ok());
                let path = path.map_or_else(String::new, |path| path.display().to_string());
                let error = io::Error::from(error);
                // Somebody else works in the tree, too.
                if error.kind() != io::ErrorKind::NotFound {
                    found.warnings.push(unreadable(&path, &error));
                }
                continue;
            }
        };
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        match (path.to_str(), kind(entry.file_type())) {
            (None, _) => {
                found.warnings.push(not_utf8(path.as_os_str().as_encoded_bytes()));
                if entry.file_type().is_dir() {
                    walk.skip_current_dir();
                }
            }
            (Some(path), Some(kind @ (Kind::File | Kind::Link))) => {
                // Windows' separator; elsewhere a backslash is a character like others.
                let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
                entries.push(&path, kind);
            }
            _ => {}
        }
    }
    found.folders.push(Listing { path: String::new(), entries, rules: Ruled::By(None) });
    found
}
