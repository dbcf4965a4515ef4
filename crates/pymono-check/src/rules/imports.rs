//! Imports of a project of the repository that the manifest does not declare.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_workspace::{Import, Project, Workspace};

use crate::{Code, Facts, Finding};

/// The projects that have a module, by its dotted name.
type Providers<'a> = BTreeMap<&'a str, BTreeSet<&'a TreePath>>;

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    let providers = providers(facts);
    facts
        .workspace
        .projects
        .values()
        .flat_map(|project| about(facts, &providers, project))
        .collect()
}

/// Returns who has which module; what is not installed has none for others.
fn providers(facts: Facts<'_>) -> Providers<'_> {
    let mut providers = Providers::new();
    for (path, modules) in &facts.inspection.modules {
        let project = facts.workspace.projects.get(path);
        if project.is_some_and(|project| project.build.is_some()) {
            for module in &modules.own {
                providers.entry(module).or_default().insert(path);
            }
        }
    }
    providers
}

fn about(facts: Facts<'_>, providers: &Providers<'_>, project: &Project) -> Vec<Finding> {
    let Some(modules) = facts.inspection.modules.get(&project.path) else { return Vec::new() };
    let reached = facts.workspace.reached([&project.path]);
    let mut found = BTreeMap::<&TreePath, (&str, &Import)>::new();
    for (name, import) in &modules.imported {
        let Some(owners) = owners(providers, name) else { continue };
        let is_own = prefixes(name).any(|prefix| modules.own.contains(prefix));
        if is_own || owners.iter().any(|owner| reached.contains(owner)) {
            continue;
        }
        if let Some(owner) =
            owners.iter().find(|owner| !is_required(facts.workspace, project, owner))
        {
            found.entry(owner).or_insert((name, import));
        }
    }
    found.into_iter().map(|(owner, (name, import))| finding(project, owner, name, import)).collect()
}

/// Returns the projects that have the longest beginning of a dotted name as a module.
fn owners<'a>(providers: &'a Providers<'a>, name: &str) -> Option<&'a BTreeSet<&'a TreePath>> {
    prefixes(name).find_map(|prefix| providers.get(prefix))
}

/// Returns `a.b.c`, `a.b` and `a`.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.rsplit_once('.').map(|(above, _)| above))
}

/// Returns true if the manifest requires a distribution of the owner's name: it comes from elsewhere then.
fn is_required(workspace: &Workspace, project: &Project, owner: &TreePath) -> bool {
    let owner = workspace.projects.get(owner);
    owner.is_some_and(|owner| project.requirements.iter().any(|it| it.name == owner.name))
}

fn finding(project: &Project, owner: &TreePath, name: &str, import: &Import) -> Finding {
    Finding {
        code: Code::UndeclaredImport,
        path: import.file.clone(),
        line: Some(import.line),
        message: format!(
            "`{}` imports `{name}` of `{owner}`, which it does not depend on: a change there would not rebuild it",
            project.path
        ),
        hint: Some(format!("add `{owner}` to the dependencies of `{}`", project.path)),
    }
}
