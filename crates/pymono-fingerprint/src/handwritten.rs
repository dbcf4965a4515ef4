//! The inputs of images that hand-written Dockerfiles build.

use std::collections::BTreeSet;

use pymono_names::{ServiceName, TreePath};
use pymono_plan::{Fleet, HandwrittenImage};
use pymono_workspace::{Contents, DockerfileBuild, Handwritten, NamedContext, Project, Workspace};
use serde_json::{Value, json};

use crate::{Inputs, Piece};

impl Inputs {
    /// Returns the inputs of all images of the service in `path` that Dockerfiles build; nothing if
    /// there are none.
    ///
    /// What the service's manifest and lock need counts too, whether or not a Dockerfile takes it: a
    /// step may get it by other ways than a copy. Where a Dockerfile takes what is not in the tree, that
    /// was made of the service's own files before.
    pub fn of_handwritten(
        workspace: &Workspace,
        fleet: &Fleet,
        path: &TreePath,
        contents: &Contents,
    ) -> Option<Self> {
        let project = workspace.projects.get(path)?;
        let images = fleet.handwritten.values().filter(|it| !it.is_ground && it.path == *path);
        let images: Vec<_> =
            images.filter_map(|image| Some((image, written(project, image)?))).collect();
        if images.is_empty() {
            return None;
        }
        let mut inputs = Self::default();
        inputs.add_images(workspace, project, &images, contents);
        inputs.add_lock(workspace, project);
        inputs.add_needed(workspace, fleet, project, contents);
        inputs.add_further(&project.further, contents);
        Some(inputs)
    }

    /// Returns the inputs of one image that a Dockerfile builds for a service; nothing for another one,
    /// and for one that takes what is not in the tree.
    pub fn of_image(
        workspace: &Workspace,
        fleet: &Fleet,
        name: &ServiceName,
        contents: &Contents,
    ) -> Option<Self> {
        let image = fleet.handwritten.get(name).filter(|image| !image.is_ground)?;
        let project = workspace.projects.get(&image.path)?;
        let written = written(project, image).filter(|written| written.missing.is_empty())?;
        let mut inputs = Self::default();
        if fleet.settled {
            // The image says another time than one that is built otherwise.
            inputs.add(Piece::Config("reproducible"), &true);
        }
        inputs.add_images(workspace, project, &[(image, written)], contents);
        inputs.add_lock(workspace, project);
        inputs.add_needed(workspace, fleet, project, contents);
        inputs.add_further(&project.further, contents);
        Some(inputs)
    }

    fn add_images(
        &mut self,
        workspace: &Workspace,
        project: &Project,
        images: &[(&HandwrittenImage, &Handwritten)],
        contents: &Contents,
    ) {
        let settings = images.iter().map(|(image, _)| {
            let platforms: Vec<String> = image.platforms.iter().map(ToString::to_string).collect();
            json!([image.labels, platforms])
        });
        self.add(Piece::Config("labels"), &json!(settings.collect::<Vec<_>>()));
        let builds: Vec<Value> = images.iter().map(|(_, written)| build(&written.build)).collect();
        self.add(Piece::Config("dockerfile"), &json!(builds));
        let recipes: BTreeSet<&TreePath> =
            images.iter().flat_map(|(_, written)| recipes(&written.build)).collect();
        for (_, Handwritten { sources, left_out, .. }) in images {
            let sources: Vec<TreePath> = sources.iter().cloned().collect();
            for (file, content) in contents.of_all(&sources) {
                let piece = if recipes.contains(file) {
                    Piece::Dockerfile(file.clone())
                } else if left_out.contains(file) {
                    continue;
                } else {
                    Piece::file(&project.path, owner(workspace, project, file), file)
                };
                self.add(piece, content);
            }
        }
        if images.iter().any(|(_, written)| !written.missing.is_empty()) {
            for (file, content) in contents.of(&project.sources) {
                self.add(Piece::Source(file.clone()), content);
            }
        }
    }

    /// Adds the local projects that a service needs.
    fn add_needed(
        &mut self,
        workspace: &Workspace,
        fleet: &Fleet,
        project: &Project,
        contents: &Contents,
    ) {
        let locals = fleet.locals.get(&project.path).into_iter().flatten();
        let needed: BTreeSet<&TreePath> =
            workspace.reached([&project.path]).into_iter().chain(locals).collect();
        let others = needed.into_iter().filter(|path| **path != project.path);
        for other in others.filter_map(|path| workspace.projects.get(path)) {
            self.add(Piece::Edge(other.path.clone()), &other.name);
            for (file, content) in contents.of(&other.sources) {
                self.add(Piece::file(&project.path, &other.path, file), content);
            }
        }
    }
}

/// Returns what the tree says of an image.
fn written<'a>(project: &'a Project, image: &HandwrittenImage) -> Option<&'a Handwritten> {
    project.images.iter().find(|written| {
        let DockerfileBuild { dockerfile, target, context, args, .. } = &written.build;
        (dockerfile, target, context, args)
            == (&image.dockerfile, &image.target, &image.context, &image.args)
    })
}

/// Returns a build as it is told, down to those that it stands on.
fn build(told: &DockerfileBuild) -> Value {
    let DockerfileBuild { dockerfile, ignore, target, context, args, contexts, ssh: _ } = told;
    let contexts = contexts.iter().map(|(name, context)| match context {
        NamedContext::Folder(folder) => json!([name, "folder", folder]),
        NamedContext::Image(image) => json!([name, "image", image]),
        NamedContext::Build(_, below) => json!([name, "build", build(below)]),
    });
    let contexts: Vec<Value> = contexts.collect();
    json!([dockerfile, ignore, target, context, args, contexts])
}

/// Returns the Dockerfiles and ignore files of a build and of those that it stands on.
fn recipes(build: &DockerfileBuild) -> Vec<&TreePath> {
    let below = build.contexts.values().filter_map(|context| match context {
        NamedContext::Build(_, below) => Some(&**below),
        _ => None,
    });
    let below = below.flat_map(recipes);
    [&build.dockerfile].into_iter().chain(&build.ignore).chain(below).collect()
}

/// Returns the project that a file belongs to: the innermost that it lies in, or else the service.
fn owner<'a>(workspace: &'a Workspace, service: &'a Project, file: &TreePath) -> &'a TreePath {
    let above = std::iter::successors(file.parent(), TreePath::parent);
    let mut above = above.filter(|folder| !folder.is_root());
    let found = above.find_map(|folder| workspace.projects.get_key_value(&folder));
    found.map_or(&service.path, |(path, _)| path)
}
