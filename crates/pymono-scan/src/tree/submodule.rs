//! What a submodule is: a commit of another repository, and what is not committed there.

use pymono_names::TreePath;

use super::{Identity, Source, Tree, hash};
use crate::{ScanError, ask::Programs, git::Git};

impl Tree {
    /// Returns what a submodule of the tree holds, as one name.
    ///
    /// Where nothing is changed in it that is the commit that is checked out. One that is not checked
    /// out is the commit that git has for it, as it is of a revision.
    ///
    /// # Errors
    ///
    /// Git cannot be asked about it, or a changed file in it cannot be read.
    pub(crate) fn submodule(
        &self,
        path: &TreePath,
        programs: &Programs<'_>,
    ) -> Result<String, ScanError> {
        let recorded = self.submodules.get(path).map_or("", |id| &**id);
        let here = self.below(path).next().is_some();
        let Source::Folder(folder) = &*self.source else { return Ok(recorded.to_owned()) };
        if !here {
            return Ok(recorded.to_owned());
        }
        let git = Git::new(&folder.root().join(path.as_str()), programs);
        let commit = git.ask(&["rev-parse", "--verify", "HEAD"])?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let args = ["status", "--porcelain=v1", "-z", "--ignore-submodules=none"];
        if git.ask(&args)?.is_empty() {
            return Ok(commit);
        }
        let files = self.identities(self.below(path))?;
        let changed: String = files
            .iter()
            .map(|(file, Identity { mode, content })| format!("{file}\0{mode:?} {content}\n"))
            .collect();
        Ok(format!("{commit} with {}", hash::blob(changed.as_bytes(), commit.len())))
    }
}
