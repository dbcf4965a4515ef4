//! Whether an image runs Python, and which.

use super::below::Below;
use crate::{Command, ImageReference, Installer, Manager, Origin, Stage, Starts};

/// How deep stages may be copied from each other.
const DEPTH: usize = 8;

/// Returns whether what a target starts is Python.
///
/// `below` is what it has from the images of this tree that it stands on.
pub(crate) fn runs_python(
    stages: &[Stage],
    target: usize,
    command: Option<&Command>,
    below: &Below,
) -> bool {
    let has = below.has_python || has_python(stages, target);
    match command.map(Command::starts) {
        Some(Starts::Python) => true,
        Some(Starts::Other) => false,
        // A script, or a program that somebody wrote.
        Some(Starts::Unknown) => has,
        None => below.base.as_deref().is_some_and(|it| ImageReference::parse(it).serves()),
    }
}

/// Returns whether a target has a Python to run things with, one that is not there for a build alone.
pub(crate) fn has_python(stages: &[Stage], target: usize) -> bool {
    has_python_at(stages, target, 0)
}

fn has_python_at(stages: &[Stage], target: usize, depth: usize) -> bool {
    let chain = Stage::chain(stages, target);
    let own = chain.iter().filter_map(|at| stages.get(*at));
    let installs = |stage: &Stage| {
        let installs = stage
            .installs
            .iter()
            .any(|it| it.installer != Installer::Conda || !it.names.is_empty());
        installs || !stage.pythons.is_empty()
    };
    let copied = |stage: &Stage| {
        stage.transfers.iter().any(|it| match &it.origin {
            Origin::Stage(at) => depth < DEPTH && has_python_at(stages, *at, depth + 1),
            Origin::Named(name) => ImageReference::parse(name).has_python(),
            Origin::Context => false,
        })
    };
    bottom(stages, target).is_some_and(|it| it.has_python())
        || own.clone().any(|it| installs(it) || copied(it))
}

/// Returns the name of the image at the bottom of a target's stages.
pub(crate) fn bottom_name(stages: &[Stage], target: usize) -> Option<String> {
    let lowest = *Stage::chain(stages, target).first()?;
    Some(stages.get(lowest)?.base.image.clone())
}

fn bottom(stages: &[Stage], target: usize) -> Option<ImageReference> {
    bottom_name(stages, target).map(|it| ImageReference::parse(&it))
}

/// Returns the version of Python that a target runs, as far as its Dockerfile says.
///
/// What the image at the bottom promises comes first, then what the stages
/// install, then what the stages that are copied from say.
pub(crate) fn version(stages: &[Stage], target: usize) -> Option<String> {
    let chain = Stage::chain(stages, target);
    let hint = |at: &usize| stages.get(*at)?.pythons.last().map(|it| it.version.clone());
    let promised = |at: &usize| bottom(stages, *at)?.python();
    let set = |at: &usize| stages.get(*at)?.config.env.get("UV_PYTHON").map(|it| it.value.clone());
    let set = |at: &usize| set(at).filter(|it| it.starts_with(|it: char| it.is_ascii_digit()));
    let beside: Vec<usize> =
        Stage::closure(stages, target).into_iter().filter(|at| !chain.contains(at)).collect();
    chain
        .iter()
        .rev()
        .find_map(hint)
        .or_else(|| promised(&target))
        .or_else(|| chain.iter().rev().find_map(set))
        .or_else(|| beside.iter().rev().find_map(hint))
        .or_else(|| beside.iter().rev().find_map(promised))
}

/// Returns the packages of one manager that are there when a target runs, always.
pub(crate) fn packages(stages: &[Stage], target: usize, manager: Manager) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let chain = Stage::chain(stages, target);
    for package in chain.iter().filter_map(|at| stages.get(*at)).flat_map(|it| &it.packages) {
        let there = package.manager == manager && !package.removed && !package.conditional;
        if there && !names.contains(&package.name) {
            names.push(package.name.clone());
        }
    }
    names
}
