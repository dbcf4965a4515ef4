//! A lock with every edge resolved to the entry that it leads to.

use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName};

use super::conflict::Item;
use crate::{GroupName, file::Files, marker::Condition, source::Source};

/// The index of a package in its lock.
pub(super) type PackageIx = usize;

/// The index of a marker in its lock.
pub(super) type MarkerIx = usize;

/// The content of a lock.
///
/// Invariant: every index in it is in range.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) requires_python: Option<VersionSpecifiers>,
    /// The environments that the lock was made for; all if there are none.
    pub(super) supported: Vec<(String, Condition)>,
    /// Sets of which at most one item can be active.
    pub(super) conflicts: Vec<Vec<Item>>,
    pub(super) packages: Vec<Package>,
    /// Groups of a root without `[project]`.
    pub(super) root_groups: BTreeMap<GroupName, Vec<Edge>>,
    pub(super) markers: Vec<Marker>,
}

/// One entry of a lock.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) name: PackageName,
    pub(super) version: Option<Version>,
    pub(super) source: Source,
    pub(super) dependencies: Vec<Edge>,
    /// By extra, the empty ones included.
    pub(super) extras: BTreeMap<ExtraName, Vec<Edge>>,
    /// By group, the empty ones included.
    pub(super) groups: BTreeMap<GroupName, Vec<Edge>>,
    pub(super) files: Files,
    /// The line of the entry.
    pub(super) line: usize,
}

/// A dependency on one entry.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) to: PackageIx,
    /// The extras that are asked for.
    pub(super) extras: Vec<ExtraName>,
    /// When the dependency holds; always if there is none.
    pub(super) marker: Option<MarkerIx>,
}

/// A marker, once for all edges that have it.
#[derive(Clone, Debug)]
pub(super) struct Marker {
    pub(super) condition: Condition,
    /// False if the target alone decides.
    pub(super) has_extras: bool,
}

impl Graph {
    /// Returns true if some marker depends on more than the target.
    pub(super) fn has_open_markers(&self) -> bool {
        self.markers.iter().any(|marker| marker.has_extras)
    }
}

impl Package {
    /// Returns true for a folder with a project in it.
    pub(super) fn is_local(&self) -> bool {
        self.local_path().is_some()
    }

    /// Returns the folder of a local package.
    pub(super) fn local_path(&self) -> Option<&str> {
        self.source.local_path()
    }
}
