//! A lock as it is written, field by field.
//!
//! Fields that no closure depends on are left out: uv's readers ignore unknown
//! fields too, which is what makes its revisions compatible with each other.

use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName};
use serde::{Deserialize, de::IgnoredAny};
use toml::Spanned;

use crate::GroupName;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LockWire {
    pub(super) requires_python: Option<VersionSpecifiers>,
    #[serde(default)]
    pub(super) supported_markers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) conflicts: Vec<Vec<ConflictWire>>,
    #[serde(default)]
    pub(super) manifest: ManifestWire,
    #[serde(default, rename = "package", alias = "distribution")]
    pub(super) packages: Vec<Spanned<PackageWire>>,
}

#[derive(Deserialize)]
pub(super) struct ConflictWire {
    pub(super) package: PackageName,
    pub(super) extra: Option<ExtraName>,
    pub(super) group: Option<GroupName>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ManifestWire {
    #[serde(default, alias = "dev-dependencies")]
    pub(super) dependency_groups: BTreeMap<GroupName, Vec<Spanned<RequirementWire>>>,
}

/// A dependency of a root without `[project]`: declared, not resolved to one entry.
#[derive(Deserialize)]
pub(super) struct RequirementWire {
    pub(super) name: PackageName,
    #[serde(default)]
    pub(super) extras: Vec<ExtraName>,
    pub(super) marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PackageWire {
    pub(super) name: PackageName,
    pub(super) version: Option<Version>,
    pub(super) source: SourceWire,
    #[serde(default)]
    pub(super) resolution_markers: Vec<String>,
    #[serde(default)]
    pub(super) dependencies: Vec<Spanned<EdgeWire>>,
    #[serde(default)]
    pub(super) optional_dependencies: BTreeMap<ExtraName, Vec<Spanned<EdgeWire>>>,
    #[serde(default, alias = "dependency-groups")]
    pub(super) dev_dependencies: BTreeMap<GroupName, Vec<Spanned<EdgeWire>>>,
    pub(super) sdist: Option<FileWire>,
    #[serde(default)]
    pub(super) wheels: Vec<FileWire>,
    #[serde(default)]
    pub(super) metadata: MetadataWire,
}

/// Exactly one of the kinds is given, [`subdirectory`](Self::subdirectory) only along with a URL.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SourceWire {
    pub(super) registry: Option<String>,
    pub(super) git: Option<String>,
    pub(super) url: Option<String>,
    pub(super) path: Option<String>,
    pub(super) directory: Option<String>,
    pub(super) editable: Option<String>,
    #[serde(rename = "virtual")]
    pub(super) virtual_: Option<String>,
    pub(super) subdirectory: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct EdgeWire {
    pub(super) name: PackageName,
    pub(super) version: Option<Version>,
    pub(super) source: Option<SourceWire>,
    #[serde(default)]
    pub(super) extra: Vec<ExtraName>,
    pub(super) marker: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct FileWire {
    pub(super) url: Option<String>,
    pub(super) path: Option<String>,
    pub(super) filename: Option<String>,
    pub(super) hash: Option<String>,
    pub(super) size: Option<u64>,
}

/// Declarations, of which only the names of empty extras and groups matter.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct MetadataWire {
    #[serde(default)]
    pub(super) provides_extras: Vec<ExtraName>,
    #[serde(default, alias = "dependency-groups")]
    pub(super) requires_dev: BTreeMap<GroupName, Vec<IgnoredAny>>,
}
