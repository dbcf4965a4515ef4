//! Where an entry of a lock comes from.

use pep508_rs::PackageName;

use crate::{LocalKind, LocalPackage, PinSource};

/// Where a package comes from; part of what tells two entries of one name apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A place outside of the lock's tree, or an archive.
    ThirdParty(PinSource),
    /// A folder with a project in it.
    Local {
        /// The folder's path as the lock has it.
        path: String,
        /// How it is installed.
        kind: LocalKind,
    },
}

impl Source {
    /// Returns a package that comes from here, if it is a local one.
    pub(crate) fn local<'a>(&'a self, name: &'a PackageName) -> Option<LocalPackage<'a>> {
        match self {
            Self::Local { path, kind } => Some(LocalPackage { name, path, kind: *kind }),
            Self::ThirdParty(_) => None,
        }
    }

    /// Returns the folder of a local package.
    pub(crate) fn local_path(&self) -> Option<&str> {
        match self {
            Self::Local { path, .. } => Some(path),
            Self::ThirdParty(_) => None,
        }
    }
}
