//! A project of Poetry.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::{ExtraName, PackageName};

use super::{
    DependencyWire, Known, Project, standard,
    wire::{Manifest, PoetryWire},
};
use crate::{
    GroupName, LocalKind, LockError,
    page::Page,
    web::{Edge, Only},
};

/// Reads the manifest of a project that Poetry manages.
///
/// Where the standard `[project]` declares dependencies, Poetry's own table
/// only says where they come from, which its lock tells too.
pub(crate) fn poetry(page: &Page<'_>) -> Result<Project, LockError> {
    let manifest: Manifest = page.toml()?;
    let mut edges = standard(page, &manifest)?;
    let PoetryWire { dependencies, extras, .. } = &manifest.tool.poetry;
    if manifest.project.dependencies.is_none() {
        edges.extend(declared(page, dependencies, |name, optional| {
            if !optional {
                return Only::Always;
            }
            let with = extras.iter().filter(|(_, names)| names.iter().any(|one| same(one, name)));
            Only::AnyExtra(with.map(|(extra, _)| extra.clone()).collect())
        })?);
    }
    let groups = groups(&manifest);
    for (group, dependencies) in &groups {
        for dependencies in dependencies {
            edges.extend(declared(page, dependencies, |_, _| Only::Group(group.clone()))?);
        }
    }
    let name = manifest.project.name.clone().or_else(|| manifest.tool.poetry.name.clone());
    Ok(Project {
        name: name.clone(),
        kind: match manifest.tool.poetry.package_mode {
            Some(false) => LocalKind::Virtual,
            _ => LocalKind::Editable,
        },
        edges,
        known: Known {
            name,
            extras: known_extras(&manifest),
            groups: groups.into_keys().chain(manifest.dependency_groups.keys().cloned()).collect(),
        },
    })
}

fn known_extras(manifest: &Manifest) -> BTreeSet<ExtraName> {
    let standard = manifest.project.optional_dependencies.keys();
    standard.chain(manifest.tool.poetry.extras.keys()).cloned().collect()
}

fn same(text: &str, name: &PackageName) -> bool {
    text.parse::<PackageName>().is_ok_and(|text| text == *name)
}

/// Returns the tables of each group, those of the groups that it includes among them.
fn groups(manifest: &Manifest) -> BTreeMap<GroupName, Vec<&BTreeMap<String, DependencyWire>>> {
    let poetry = &manifest.tool.poetry;
    let mut groups = BTreeMap::<GroupName, Vec<_>>::new();
    for group in poetry.group.keys() {
        let (mut open, mut seen) = (vec![group], BTreeSet::new());
        while let Some(included) = open.pop() {
            if let Some(wire) = poetry.group.get(included).filter(|_| seen.insert(included)) {
                groups.entry(group.clone()).or_default().push(&wire.dependencies);
                open.extend(&wire.include_groups);
            }
        }
    }
    if !poetry.dev_dependencies.is_empty() {
        let dev = "dev".parse().expect("three letters are a name");
        groups.entry(dev).or_default().push(&poetry.dev_dependencies);
    }
    groups
}

fn declared(
    page: &Page<'_>,
    wires: &BTreeMap<String, DependencyWire>,
    only: impl Fn(&PackageName, bool) -> Only,
) -> Result<Vec<Edge>, LockError> {
    let mut edges = Vec::new();
    for (name, wire) in wires.iter().filter(|(name, _)| *name != "python") {
        let invalid = |reason: String| {
            page.invalid(page.find(name), "a dependency of the project", name, reason)
        };
        let name: PackageName = name.parse().map_err(|_| invalid("it is no name".into()))?;
        for declared in wire.declared(&name).map_err(invalid)? {
            edges.push(Edge { only: only(&name, declared.optional), need: declared.need });
        }
    }
    Ok(edges)
}
