//! What an image gets once everything is installed: further files, and what build steps make.

use pymono_names::TreePath;
use pymono_workspace::Project;

use crate::{
    Finish, FleetError, ImageFile, Included,
    refuse::{self, is_fit},
};

/// Where everything lies in an image.
pub(crate) const HOME: &str = "/app";

/// Returns what a service's image gets at last; `files` are its own, where it is not installed.
pub(crate) fn finish(
    project: &Project,
    workdir: Option<&str>,
    files: &[TreePath],
) -> Result<Finish, FleetError> {
    let workdir = workdir.unwrap_or(HOME);
    let steps = project.settings.build_steps.clone();
    let is_beside = !steps.is_empty() && files.is_empty();
    let sources = if is_beside { beside(project, workdir)? } else { Vec::new() };
    let caches = project.settings.cache.clone();
    let inputs = project.further.inputs.iter().cloned().collect();
    Ok(Finish { included: included(project, workdir, files)?, steps, sources, caches, inputs })
}

/// Returns a service's own files as commands see them in the working directory.
pub(crate) fn beside(project: &Project, workdir: &str) -> Result<Vec<ImageFile>, FleetError> {
    let sources = refuse::sources(project)?;
    let own = sources.iter().filter_map(|source| {
        let below = source.relative_to(&project.path)?;
        Some(ImageFile { source: source.clone(), target: at(workdir, below) })
    });
    Ok(own.collect())
}

/// Returns the further files of an image, but for those that are there anyway.
fn included(project: &Project, workdir: &str, files: &[TreePath]) -> Result<Included, FleetError> {
    present(project)?;
    let mut included = Included::default();
    for (source, place) in &project.further.copies {
        let fits = |text: &str| text.parse().is_ok_and(|path: TreePath| is_fit(&path));
        if !is_fit(source) || !fits(place.trim_start_matches('/')) {
            return Err(FleetError::Unfit(source.clone()));
        }
        let target = if place.starts_with('/') { place.clone() } else { at(workdir, place) };
        let is_there =
            target == at(HOME, source.as_str()) && files.iter().any(|file| source.is_in(file));
        let file = ImageFile { source: source.clone(), target };
        match project.further.included.contains_key(source) {
            _ if is_there => {}
            true => included.files.push(file),
            false => included.folders.push(file),
        }
    }
    Ok(included)
}

/// Refuses a project of which something is configured to be included that is not there.
pub(crate) fn present(project: &Project) -> Result<(), FleetError> {
    let Some(path) = project.further.missing.first() else { return Ok(()) };
    Err(FleetError::NothingIncluded { service: project.path.clone(), path: path.clone() })
}

/// Returns a path as seen from a folder of the image.
pub(crate) fn at(folder: &str, below: &str) -> String {
    if below == "." {
        folder.to_owned()
    } else {
        format!("{}/{below}", folder.trim_end_matches('/'))
    }
}
