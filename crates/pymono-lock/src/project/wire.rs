//! `pyproject.toml` as it is written, as far as a lock needs it.

use std::collections::BTreeMap;

use pep508_rs::{ExtraName, PackageName};
use serde::Deserialize;

use super::DependencyWire;
use crate::GroupName;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) project: ProjectWire,
    #[serde(default)]
    pub(super) dependency_groups: BTreeMap<GroupName, Vec<GroupItem>>,
    #[serde(default)]
    pub(super) tool: ToolWire,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ProjectWire {
    pub(super) name: Option<PackageName>,
    pub(super) dependencies: Option<Vec<String>>,
    #[serde(default)]
    pub(super) optional_dependencies: BTreeMap<ExtraName, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum GroupItem {
    Requirement(String),
    #[serde(rename_all = "kebab-case")]
    Include {
        include_group: GroupName,
    },
}

#[derive(Default, Deserialize)]
pub(super) struct ToolWire {
    #[serde(default)]
    pub(super) poetry: PoetryWire,
    #[serde(default)]
    pub(super) pdm: PdmWire,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PoetryWire {
    pub(super) name: Option<PackageName>,
    pub(super) package_mode: Option<bool>,
    #[serde(default)]
    pub(super) dependencies: BTreeMap<String, DependencyWire>,
    #[serde(default)]
    pub(super) dev_dependencies: BTreeMap<String, DependencyWire>,
    #[serde(default)]
    pub(super) group: BTreeMap<GroupName, PoetryGroupWire>,
    #[serde(default)]
    pub(super) extras: BTreeMap<ExtraName, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PoetryGroupWire {
    #[serde(default)]
    pub(super) dependencies: BTreeMap<String, DependencyWire>,
    #[serde(default)]
    pub(super) include_groups: Vec<GroupName>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PdmWire {
    pub(super) distribution: Option<bool>,
    pub(super) package_type: Option<String>,
    #[serde(default)]
    pub(super) dev_dependencies: BTreeMap<GroupName, Vec<String>>,
    #[serde(default)]
    pub(super) resolution: ResolutionWire,
    #[serde(default)]
    pub(super) source: Vec<IndexWire>,
}

#[derive(Deserialize)]
pub(super) struct IndexWire {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct ResolutionWire {
    /// Names that are never installed, whoever needs them.
    #[serde(default)]
    pub(super) excludes: Vec<PackageName>,
}
