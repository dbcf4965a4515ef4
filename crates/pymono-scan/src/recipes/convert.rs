//! From what recipes say to the images of a project.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_recipe::{Image, ImageBuild, ImageReference, Named};
use pymono_workspace::{DockerfileBuild, Handwritten, MissingSource, NamedContext};

use super::left_out::left_out;
use crate::tree::Tree;

/// Makes one of images that are one build, started in several ways: the first that listens, or the first.
pub(super) fn united(images: Vec<Image>) -> Vec<Image> {
    let mut united: Vec<Image> = Vec::new();
    for image in images {
        match united.iter_mut().find(|known| known.build == image.build) {
            Some(known) if known.port.is_none() && image.port.is_some() => *known = image,
            Some(_) => {}
            None => united.push(image),
        }
    }
    united
}

/// Returns an image as the rest of pymono sees it.
pub(crate) fn handwritten(tree: &Tree, image: &Image) -> Handwritten {
    let build = build(tree, &image.build);
    let mut sources = sources(image);
    let left_out = left_out(tree, &build, &sources);
    let missing =
        image.missing.iter().map(|it| MissingSource { source: it.source.clone(), line: it.line });
    let lost = lost(image, &left_out);
    add_recipes(&build, &mut sources);
    let base = image.base.as_deref();
    Handwritten {
        name: image.name.clone(),
        build,
        base: image.base.clone(),
        apt: image.apt.iter().cloned().collect(),
        apk: image.apk.iter().cloned().collect(),
        command: image.command.as_ref().map(pymono_recipe::Command::exec),
        serves: base.is_some_and(|it| ImageReference::parse(it).serves()),
        port: image.port,
        health: image.health.clone(),
        user: image.user.clone(),
        env: image.env.clone(),
        missing: missing.chain(lost).collect(),
        left_out,
        copies: image.copies.keys().cloned().collect(),
        sources,
    }
}

/// Returns the paths that the build of an image is not sent though its Dockerfile names them.
pub(super) fn unsent(tree: &Tree, image: &Image) -> BTreeSet<TreePath> {
    left_out(tree, &build(tree, &image.build), &sources(image))
}

fn sources(image: &Image) -> BTreeSet<TreePath> {
    image.sources.iter().map(|it| it.path.clone()).collect()
}

/// Returns what a Dockerfile names and an ignore file keeps from it, all of it.
fn lost(image: &Image, left_out: &BTreeSet<TreePath>) -> Vec<MissingSource> {
    let own = image.sources.iter().filter(|it| it.dockerfile == image.build.dockerfile);
    let lost = own.filter(|it| left_out.contains(&it.path));
    lost.map(|it| MissingSource { source: it.path.to_string(), line: it.line }).collect()
}

/// Adds the Dockerfiles of a build and of those that it stands on, with their ignore files.
fn add_recipes(build: &DockerfileBuild, sources: &mut BTreeSet<TreePath>) {
    sources.insert(build.dockerfile.clone());
    sources.extend(build.ignore.clone());
    for context in build.contexts.values() {
        if let NamedContext::Build(_, below) = context {
            add_recipes(below, sources);
        }
    }
}

fn build(tree: &Tree, build: &ImageBuild) -> DockerfileBuild {
    let ImageBuild { dockerfile, target, context, args, contexts, ssh } = build;
    let behind = |named: &Named| match named {
        Named::Folder(folder) => NamedContext::Folder(folder.clone()),
        Named::Image(image) => NamedContext::Image(image.clone()),
        Named::Build(name, below) => {
            NamedContext::Build(name.clone(), Box::new(self::build(tree, below)))
        }
    };
    DockerfileBuild {
        ignore: ignore(tree, dockerfile, context),
        dockerfile: dockerfile.clone(),
        target: target.clone(),
        context: context.clone(),
        args: args.clone(),
        contexts: contexts.iter().map(|(name, it)| (name.clone(), behind(it))).collect(),
        ssh: *ssh,
    }
}

/// Returns the file that says what of a context is not sent: the one beside the Dockerfile comes before the context's.
fn ignore(tree: &Tree, dockerfile: &TreePath, context: &TreePath) -> Option<TreePath> {
    let beside = format!("{}.dockerignore", dockerfile.file_name().unwrap_or_default());
    let folder = dockerfile.parent().unwrap_or_else(TreePath::root);
    tree.file_in(&folder, &beside).or_else(|| tree.file_in(context, ".dockerignore"))
}
