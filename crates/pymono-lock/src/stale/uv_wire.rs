//! `uv.lock` and `pyproject.toml` as far as the one remembers the other.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::VersionSpecifiers;
use pep508_rs::{ExtraName, PackageName};
use serde::{Deserialize, de::IgnoredAny};

use super::declared::Declared;
use crate::{
    GroupName,
    project::{GroupItem, group_members},
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LockWire {
    pub(super) requires_python: Option<VersionSpecifiers>,
    #[serde(default)]
    pub(super) manifest: WholeWire,
    #[serde(default, rename = "package", alias = "distribution")]
    packages: Vec<PackageWire>,
}

/// What the lock remembers of the root.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct WholeWire {
    pub(super) members: Vec<PackageName>,
    pub(super) constraints: Vec<RequirementWire>,
    pub(super) overrides: Vec<RequirementWire>,
    #[serde(alias = "dev-dependencies")]
    pub(super) dependency_groups: BTreeMap<GroupName, Vec<RequirementWire>>,
}

#[derive(Deserialize)]
pub(super) struct PackageWire {
    name: PackageName,
    source: PlaceWire,
    #[serde(default)]
    pub(super) dependencies: Vec<NameWire>,
    /// Absent in a lock without metadata.
    pub(super) metadata: Option<MetadataWire>,
}

#[derive(Deserialize)]
pub(super) struct NameWire {
    pub(super) name: PackageName,
}

/// What the lock remembers of a member.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct MetadataWire {
    #[serde(default)]
    pub(super) requires_dist: Vec<RequirementWire>,
    #[serde(default, alias = "dependency-groups")]
    pub(super) requires_dev: BTreeMap<GroupName, Vec<RequirementWire>>,
}

/// Where something comes from that is no index.
#[derive(Deserialize)]
struct PlaceWire {
    editable: Option<IgnoredAny>,
    directory: Option<IgnoredAny>,
    #[serde(rename = "virtual")]
    virtual_: Option<IgnoredAny>,
    path: Option<IgnoredAny>,
    url: Option<IgnoredAny>,
    git: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct RequirementWire {
    name: PackageName,
    #[serde(default)]
    extras: Vec<ExtraName>,
    specifier: Option<VersionSpecifiers>,
    marker: Option<String>,
    #[serde(flatten)]
    place: PlaceWire,
}

impl LockWire {
    /// Returns the local package of this name.
    pub(super) fn local(&self, name: &PackageName) -> Option<&PackageWire> {
        self.packages.iter().find(|package| package.name == *name && package.source.is_local())
    }
}

impl PlaceWire {
    fn is_local(&self) -> bool {
        self.editable.is_some() || self.directory.is_some() || self.virtual_.is_some()
    }

    fn is_one(&self) -> bool {
        self.is_local() || self.path.is_some() || self.url.is_some() || self.git.is_some()
    }
}

impl RequirementWire {
    /// Returns what was declared; nothing if its marker cannot be read.
    pub(super) fn declared(&self, sourced: &BTreeSet<PackageName>) -> Option<Declared> {
        let none = VersionSpecifiers::empty();
        let versions = Some(self.specifier.as_ref().unwrap_or(&none));
        let versions = versions.filter(|_| !self.place.is_one() && !sourced.contains(&self.name));
        let extras = self.extras.iter().cloned();
        Declared::new(self.name.clone(), extras, versions, self.marker.as_deref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ManifestWire {
    pub(super) project: Option<ProjectWire>,
    #[serde(default)]
    dependency_groups: BTreeMap<GroupName, Vec<GroupItem>>,
    #[serde(default)]
    pub(super) tool: ToolWire,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ProjectWire {
    pub(super) name: PackageName,
    pub(super) requires_python: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    pub(super) optional_dependencies: BTreeMap<ExtraName, Vec<String>>,
    #[serde(default)]
    dynamic: Vec<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct ToolWire {
    #[serde(default)]
    pub(super) uv: UvWire,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct UvWire {
    sources: BTreeMap<PackageName, toml::Value>,
    dev_dependencies: Vec<String>,
    pub(super) override_dependencies: Vec<String>,
    pub(super) constraint_dependencies: Vec<String>,
}

impl ManifestWire {
    /// Returns the project's name.
    pub(super) fn name(&self) -> Option<&PackageName> {
        self.project.as_ref().map(|project| &project.name)
    }

    /// Returns the requirements of production.
    pub(super) fn required(&self) -> impl Iterator<Item = &str> {
        self.project.iter().flat_map(|project| &project.dependencies).map(String::as_str)
    }

    /// Returns true if a build would tell the requirements.
    pub(super) fn is_dynamic(&self) -> bool {
        let asks = |key: &String| key == "dependencies" || key == "optional-dependencies";
        self.project.iter().flat_map(|project| &project.dynamic).any(asks)
    }

    /// Returns the names for which a source decides.
    pub(super) fn sources(&self) -> BTreeSet<PackageName> {
        self.tool.uv.sources.keys().cloned().collect()
    }

    /// Returns the requirements of each group, with those of the groups that it includes.
    pub(super) fn groups(&self) -> BTreeMap<GroupName, Vec<&str>> {
        let groups = &self.dependency_groups;
        let whole = groups
            .keys()
            .map(|group| (group.clone(), group_members(groups, group, &mut BTreeSet::new())));
        let mut all: BTreeMap<_, _> = whole.collect();
        let legacy = self.tool.uv.dev_dependencies.iter().map(String::as_str);
        if let (false, Ok(dev)) = (self.tool.uv.dev_dependencies.is_empty(), "dev".parse()) {
            all.entry(dev).or_default().extend(legacy);
        }
        all
    }
}
