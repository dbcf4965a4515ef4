//! Which files of a tree can be in an image.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_plan::{Fleet, IndexChoice, Open, Origin, Requirement, Service};
use pymono_workspace::{Kind, Workspace};

/// Returns the files and folders of the tree that the images of its services can hold, whether or not
/// each of these can be built.
pub fn sent(workspace: &Workspace, fleet: &Fleet) -> BTreeSet<TreePath> {
    let unplanned = || {
        let services = workspace.projects.values().filter(|it| it.kind == Kind::Service);
        services.filter(|project| !fleet.services.contains_key(&project.path))
    };
    let further = unplanned().map(|project| &project.further);
    let further = further.flat_map(|it| it.copies.keys().chain(&it.inputs));
    let rough = unplanned().flat_map(|project| {
        let locals = fleet.locals.get(&project.path).into_iter().flatten();
        workspace.reached([&project.path]).into_iter().chain(locals)
    });
    let rough = rough.filter_map(|path| workspace.projects.get(path));
    let rough = rough.flat_map(|project| &project.sources);
    let images = workspace.projects.values().flat_map(|project| &project.images);
    let images = images.flat_map(|image| &image.sources);
    let crates = fleet.packages.values().filter_map(|package| package.crates.as_ref());
    let crates = crates.flat_map(|crates| crates.folders.values().flatten());
    let packages =
        fleet.packages.values().flat_map(|it| it.sources.iter().chain(folder(&it.index)));
    let services = fleet.services.values().flat_map(|service| {
        let own = service.files.iter().chain(service.finish.read());
        own.chain(folder(&service.index)).chain(vendored(service))
    });
    rough
        .chain(further)
        .chain(images)
        .chain(crates)
        .chain(packages)
        .chain(services)
        .cloned()
        .collect()
}

/// Returns the distributions of a service that lie in the tree.
pub(crate) fn vendored(service: &Service) -> impl Iterator<Item = &TreePath> {
    let pinned = service.requirements.iter().flat_map(of_requirement);
    let open = service.open.iter().flat_map(|Open { requirements, index, extra_indexes: _ }| {
        requirements.iter().filter_map(|it| it.archive.as_ref()).chain(folder(index))
    });
    pinned.chain(open)
}

/// Returns the files of a distribution that lie in the tree.
pub(crate) fn of_requirement(requirement: &Requirement) -> impl Iterator<Item = &TreePath> {
    let archive = match &requirement.origin {
        Origin::Archive(path) => Some(path),
        _ => None,
    };
    requirement.files.iter().chain(archive)
}

pub(crate) fn folder(index: &IndexChoice) -> Option<&TreePath> {
    match index {
        IndexChoice::Folder(folder) => Some(folder),
        _ => None,
    }
}
