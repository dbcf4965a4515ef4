//! `uv.lock`.

use pymono_names::Target;

use crate::{Closure, ClosureError, LocalPackage, LockError, Selection};

/// A parsed lock.
#[derive(Clone, Debug)]
pub struct Lock {}

impl Lock {
    /// Reads the text of a lock.
    pub fn parse(_text: &str) -> Result<Self, LockError> {
        Ok(Self {})
    }

    /// Returns the local packages of the lock.
    pub fn local_packages(&self) -> impl Iterator<Item = LocalPackage<'_>> {
        std::iter::empty()
    }

    /// Returns all that `selection` needs on `target`.
    pub fn close(&self, _selection: &Selection, _target: &Target) -> Result<Closure, ClosureError> {
        Ok(Closure::default())
    }
}
