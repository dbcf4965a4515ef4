//! Which files must be known though both trees hold them alike.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_plan::{Fleet, Service};
use pymono_workspace::{Kind, Project, Workspace};

use crate::sent::{folder, vendored};

/// A tree as far as it says which paths its images are made of.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// Its projects.
    pub workspace: &'a Workspace,
    /// Its services, closed over their locks.
    pub fleet: &'a Fleet,
}

/// Returns the paths of which it must be known what they hold, even where both trees hold the same.
///
/// A service that is made of the same paths in both trees, each for the same purpose, differs by files only
/// where these paths hold something else. Of every other one that is in both, all paths are told: a file
/// that nobody changed is new to it, or gone. So what is compared is what all contents would show.
pub fn beyond(base: Made<'_>, head: Made<'_>) -> BTreeSet<TreePath> {
    let mut found = BTreeSet::new();
    for (path, project) in &head.workspace.projects {
        let Some(before) = base.workspace.projects.get(path) else { continue };
        if before != project {
            // What its backend makes use of may differ where the text does not.
            found.extend([before.manifest.clone(), project.manifest.clone()]);
        }
        if project.kind == Kind::Service && before.kind == Kind::Service && !alike(base, head, path)
        {
            found.extend(base.paths(before));
            found.extend(head.paths(project));
        }
    }
    found
}

/// Returns whether a service is generated in both trees, and of the same paths.
fn alike(base: Made<'_>, head: Made<'_>, path: &TreePath) -> bool {
    let made = |it: Made<'_>| Some(parts(it.fleet, path, it.fleet.services.get(path)?));
    let (before, after) = (made(base), made(head));
    before.is_some() && before == after
}

/// A part of what an image is made of: whose it is, what for, and its paths.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    owner: TreePath,
    purpose: &'static str,
    paths: Vec<TreePath>,
}

/// Returns the paths that a service is made of.
fn parts(fleet: &Fleet, own: &TreePath, service: &Service) -> Vec<Part> {
    let part = |owner: &TreePath, purpose, paths: Vec<&TreePath>| Part {
        owner: owner.clone(),
        purpose,
        paths: paths.into_iter().cloned().collect(),
    };
    let mut found = vec![
        part(own, "files", service.files.iter().collect()),
        part(own, "further", service.finish.read().collect()),
        part(own, "index", folder(&service.index).into_iter().collect()),
        part(own, "vendored", vendored(service).collect()),
    ];
    for path in &service.packages {
        let Some(package) = fleet.packages.get(path) else { continue };
        found.push(part(path, "files", package.sources.iter().collect()));
        found.push(part(path, "index", folder(&package.index).into_iter().collect()));
        if let Some(crates) = &package.crates {
            found.push(part(path, "crates", crates.folders.values().flatten().collect()));
            found.push(part(path, "replaced", crates.texts.keys().collect()));
        }
    }
    found
}

impl Made<'_> {
    /// Returns all paths that the image of a service may be made of, planned or not.
    fn paths(self, project: &Project) -> BTreeSet<TreePath> {
        let Self { workspace, fleet } = self;
        if let Some(service) = fleet.services.get(&project.path) {
            let parts = parts(fleet, &project.path, service).into_iter();
            return parts.flat_map(|part| part.paths).collect();
        }
        let further = project.further.copies.keys().chain(&project.further.inputs);
        let images = project.images.iter().flat_map(|image| &image.sources);
        let locals = fleet.locals.get(&project.path).into_iter().flatten();
        let needed = workspace.reached([&project.path]).into_iter().chain(locals);
        let needed = needed.filter_map(|path| workspace.projects.get(path));
        let needed = needed.flat_map(|project| &project.sources);
        further.chain(images).chain(needed).cloned().collect()
    }
}
