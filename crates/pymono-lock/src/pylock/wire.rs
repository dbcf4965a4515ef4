//! `pylock.toml` as it is written, field by field.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName};
use serde::Deserialize;
use toml::Spanned;

use crate::GroupName;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LockWire {
    pub(super) requires_python: Option<VersionSpecifiers>,
    #[serde(default)]
    pub(super) environments: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) extras: BTreeSet<ExtraName>,
    #[serde(default)]
    pub(super) dependency_groups: BTreeSet<GroupName>,
    #[serde(default)]
    pub(super) default_groups: BTreeSet<GroupName>,
    #[serde(default)]
    pub(super) packages: Vec<Spanned<PackageWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PackageWire {
    pub(super) name: PackageName,
    pub(super) version: Option<Version>,
    pub(super) marker: Option<Spanned<String>>,
    pub(super) requires_python: Option<VersionSpecifiers>,
    pub(super) index: Option<String>,
    pub(super) vcs: Option<VcsWire>,
    pub(super) directory: Option<DirectoryWire>,
    pub(super) archive: Option<FileWire>,
    pub(super) sdist: Option<FileWire>,
    #[serde(default)]
    pub(super) wheels: Vec<FileWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct VcsWire {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) url: Option<String>,
    pub(super) path: Option<String>,
    pub(super) commit_id: String,
    pub(super) subdirectory: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct DirectoryWire {
    pub(super) path: String,
    #[serde(default)]
    pub(super) editable: bool,
    pub(super) subdirectory: Option<String>,
}

#[derive(Clone, Deserialize)]
pub(super) struct FileWire {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) path: Option<String>,
    pub(super) size: Option<u64>,
    #[serde(default)]
    pub(super) hashes: BTreeMap<String, String>,
    pub(super) subdirectory: Option<String>,
}
