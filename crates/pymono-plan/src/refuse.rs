//! What is refused before it could make a wrong image.

use pymono_names::TreePath;
use pymono_workspace::{BuildSystem, GitVersion, Project, Workspace};

use crate::{FleetError, PretendedVersion, requirement::declared_name};

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

/// Returns the version that a build is told in place of asking git: it sees no repository.
pub(crate) fn version(
    project: &Project,
    build: &BuildSystem,
) -> Result<Option<PretendedVersion>, FleetError> {
    let Some(GitVersion { tool, has_fallback }) = &build.version_from_git else { return Ok(None) };
    let told = project.settings.version.as_ref();
    let told = told.and_then(|version| PretendedVersion::of(tool, &project.name, version));
    if told.is_some() || *has_fallback {
        return Ok(told);
    }
    let (package, requirement) = (project.path.clone(), tool.clone());
    Err(FleetError::VersionFromGit { package, requirement })
}
