//! What lies in a folder.

use std::{collections::BTreeMap, fs};

use camino::{Utf8Path, Utf8PathBuf};

/// The content of every file below a folder, by its path in there.
pub type Tree = BTreeMap<Utf8PathBuf, Vec<u8>>;

/// Reads every file below `root`, but for what lies in folders named in `without`.
pub fn tree(root: &Utf8Path, without: &[&str]) -> Tree {
    let mut files = Tree::new();
    collect(root, root, without, &mut files);
    files
}

fn collect(root: &Utf8Path, folder: &Utf8Path, without: &[&str], files: &mut Tree) {
    for entry in folder.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            if !without.contains(&entry.file_name()) {
                collect(root, entry.path(), without, files);
            }
        } else {
            let path = entry.path().strip_prefix(root).unwrap();
            files.insert(path.to_owned(), fs::read(entry.path()).unwrap());
        }
    }
}
