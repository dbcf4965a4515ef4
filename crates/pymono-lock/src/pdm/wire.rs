//! `pdm.lock` as it is written, field by field.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName};
use serde::Deserialize;
use toml::Spanned;

use crate::GroupName;

#[derive(Deserialize)]
pub(super) struct LockWire {
    #[serde(default)]
    pub(super) metadata: MetadataWire,
    #[serde(default)]
    pub(super) package: Vec<Spanned<PackageWire>>,
}

#[derive(Default, Deserialize)]
pub(super) struct MetadataWire {
    #[serde(default)]
    pub(super) groups: Vec<GroupName>,
    #[serde(default)]
    pub(super) strategy: BTreeSet<String>,
    #[serde(default)]
    pub(super) targets: Vec<TargetWire>,
    /// By name and version with a space between, in locks before version 4.2.
    #[serde(default)]
    pub(super) files: BTreeMap<String, Vec<FileWire>>,
}

#[derive(Clone, Deserialize)]
pub(super) struct TargetWire {
    pub(super) requires_python: Option<VersionSpecifiers>,
    pub(super) platform: Option<String>,
    pub(super) implementation: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PackageWire {
    pub(super) name: PackageName,
    pub(super) version: Option<Version>,
    /// The extras that this entry is for; the package without them has an entry of its own.
    #[serde(default)]
    pub(super) extras: BTreeSet<ExtraName>,
    #[serde(default)]
    pub(super) groups: BTreeSet<GroupName>,
    pub(super) marker: Option<String>,
    #[serde(default)]
    pub(super) dependencies: Vec<String>,
    #[serde(default)]
    pub(super) files: Vec<FileWire>,
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) editable: bool,
    pub(super) url: Option<String>,
    pub(super) git: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) subdirectory: Option<String>,
    pub(super) hg: Option<String>,
    pub(super) svn: Option<String>,
    pub(super) bzr: Option<String>,
}

/// A file by its name, or by its URL with the strategy `static_urls`.
#[derive(Clone, Deserialize)]
pub(super) struct FileWire {
    pub(super) file: Option<String>,
    pub(super) url: Option<String>,
    pub(super) hash: Option<String>,
}
