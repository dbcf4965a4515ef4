//! What is refused before it could make a wrong image.

use pymono_names::TreePath;
use pymono_workspace::{BuildSystem, Project, Workspace};

use crate::{FleetError, requirement::declared_name};

/// Build requirements that ask git for the version; a build sees no repository.
const VERSIONS_FROM_GIT: [&str; 5] =
    ["hatch-vcs", "setuptools-scm", "uv-dynamic-versioning", "versioningit", "versioneer"];

/// Returns true if a path can stand in every instruction.
///
/// Mounts are comma-separated, flags end at a space, and `COPY` expands
/// wildcards and variables; none of these has an escape that works in all places.
pub(crate) fn is_fit(path: &TreePath) -> bool {
    path.as_str().chars().all(|c| c.is_alphanumeric() || "._-+@~/".contains(c))
}

/// Returns a project's paths, all of which can stand in a Dockerfile.
pub(crate) fn sources(project: &Project) -> Result<Vec<TreePath>, FleetError> {
    let crates = project.crates.iter().flat_map(|crates| crates.folders.values().flatten());
    match project.sources.iter().chain(crates).find(|path| !is_fit(path)) {
        Some(unfit) => Err(FleetError::Unfit(unfit.clone())),
        None => Ok(project.sources.clone()),
    }
}

/// Returns how a package is built, if that is possible from its files alone and
/// takes no local package's name from an index.
pub(crate) fn build(
    workspace: &Workspace,
    package: &TreePath,
    build: &BuildSystem,
) -> Result<BuildSystem, FleetError> {
    for requirement in &build.requires {
        let name = declared_name(requirement);
        if name.as_ref().is_some_and(|name| VERSIONS_FROM_GIT.contains(&name.as_ref())) {
            let (package, requirement) = (package.clone(), requirement.clone());
            return Err(FleetError::VersionFromGit { package, requirement });
        }
        let mut projects = workspace.projects.values();
        if let Some(local) = projects.find(|project| Some(&project.name) == name.as_ref()) {
            return Err(FleetError::LocalBackend {
                package: package.clone(),
                requirement: requirement.clone(),
                local: local.path.clone(),
            });
        }
    }
    Ok(build.clone())
}
