//! A lock of any format.

use pymono_names::Target;

use crate::{
    Closure, ClosureError, Lock, LockFormat, PdmLock, PipfileLock, PoetryLock, Pylock,
    Requirements, Selection,
};

/// A parsed lock of any format.
///
/// How each format is read differs, since some need the text of more files
/// than one; how they are asked does not.
#[derive(Clone, Debug)]
pub enum AnyLock {
    /// A lock of uv.
    Uv(Lock),
    /// A lock of Poetry.
    Poetry(PoetryLock),
    /// A lock of PDM.
    Pdm(PdmLock),
    /// A lock as the standard defines it.
    Pylock(Pylock),
    /// A lock of pipenv.
    Pipfile(PipfileLock),
    /// A file of requirements for pip.
    Requirements(Requirements),
}

impl AnyLock {
    /// Returns the format.
    pub fn format(&self) -> LockFormat {
        match self {
            Self::Uv(_) => LockFormat::Uv,
            Self::Poetry(_) => LockFormat::Poetry,
            Self::Pdm(_) => LockFormat::Pdm,
            Self::Pylock(_) => LockFormat::Pylock,
            Self::Pipfile(_) => LockFormat::Pipfile,
            Self::Requirements(_) => LockFormat::Requirements,
        }
    }

    /// Returns all that `selection` needs on `target`.
    ///
    /// [`ClosureError::hint_for`] the lock's [`format`](Self::format) tells what to do about an error.
    pub fn close(&self, selection: &Selection, target: &Target) -> Result<Closure, ClosureError> {
        match self {
            Self::Uv(lock) => lock.close(selection, target),
            Self::Poetry(lock) => lock.close(selection, target),
            Self::Pdm(lock) => lock.close(selection, target),
            Self::Pylock(lock) => lock.close(selection, target),
            Self::Pipfile(lock) => lock.close(selection, target),
            Self::Requirements(lock) => lock.close(selection, target),
        }
    }
}
