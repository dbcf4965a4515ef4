//! The files of a tree: the only view that the rest of a scan has of the disk and of git's objects.

mod beside;
mod entries;
mod folder;
mod hash;
mod identity;
mod inner;
mod lfs;
mod link;
mod listing;
mod merge;
mod plain;
mod revision;
mod rules;
mod submodule;
mod tracked;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_names::TreePath;
use rayon::prelude::*;

use crate::{Head, ScanError, Warning, ask::Programs};
use beside::Beside;
use folder::Folder;
use listing::Listed;
use revision::Revision;

pub use identity::{Identity, Mode};
pub(crate) use lfs::LfsFile;

/// The files of a tree: a working tree with all that is not committed, or a revision that git has.
///
/// A working tree's are what git tracks and what is there but neither ignored
/// by the repository's own `.gitignore` files nor obviously made by a tool on
/// this machine. Without git, all but the latter. It is what every machine sees
/// that has the same files, so all that is read goes through here.
///
/// Symbolic links are files that say where they lead. What lies below a linked
/// folder is there once, by its real path. Submodules are folders of a working
/// tree like others, and commits of a revision, whose files are not there.
#[derive(Clone, Debug)]
pub struct Tree {
    source: Arc<Source>,
    files: Vec<TreePath>,
    folders: BTreeSet<TreePath>,
    links: BTreeMap<TreePath, Utf8PathBuf>,
    submodules: BTreeMap<TreePath, Box<str>>,
    sparse: Vec<TreePath>,
}

/// Where a tree's files are.
#[derive(Debug)]
enum Source {
    Folder(Box<Folder>),
    Revision(Box<Revision>),
    Beside(Box<Beside>),
}

