//! A revision that is known by what it does not share with another tree.
//!
//! Two trees of one repository have most in common. So what both hold alike is neither listed nor read
//! twice: only the paths that differ are taken from git's objects, and all others from the tree that
//! was listed before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use camino::Utf8Path;
use pymono_names::TreePath;

use super::{
    Source, Tree,
    identity::{Identity, Noted},
    listing::Listed,
    revision::Revision,
};
use crate::{
    ScanError,
    ask::Programs,
    git::{Difference, Git},
    litter::is_ours,
};

/// A revision and the tree that it is much like.
#[derive(Debug)]
pub(super) struct Beside {
    /// The tree that has all that does not differ.
    like: Tree,
    /// The revision, of which only the paths that may differ are listed.
    pub(super) revision: Revision,
    /// Those of them that are files of the revision, sorted.
    own: Vec<TreePath>,
    /// All that may differ, whether or not it is a file of the revision.
    differing: BTreeSet<TreePath>,
}

impl Tree {
    /// Returns the tree of `commit`, from which this one differs in so much, and the paths that may differ.
    ///
    /// Nothing where that cannot be told for certain: this tree has submodules, or files that git
    /// converts or was told not to look at.
    pub(crate) fn beside(
        &self,
        commit: &str,
        difference: Difference,
        programs: &Programs<'_>,
    ) -> Result<Option<(Self, BTreeSet<TreePath>)>, ScanError> {
        let untracked = match &*self.source {
            Source::Folder(folder) => folder.aside.as_ref().map(|aside| aside.untracked.clone()),
            Source::Revision(_) if self.has_attributes() => None,
            Source::Revision(_) => Some(Vec::new()),
            Source::Beside(_) => None,
        };
        let all_here = self.submodules.is_empty() && self.sparse.is_empty();
        let Some(untracked) = untracked.filter(|_| all_here) else { return Ok(None) };
        let Difference { changed, modified, config } = difference;
        let mut before: BTreeMap<TreePath, Option<Identity>> =
            untracked.into_iter().map(|path| (path, None)).collect();
        let as_in_index = changed.iter().filter(|(path, _)| !modified.contains_key(*path));
        let as_in_index = as_in_index
            .filter_map(|(path, change)| Some((path.clone(), change.after.clone()?)))
            .collect();
        before.extend(modified);
        before.extend(changed.into_iter().map(|(path, change)| (path, change.before)));
        let differing: BTreeSet<TreePath> = before.keys().cloned().collect();
        self.note(Noted {
            files: differing.clone(),
            unmodified: as_in_index,
            digits: commit.len(),
        });
        let own = before.into_iter().filter(|(path, _)| !is_ours(path.as_str()));
        let (own, blobs): (Vec<TreePath>, Vec<Identity>) =
            own.filter_map(|(path, identity)| Some((path, identity?))).unzip();
        let git = Git::new(self.root(), programs).with("GIT_ATTR_SOURCE", commit);
        let revision = Revision::of(self.root(), commit, git, config, &own, blobs)?;
        let mut listed = Listed { links: revision.links(&own)?, ..Listed::default() };
        let shared = |path: &&TreePath| !differing.contains(*path);
        let links = self.links.iter().filter(|(path, _)| shared(path));
        listed.links.extend(links.map(|(path, target)| (path.clone(), target.clone())));
        listed.files = self.files.iter().filter(shared).chain(&own).cloned().collect();
        listed.files.sort();
        let paths = differing.clone();
        let beside = Beside { like: self.clone(), revision, own, differing };
        let source = Arc::new(Source::Beside(Box::new(beside)));
        Ok(Some((Self::listed(source, listed), paths)))
    }

    /// Notes what is known of the files that differ, so that git need not be asked for all.
    fn note(&self, noted: Noted) {
        if let Source::Folder(folder) = &*self.source
            && let Some(index) = &folder.index
        {
            index.note(noted);
        }
    }

    /// Returns whether some file says what git makes of others.
    fn has_attributes(&self) -> bool {
        self.files.iter().any(|file| file.file_name() == Some(".gitattributes"))
    }
}

impl Beside {
    pub(super) fn root(&self) -> &Utf8Path {
        self.revision.root()
    }

    /// Returns the content of a file, which is no link.
    pub(super) fn read(&self, file: &TreePath) -> Result<Vec<u8>, ScanError> {
        match self.own.binary_search(file) {
            Ok(at) => self.revision.read(file, at),
            Err(_) => self.like.bytes(file),
        }
    }

    /// Returns what each of some files is.
    pub(super) fn identities(&self, files: &[&TreePath]) -> Result<Vec<Identity>, ScanError> {
        let shared = files.iter().filter(|file| !self.differing.contains(**file));
        let mut known = self.like.identities(shared.copied())?;
        let own: Vec<(&TreePath, usize)> = files
            .iter()
            .filter_map(|file| Some((*file, self.own.binary_search(file).ok()?)))
            .collect();
        let identities = self.revision.identities(&own)?;
        known.extend(own.into_iter().map(|(file, _)| file.clone()).zip(identities));
        Ok(files.iter().filter_map(|file| known.remove(*file)).collect())
    }
}
