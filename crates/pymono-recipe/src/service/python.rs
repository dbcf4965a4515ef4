//! Whether an image runs Python, and which.

use std::collections::BTreeSet;

use super::below::Below;
use crate::{Command, ImageReference, Manager, Origin, Stage, Starts};

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

/// Returns whether a target has a Python to run things with: its own, or copied into it.
pub(crate) fn has_python(stages: &[Stage], target: usize) -> bool {
    let (mut seen, mut open) = (BTreeSet::from([target]), vec![target]);
    while let Some(stage) = open.pop().and_then(|at| stages.get(at)) {
        if brings_python(stage) {
            return true;
        }
        let copied = stage.transfers.iter().filter_map(|it| match it.origin {
            Origin::Stage(at) => Some(at),
            _ => None,
        });
        open.extend(copied.chain(stage.base.stage).filter(|at| seen.insert(*at)));
    }
    false
}

/// Returns whether a stage itself brings a Python, one that is not there for a build alone.
fn brings_python(stage: &Stage) -> bool {
    let based = stage.base.stage.is_none() && stage.base.reference().has_python();
    let copied = stage.transfers.iter().any(|it| match &it.origin {
        Origin::Named(name) => ImageReference::parse(name).has_python(),
        _ => false,
    });
    based || copied || !stage.installs.is_empty() || !stage.pythons.is_empty()
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