impl Tree {
    /// Lists the tree at `root`; what is odd about it is added to `warnings`.
    pub(crate) fn of(
        root: &Utf8Path,
        head: &Head,
        programs: &Programs<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, ScanError> {
        if !root.is_dir() {
            return Err(ScanError::Root(root.to_owned()));
        }
        let (source, listed) = match head {
            Head::WorkingTree => {
                let (folder, listed) = Folder::list(root, programs, warnings)?;
                (Source::Folder(Box::new(folder)), listed)
            }
            Head::Revision(name) => {
                let (revision, listed) = Revision::list(root, name, programs, warnings)?;
                (Source::Revision(Box::new(revision)), listed)
            }
        };
        Ok(Self::listed(Arc::new(source), listed))
    }

    fn listed(source: Arc<Source>, listed: Listed) -> Self {
        let Listed { files, links, submodules, sparse, .. } = listed;
        let folders = folders(&files);
        Self { source, files, folders, links, submodules, sparse }
    }

    /// Returns the tree with further files, each with what it says that it leads to if it is a link.
    pub(crate) fn with(self, more: BTreeMap<TreePath, Option<Utf8PathBuf>>) -> Self {
        let Self { source, mut files, mut links, submodules, sparse, folders: _ } = self;
        files.extend(more.keys().cloned());
        files.sort();
        files.dedup();
        let more = more.into_iter().filter_map(|(file, target)| Some((file, target?)));
        links.extend(more);
        Self::listed(source, Listed { files, links, submodules, sparse, ..Listed::default() })
    }

    /// Returns where a path is on disk; nothing for a revision's, and for one with a link on its way.
    pub(crate) fn on_disk(&self, path: &TreePath) -> Option<Utf8PathBuf> {
        let Source::Folder(folder) = &*self.source else { return None };
        let root = folder.root().canonicalize_utf8().ok()?;
        let place = root.join(path.as_str());
        let above = if path.is_root() { root } else { place.parent()?.to_owned() };
        (above.canonicalize_utf8().ok()? == above).then_some(place)
    }

    /// Returns all files, sorted.
    pub fn files(&self) -> &[TreePath] {
        &self.files
    }

    /// Returns all folders that hold a file at some depth, sorted; the root always.
    pub fn folders(&self) -> &BTreeSet<TreePath> {
        &self.folders
    }

    /// Returns the files in `folder` at any depth, sorted.
    pub fn below<'a>(&'a self, folder: &'a TreePath) -> impl Iterator<Item = &'a TreePath> {
        let start = folder
            .first_below()
            .map_or(0, |first| self.files.partition_point(|file| *file < first));
        self.files[start..].iter().take_while(|path| path.is_in(folder))
    }

    /// Returns what a path means: itself if it is a file, or the files in it at any depth, sorted.
    pub fn within<'a>(&'a self, path: &'a TreePath) -> impl Iterator<Item = &'a TreePath> {
        self.has(path).then_some(path).into_iter().chain(self.below(path))
    }

    /// Returns the bytes of a file, or of all files in a folder; what cannot be read counts nothing.
    pub fn size(&self, path: &TreePath) -> u64 {
        let sizes = self.within(path).map(|file| match &*self.source {
            Source::Folder(folder) => {
                let path = folder.root().join(file.as_str());
                path.symlink_metadata().map_or(0, |metadata| metadata.len())
            }
            _ => self.bytes(file).map_or(0, |bytes| bytes.len() as u64),
        });
        sizes.fold(0, u64::saturating_add)
    }

    /// Returns whether `file` is a file of the tree.
    pub fn has(&self, file: &TreePath) -> bool {
        self.files.binary_search(file).is_ok()
    }

    /// Returns the file `name` in `folder`, if it is there.
    pub fn file_in(&self, folder: &TreePath, name: &str) -> Option<TreePath> {
        folder.join(name).ok().filter(|path| self.has(path))
    }

    /// Returns the submodules, each with the id of the commit that git has for it: what it says lies there
    /// is not in this repository.
    pub fn submodules(&self) -> &BTreeMap<TreePath, Box<str>> {
        &self.submodules
    }

    /// Returns the files that git tracks but a sparse checkout keeps off the disk, sorted. They are no
    /// files of the tree.
    pub fn left_out(&self) -> &[TreePath] {
        &self.sparse
    }

    /// Returns the id of the commit that this is the tree of; nothing for a working tree.
    pub fn commit(&self) -> Option<&str> {
        match &*self.source {
            Source::Folder(_) => None,
            Source::Revision(revision) => Some(revision.commit()),
            Source::Beside(beside) => Some(beside.revision.commit()),
        }
    }

    /// Returns the symbolic links among the files, each with what it says that it leads to.
    pub(crate) fn links(&self) -> impl Iterator<Item = (&TreePath, &Utf8Path)> {
        self.links.iter().map(|(link, target)| (link, target.as_path()))
    }

    /// Returns the path in the tree that a link's target means; nothing where it leads out of the tree.
    pub(crate) fn resolve(&self, link: &TreePath, target: &Utf8Path) -> Option<TreePath> {
        link::resolve(self.root(), link, target)
    }

    /// Returns the links to folders of the tree, each with the folder's real path.
    pub(crate) fn linked_folders(&self) -> impl Iterator<Item = (&TreePath, TreePath)> {
        let folder = |link| self.real(link).filter(|real| self.folders.contains(real));
        self.links.keys().filter_map(move |link| Some((link, folder(link)?)))
    }

    /// Returns a path without links on its way; nothing for one that leads out of the tree, or nowhere
    /// because it leads back to itself.
    pub(crate) fn real(&self, path: &TreePath) -> Option<TreePath> {
        if self.links.is_empty() {
            return Some(path.clone());
        }
        link::real(self.root(), path, |link| self.links.get(link).map(Utf8PathBuf::as_path))
    }

    /// Returns the content of a file, or of the one that it is a link to; what is no UTF-8 is replaced.
    pub(crate) fn read(&self, file: &TreePath) -> Result<String, ScanError> {
        let lost = || ScanError::Read {
            path: file.to_string(),
            source: io::Error::new(io::ErrorKind::NotFound, "it leads to no file of the tree"),
        };
        let real = self.real(file).ok_or_else(lost)?;
        if !self.has(&real) {
            return Err(lost());
        }
        let bytes = self.bytes(&real)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Returns the content of a file of the tree that is no link.
    fn bytes(&self, file: &TreePath) -> Result<Vec<u8>, ScanError> {
        match &*self.source {
            Source::Folder(folder) => folder.read(file),
            Source::Revision(revision) => {
                revision.read(file, self.files.binary_search(file).unwrap_or_default())
            }
            Source::Beside(beside) => beside.read(file),
        }
    }

    /// Returns the `.gitignore` files of the folders between the repository's and the tree's root, the
    /// highest first, each with the names of the folders from its own down to the root.
    pub(crate) fn ignore_files_above(&self) -> Result<Vec<(String, Vec<String>)>, ScanError> {
        match &*self.source {
            Source::Folder(folder) => Ok(folder.ignore_files_above()),
            Source::Revision(revision) => revision.ignore_files_above(),
            // Such a tree begins where the repository does.
            Source::Beside(_) => Ok(Vec::new()),
        }
    }

    fn root(&self) -> &Utf8Path {
        match &*self.source {
            Source::Folder(folder) => folder.root(),
            Source::Revision(revision) => revision.root(),
            Source::Beside(beside) => beside.root(),
        }
    }
}

/// How many files one thread looks at at a time.
const CHUNK: usize = 8192;

/// Returns the folders on the way to sorted files, and the root.
fn folders(files: &[TreePath]) -> BTreeSet<TreePath> {
    let root = TreePath::root();
    let on_way = files.par_chunks(CHUNK).map(|files| {
        let (mut found, mut last, mut last_above) = (Vec::new(), &root, "");
        for file in files {
            let above = file.as_str().rsplit_once('/').map_or("", |(above, _)| above);
            if above != last_above {
                // All that lies in a folder stands together, so what the last file is in is known.
                let on_way = std::iter::successors(file.parent(), TreePath::parent);
                found.extend(on_way.take_while(|folder| !last.is_in(folder)));
            }
            (last, last_above) = (file, above);
        }
        found
    });
    let mut found: Vec<Vec<TreePath>> = on_way.collect();
    found.push(vec![root.clone()]);
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod laws;
