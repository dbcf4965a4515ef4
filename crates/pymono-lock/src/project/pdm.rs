//! A project of PDM.

use std::collections::BTreeSet;

use pep508_rs::PackageName;

use super::{
    Known, Project, edge, standard,
    wire::{Manifest, PdmWire},
};
use crate::{
    LocalKind, LockError, PinSource, Problem,
    need::{Need, Wanted},
    page::Page,
    web::{Edge, Only},
};

/// A project that PDM manages.
pub(crate) struct PdmProject {
    pub(crate) project: Project,
    /// Names that are never installed, whoever needs them.
    pub(crate) excludes: BTreeSet<PackageName>,
    /// The index that the project puts in the place of the default one.
    pub(crate) index: String,
}

/// Reads the manifest of a project that PDM manages.
pub(crate) fn pdm(page: &Page<'_>) -> Result<PdmProject, LockError> {
    let manifest: Manifest = page.toml()?;
    let mut edges = standard(page, &manifest)?;
    let PdmWire { distribution, package_type, dev_dependencies, resolution, source } =
        &manifest.tool.pdm;
    for (group, texts) in dev_dependencies {
        for text in texts {
            let only = Only::Group(group.clone());
            edges.push(match text.trim().strip_prefix("-e") {
                Some(editable) => Edge { need: named_by_egg(page, editable)?, only },
                None => edge(page, text, only)?,
            });
        }
    }
    let is_package = match package_type {
        Some(package_type) => package_type == "library",
        None => distribution.unwrap_or(true),
    };
    let name = manifest.project.name.clone();
    let project = Project {
        kind: if is_package && name.is_some() { LocalKind::Editable } else { LocalKind::Virtual },
        edges,
        known: Known {
            name: name.clone(),
            extras: manifest.project.optional_dependencies.keys().cloned().collect(),
            groups: dev_dependencies
                .keys()
                .chain(manifest.dependency_groups.keys())
                .cloned()
                .collect(),
        },
        name,
    };
    // A source that is called so takes the place of the default index.
    let index = source.iter().find(|source| source.name.as_deref() == Some("pypi"));
    let index = index.and_then(|source| source.url.clone());
    Ok(PdmProject {
        project,
        excludes: resolution.excludes.iter().cloned().collect(),
        index: index.unwrap_or_else(|| PinSource::DEFAULT_INDEX.to_owned()),
    })
}

/// Reads `file:///${PROJECT_ROOT}/core#egg=core[fast]`, as PDM writes what is editable.
fn named_by_egg(page: &Page<'_>, text: &str) -> Result<Need, LockError> {
    let text = text.trim();
    let (url, fragment) = text.split_once('#').unwrap_or((text, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    let line = page.find(text);
    let egg = egg.ok_or_else(|| page.error(line, Problem::Unnamed { requirement: text.into() }))?;
    let need = Need::parse(egg)
        .map_err(|reason| page.invalid(line, "a dependency of the project", text, reason))?;
    Ok(Need { wanted: Wanted::At(url.to_owned()), ..need })
}
