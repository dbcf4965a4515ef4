//! What lies in the submodules of a revision, which are repositories of their own.

use camino::Utf8Path;
use pymono_names::TreePath;

use super::{identity::Identity, listing::Listed, revision::Revision};
use crate::{ScanError, Warning, ask::Programs, git::Git};

/// A submodule that is checked out, at the commit that a revision has for it.
#[derive(Debug)]
pub(super) struct Inner {
    path: TreePath,
    /// Its files, sorted, as it sees them.
    files: Vec<TreePath>,
    revision: Revision,
}

impl Inner {
    /// Lists the submodule at `path` below `root`; nothing where no repository is there or it lacks the commit.
    pub(super) fn list(
        root: &Utf8Path,
        path: &TreePath,
        commit: &str,
        programs: &Programs<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<(Self, Listed)>, ScanError> {
        let folder = root.join(path.as_str());
        // Without one, git would look at the repository around it.
        if !folder.join(".git").exists() {
            return Ok(None);
        }
        let there = format!("{commit}^{{commit}}");
        if Git::new(&folder, programs).ask(&["cat-file", "-e", &there]).is_err() {
            programs.go_on()?;
            return Ok(None);
        }
        let mut odd = Vec::new();
        let (revision, listed) = Revision::list(&folder, commit, programs, &mut odd)?;
        warnings.extend(odd.into_iter().map(|it| Warning::new(format!("in `{path}`: {it}"))));
        let Listed { files, links, submodules, .. } = listed;
        let inner = Self { path: path.clone(), files, revision };
        let outside = |path: &TreePath| inner.seen_from_outside(path);
        let listed = Listed {
            files: inner.files.iter().map(outside).collect(),
            links: links.into_iter().map(|(link, target)| (outside(&link), target)).collect(),
            submodules: submodules.into_iter().map(|(it, commit)| (outside(&it), commit)).collect(),
            ..Listed::default()
        };
        Ok(Some((inner, listed)))
    }

    /// Returns what git has for each of its files, in their order.
    pub(super) fn blobs(&self) -> &[Identity] {
        self.revision.blobs()
    }

    /// Returns the content of a file; nothing for one that lies elsewhere.
    pub(super) fn read(&self, file: &TreePath) -> Option<Result<Vec<u8>, ScanError>> {
        let (file, at) = self.place(file)?;
        Some(self.revision.read(&file, at))
    }

    /// Returns what a file is; nothing for one that lies elsewhere.
    pub(super) fn identity(&self, file: &TreePath) -> Option<Result<Identity, ScanError>> {
        let (file, at) = self.place(file)?;
        Some(self.revision.identities(&[(&file, at)]).map(|mut found| found.remove(0)))
    }

    /// Returns whether a file lies in it.
    pub(super) fn has(&self, file: &TreePath) -> bool {
        file.is_in(&self.path)
    }

    fn place(&self, file: &TreePath) -> Option<(TreePath, usize)> {
        let file: TreePath = file.relative_to(&self.path)?.parse().ok()?;
        let at = self.files.binary_search(&file).ok()?;
        Some((file, at))
    }

    fn seen_from_outside(&self, path: &TreePath) -> TreePath {
        self.path.join(path.as_str()).expect("what lies in a folder leads nowhere else")
    }
}
