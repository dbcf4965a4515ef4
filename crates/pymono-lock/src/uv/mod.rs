//! `uv.lock`.

mod conflict;
mod file;
mod model;
mod read;
mod source;
mod target;
#[cfg(test)]
mod tests;
mod walk;
mod wire;

use pymono_names::Target;

use self::model::Graph;
pub use self::target::LockForTarget;
use crate::{Closure, ClosureError, LocalPackage, LockError, Selection};

/// A parsed lock.
///
/// Every revision of version 1 is read, by uv's own rule for them: fields that
/// are not known are ignored.
#[derive(Clone, Debug)]
pub struct Lock {
    graph: Graph,
}

impl Lock {
    /// Reads the text of the lock at `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, LockError> {
        Ok(Self { graph: read::read(path, text)? })
    }

    /// Returns the local packages of the lock, by name.
    ///
    /// These are the members of the workspace and the folders that path
    /// dependencies lead to, whether inside or outside of it.
    pub fn local_packages(&self) -> impl Iterator<Item = LocalPackage<'_>> {
        self.graph.packages.iter().filter_map(|package| package.source.local(&package.name))
    }

    /// Returns the lock as `target` sees it, from which many selections can be closed quickly.
    pub fn for_target(&self, target: Target) -> Result<LockForTarget<'_>, ClosureError> {
        LockForTarget::new(&self.graph, target)
    }

    /// Returns all that `selection` needs on `target`.
    pub fn close(&self, selection: &Selection, target: &Target) -> Result<Closure, ClosureError> {
        self.for_target(*target)?.close(selection)
    }
}
