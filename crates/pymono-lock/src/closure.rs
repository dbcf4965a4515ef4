//! What is asked of a lock, and what it answers.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::{ExtraName, PackageName};

use crate::Pin;

/// The normalized name of a dependency group.
///
/// [PEP 735](https://peps.python.org/pep-0735/) normalizes it as extras are.
pub type GroupName = ExtraName;

/// What of a lock is wanted: one local package, with some of its extras and groups.
///
/// Default groups are never meant: what a production image needs is the
/// package itself and what is named here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selection {
    /// The local package.
    pub package: PackageName,
    /// Extras of that package.
    pub extras: BTreeSet<ExtraName>,
    /// Groups of that package, or of a workspace root without `[project]`.
    pub groups: BTreeSet<GroupName>,
}

impl Selection {
    /// Returns what production needs of `package`: no extras and no groups.
    pub fn production(package: PackageName) -> Self {
        Self { package, extras: BTreeSet::new(), groups: BTreeSet::new() }
    }
}

/// All that a selection needs on one target, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// Third-party distributions, in canonical order.
    pub pins: BTreeSet<Pin>,
    /// Local packages by their path, the selected one included.
    ///
    /// A path is as the lock has it: `/` separated and relative to the lock's
    /// folder, `.` for that folder itself; it may start with `..`.
    pub locals: BTreeMap<String, Local>,
}

/// A local package as one closure has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its name.
    pub name: PackageName,
    /// How it is installed.
    pub kind: LocalKind,
    /// The local packages that it depends on directly: keys of [`Closure::locals`].
    pub needs: BTreeSet<String>,
    /// The extras of it that are part of the closure.
    pub extras: BTreeSet<ExtraName>,
}

/// How a local package is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocalKind {
    /// Installed, by the lock's wish such that edits show at once; a member by default.
    Editable,
    /// Installed as a copy.
    Directory,
    /// Not installed: only its dependencies are.
    Virtual,
}

/// A local package of a lock, whoever needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalPackage<'a> {
    /// Its name.
    pub name: &'a PackageName,
    /// Its path as the lock has it, see [`Closure::locals`].
    pub path: &'a str,
    /// How it is installed.
    pub kind: LocalKind,
}
