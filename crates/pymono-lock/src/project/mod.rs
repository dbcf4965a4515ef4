//! What `pyproject.toml` says of the project that owns a lock.

mod constraint;
mod dependency;
mod pdm;
mod poetry;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::{ExtraName, PackageName};
use pymono_names::Target;

pub use self::constraint::ranges;
use self::wire::Manifest;
pub(crate) use self::{dependency::DependencyWire, pdm::pdm, poetry::poetry, wire::GroupItem};
use crate::{
    Closure, ClosureError, GroupName, LocalKind, LockError, Selection,
    environment::environment,
    marker::Scene,
    need::Need,
    page::Page,
    place::{join, parent},
    web::{Edge, Only},
};

/// The project that owns a lock.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// Its name; a project that is no package may have none.
    pub(crate) name: Option<PackageName>,
    pub(crate) kind: LocalKind,
    /// What it depends on, with that of its extras and groups.
    pub(crate) edges: Vec<Edge>,
    pub(crate) known: Known,
}

/// What can be selected of a project.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) name: Option<PackageName>,
    pub(crate) extras: BTreeSet<ExtraName>,
    pub(crate) groups: BTreeSet<GroupName>,
}

impl Known {
    /// Returns what markers see of `selection` on `target`, if all of it is known.
    pub(crate) fn scene(
        &self,
        selection: &Selection,
        target: Target,
    ) -> Result<Scene, ClosureError> {
        let package = &selection.package;
        if let Some(name) = self.name.as_ref().filter(|name| *name != package) {
            let known = BTreeSet::from([name.clone()]);
            return Err(ClosureError::UnknownPackage { package: package.clone(), known });
        }
        if let Some(extra) = selection.extras.difference(&self.extras).next() {
            let (package, extra, known) = (package.clone(), extra.clone(), self.extras.clone());
            return Err(ClosureError::UnknownExtra { package, extra, known });
        }
        if let Some(group) = selection.groups.difference(&self.groups).next() {
            let (package, group, known) = (package.clone(), group.clone(), self.groups.clone());
            return Err(ClosureError::UnknownGroup { package, group, known });
        }
        Ok(Scene {
            environment: environment(target),
            extras: selection.extras.iter().cloned().collect(),
            groups: selection.groups.clone(),
        })
    }
}

/// Names the project in a closure as it was asked for, if it has no name of its own.
pub(crate) fn named(mut closure: Closure, selection: &Selection) -> Closure {
    if let Some(local) = closure.locals.get_mut(".") {
        local.name = selection.package.clone();
    }
    closure
}

/// Returns the name that stands for a project without one, until it is asked for by another.
pub(crate) fn nameless() -> PackageName {
    "project-without-a-name".parse().expect("letters and dashes are a name")
}

/// Returns the path of the manifest of the project whose lock is at `lock`.
pub(crate) fn manifest_beside(lock: &str) -> String {
    join(parent(lock), "pyproject.toml")
}

/// Reads what the standards say of dependencies, extras and groups.
fn standard(page: &Page<'_>, manifest: &Manifest) -> Result<Vec<Edge>, LockError> {
    let project = &manifest.project;
    let own = project.dependencies.iter().flatten().map(|text| (text, Only::Always));
    let optional = project.optional_dependencies.iter().flat_map(|(extra, texts)| {
        texts.iter().map(|text| (text, Only::AnyExtra(BTreeSet::from([extra.clone()]))))
    });
    let mut edges = own
        .chain(optional)
        .map(|(text, only)| edge(page, text, only))
        .collect::<Result<Vec<_>, _>>()?;
    for group in manifest.dependency_groups.keys() {
        for text in group_members(&manifest.dependency_groups, group, &mut BTreeSet::new()) {
            edges.push(edge(page, text, Only::Group(group.clone()))?);
        }
    }
    Ok(edges)
}

/// Returns the requirements of a group and of those that it includes.
pub(crate) fn group_members<'a>(
    groups: &'a BTreeMap<GroupName, Vec<GroupItem>>,
    group: &'a GroupName,
    seen: &mut BTreeSet<&'a GroupName>,
) -> Vec<&'a str> {
    if !seen.insert(group) {
        return Vec::new();
    }
    let items = groups.get(group).into_iter().flatten();
    items
        .flat_map(|item| match item {
            GroupItem::Requirement(text) => vec![text.as_str()],
            GroupItem::Include { include_group } => group_members(groups, include_group, seen),
        })
        .collect()
}

fn edge(page: &Page<'_>, text: &str, only: Only) -> Result<Edge, LockError> {
    let need = Need::parse(text).map_err(|reason| {
        page.invalid(page.find(text), "a dependency of the project", text, reason)
    })?;
    Ok(Edge { need, only })
}
