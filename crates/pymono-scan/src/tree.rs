//! The files of the tree: the only view that the rest of a scan has of the disk.

use std::{collections::BTreeSet, fs, fs::FileType, ops::Bound, str};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_names::TreePath;
use walkdir::{DirEntry, WalkDir};

use crate::{
    ScanError, Warning,
    ask::Programs,
    git,
    litter::{is_litter, is_ours},
};

/// The files of a tree.
///
/// They are what git tracks and what is there but neither ignored by the
/// repository's own `.gitignore` files nor obviously made by a tool on this
/// machine. Without git, all but the latter. It is what every machine sees that
/// has the same files, so all that is read goes through here.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    root: Utf8PathBuf,
    files: BTreeSet<TreePath>,
    folders: BTreeSet<TreePath>,
    links: BTreeSet<TreePath>,
}

/// What a listing found.
#[derive(Default)]
struct Listed {
    files: BTreeSet<TreePath>,
    /// Those of the files that are symbolic links.
    links: BTreeSet<TreePath>,
}

impl Listed {
    fn add(&mut self, path: TreePath, kind: FileType) {
        if kind.is_symlink() {
            self.links.insert(path.clone());
        }
        self.files.insert(path);
    }
}

impl Tree {
    /// Lists the working tree at `root`; what is odd about it is added to `warnings`.
    pub(crate) fn of_folder(
        root: &Utf8Path,
        programs: &Programs<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, ScanError> {
        if !root.is_dir() {
            return Err(ScanError::Root(root.to_owned()));
        }
        let in_repository = root.ancestors().any(|folder| folder.join(".git").exists());
        let listing = if in_repository { git::list(root, programs)? } else { None };
        if in_repository && listing.is_none() {
            let message = "there is a git repository but no `git`: ignored files are taken for files of the tree";
            warnings.push(Warning::new(message));
        }
        // A folder that the repository around it ignores is a tree of its own.
        let listing =
            listing.filter(|listing| !listing.tracked.is_empty() || !listing.untracked.is_empty());
        let listed = match listing {
            Some(listing) => listed(root, &listing, warnings),
            None => walked(root, programs, warnings)?,
        };
        Ok(Self::new(root.to_owned(), listed))
    }

    fn new(root: Utf8PathBuf, Listed { files, links }: Listed) -> Self {
        let mut folders = BTreeSet::from([TreePath::root()]);
        for file in &files {
            let mut folder = file.parent();
            while let Some(path) = folder {
                folder = path.parent();
                if !folders.insert(path) {
                    break;
                }
            }
        }
        Self { root, files, folders, links }
    }

    /// Returns all files, sorted.
    pub(crate) fn files(&self) -> &BTreeSet<TreePath> {
        &self.files
    }

    /// Returns all folders that hold a file at some depth, sorted; the root always.
    pub(crate) fn folders(&self) -> &BTreeSet<TreePath> {
        &self.folders
    }

    /// Returns the files in `folder` at any depth, sorted.
    pub(crate) fn below<'a>(&'a self, folder: &'a TreePath) -> impl Iterator<Item = &'a TreePath> {
        // No name holds a NUL, so this sorts right before all that begin with `folder/`.
        let start = folder.join("\0").unwrap_or_else(|_| folder.clone());
        let start = if folder.is_root() { Bound::Unbounded } else { Bound::Included(start) };
        self.files.range((start, Bound::Unbounded)).take_while(|path| path.is_in(folder))
    }

    /// Returns whether `file` is a file of the tree.
    pub(crate) fn has(&self, file: &TreePath) -> bool {
        self.files.contains(file)
    }

    /// Returns the file `name` in `folder`, if it is there.
    pub(crate) fn file_in(&self, folder: &TreePath, name: &str) -> Option<TreePath> {
        folder.join(name).ok().filter(|path| self.has(path))
    }

    /// Returns the symbolic links among the files, each with what it says that it leads to.
    pub(crate) fn links(&self) -> impl Iterator<Item = (&TreePath, Utf8PathBuf)> {
        let target = |link: &TreePath| self.root.join(link.as_str()).read_link_utf8().ok();
        self.links.iter().filter_map(move |link| Some((link, target(link)?)))
    }

    /// Returns the path in the tree that a link's target means; nothing where it leads out of the tree.
    pub(crate) fn resolve(&self, link: &TreePath, target: &Utf8Path) -> Option<TreePath> {
        if target.is_absolute() {
            return target.strip_prefix(&self.root).ok()?.as_str().parse().ok();
        }
        link.parent().unwrap_or_else(TreePath::root).join(target.as_str()).ok()
    }

    /// Returns the content of a file; what is no UTF-8 is replaced.
    pub(crate) fn read(&self, file: &TreePath) -> Result<String, ScanError> {
        let bytes = fs::read(self.root.join(file.as_str()))
            .map_err(|source| ScanError::Read { path: file.to_string(), source })?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }
}

/// Returns what of git's listing is a file on disk.
fn listed(root: &Utf8Path, listing: &git::Listing, warnings: &mut Vec<Warning>) -> Listed {
    let mut found = Listed::default();
    let tracked = listing.tracked.iter().map(|name| (name, true));
    for (name, tracked) in tracked.chain(listing.untracked.iter().map(|name| (name, false))) {
        let Some(path) = path_of(name, warnings) else { continue };
        if is_ours(&path) || (!tracked && is_litter(&path)) {
            continue;
        }
        // Git lists deleted files, submodules that are not checked out, and
        // repositories inside of this one, as a folder.
        let on_disk = root.join(path.as_str());
        let kind = on_disk.symlink_metadata().map(|metadata| metadata.file_type());
        if let Some(kind) = kind.ok().filter(|kind| !kind.is_dir()) {
            found.add(path, kind);
        }
    }
    found
}

/// Returns the files on disk without what tools leave there.
fn walked(
    root: &Utf8Path,
    programs: &Programs<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Listed, ScanError> {
    let relative = |entry: &DirEntry| {
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        path.as_os_str().as_encoded_bytes().to_vec()
    };
    let wanted = |entry: &DirEntry| {
        let path = str::from_utf8(&relative(entry)).ok().and_then(|path| path.parse().ok());
        path.is_none_or(|path| !is_litter(&path) && !is_ours(&path))
    };
    let mut found = Listed::default();
    // Symbolic links are files here, as they are for git, so there are no loops.
    for entry in WalkDir::new(root).follow_links(false).into_iter().filter_entry(wanted) {
        programs.go_on()?;
        let entry = entry.map_err(|error| ScanError::Read {
            path: error.path().map_or_else(|| root.to_string(), |path| path.display().to_string()),
            source: error.into(),
        })?;
        let kind = entry.file_type();
        if !kind.is_dir()
            && let Some(path) = path_of(&relative(&entry), warnings)
        {
            found.add(path, kind);
        }
    }
    Ok(found)
}

fn path_of(name: &[u8], warnings: &mut Vec<Warning>) -> Option<TreePath> {
    let Ok(text) = str::from_utf8(name) else {
        let shown = String::from_utf8_lossy(name);
        warnings.push(Warning::new(format!("`{shown}` is left out: its name is not UTF-8")));
        return None;
    };
    // Windows' separator; elsewhere a backslash is a character like others.
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() };
    text.parse().ok()
}
