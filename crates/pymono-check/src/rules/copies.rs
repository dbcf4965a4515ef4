//! Hand-written Dockerfiles that copy what is not there, or not what their project needs.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_workspace::{Handwritten, Project};

use crate::{Code, Facts, Finding};

const ABSENT: &str =
    "commit it, correct the path or the context, or see that it is made before each build";
const LEFT_OUT: &str = "copy its folder, or take the dependency out of the manifest";

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    let projects = facts.workspace.projects.values();
    let images = projects.flat_map(|project| project.images.iter().map(move |it| (project, it)));
    let found = images
        .flat_map(|(project, image)| [absent(image), left_out(facts, project, image)].concat());
    found.collect()
}

/// Returns what a build copies and the tree does not have.
fn absent(image: &Handwritten) -> Vec<Finding> {
    let context = &image.build.context;
    let finding = |source: &str, line| {
        let message = format!("copies `{source}`, which is not in the context `{context}`");
        let whole = Finding::new(Code::MissingCopy, &image.build.dockerfile, message, ABSENT);
        Finding { line: Some(line), ..whole }
    };
    image.missing.iter().map(|missing| finding(&missing.source, missing.line)).collect()
}

/// Returns the local projects that a project needs and its build does not see.
fn left_out(facts: Facts<'_>, project: &Project, image: &Handwritten) -> Vec<Finding> {
    // What is packed before the build may hold all of it.
    if image.missing.iter().any(|missing| is_packed(&missing.source)) {
        return Vec::new();
    }
    let needed = needed(facts, project).into_iter();
    let left_out = needed.filter(|needed| *needed != project.path && !sees(image, needed));
    let finding = |needed: TreePath| {
        let message = format!("`{}` needs `{needed}`, of which nothing is copied", project.path);
        Finding::new(Code::MissingCopy, &image.build.dockerfile, message, LEFT_OUT)
    };
    left_out.map(finding).collect()
}

fn is_packed(source: &str) -> bool {
    let extension = source.rsplit_once('.').map(|(_, extension)| extension);
    extension == Some("whl") || source.split('/').any(|part| part == "dist")
}

/// Returns whether a build takes a project's files: its folder, one around it, or parts of it.
fn sees(image: &Handwritten, project: &TreePath) -> bool {
    image.copies.contains(project) || image.sources.iter().any(|source| project.is_in(source))
}

/// Returns the local projects that a project needs: by its lock, or else by manifests.
fn needed(facts: Facts<'_>, project: &Project) -> BTreeSet<TreePath> {
    if let Some(locked) = facts.fleet.locals.get(&project.path) {
        return locked.clone();
    }
    facts.workspace.reached(&project.needs).into_iter().cloned().collect()
}
