//! `poetry.lock` as it is written, field by field.

use std::collections::BTreeMap;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};
use serde::Deserialize;
use toml::Spanned;

use crate::{GroupName, project::DependencyWire};

#[derive(Deserialize)]
pub(super) struct LockWire {
    #[serde(default)]
    pub(super) package: Vec<Spanned<PackageWire>>,
    #[serde(default)]
    pub(super) extras: BTreeMap<ExtraName, Vec<String>>,
    #[serde(default)]
    pub(super) metadata: MetadataWire,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct MetadataWire {
    pub(super) python_versions: Option<Spanned<String>>,
    /// By name, in locks of version 1.
    #[serde(default)]
    pub(super) files: BTreeMap<PackageName, Vec<FileWire>>,
}

#[derive(Deserialize)]
pub(super) struct PackageWire {
    pub(super) name: PackageName,
    pub(super) version: Version,
    /// Since version 2.1.
    pub(super) groups: Option<Vec<GroupName>>,
    pub(super) markers: Option<MarkersWire>,
    /// In locks of version 1 they are in the lock's metadata.
    #[serde(default)]
    pub(super) files: Vec<FileWire>,
    #[serde(default)]
    pub(super) develop: bool,
    #[serde(default)]
    pub(super) dependencies: BTreeMap<PackageName, DependencyWire>,
    /// By extra, its dependencies as `name (range)`.
    #[serde(default)]
    pub(super) extras: BTreeMap<ExtraName, Vec<String>>,
    pub(super) source: Option<SourceWire>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum MarkersWire {
    Same(String),
    ByGroup(BTreeMap<GroupName, String>),
}

#[derive(Clone, Deserialize)]
pub(super) struct FileWire {
    pub(super) file: String,
    pub(super) hash: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SourceWire {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) url: String,
    pub(super) resolved_reference: Option<String>,
    pub(super) subdirectory: Option<String>,
}
