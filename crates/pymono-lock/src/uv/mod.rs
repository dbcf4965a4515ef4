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

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use pymono_names::Target;

pub use self::target::LockForTarget;
use self::{model::Graph, target::Shared};
use crate::{Closure, ClosureError, LocalPackage, LockError, Selection};

/// A parsed lock.
///
/// Every revision of version 1 is read, by uv's own rule for them: fields that
/// are not known are ignored.
///
/// Closures of one target share what they have in common, whichever thread asks for them.
#[derive(Clone, Debug)]
pub struct Lock {
    graph: Graph,
    /// By target, what its closures share, as soon as one was asked for.
    shared: Arc<Mutex<BTreeMap<Target, Arc<Shared>>>>,
}

impl Lock {
    /// Reads the text of the lock at `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, LockError> {
        Ok(Self { graph: read::read(path, text)?, shared: Arc::default() })
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
        // What is in the map is whole, even if a thread that held it has panicked.
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared =
            shared.entry(target).or_insert_with(|| Shared::new(&self.graph, target).into());
        LockForTarget::new(&self.graph, target, Arc::clone(shared))
    }

    /// Returns all that `selection` needs on `target`.
    pub fn close(&self, selection: &Selection, target: &Target) -> Result<Closure, ClosureError> {
        self.for_target(*target)?.close(selection)
    }
}
