//! One Dockerfile for many services, chosen by a build argument.

use std::{collections::BTreeSet, sync::LazyLock};

use pymono_names::TreePath;
use regex::Regex;

use super::{Surroundings, locate::Locator};
use crate::{Arguments, Context, Dockerfile, Origin, Stage, reference::regex};

/// Returns the build arguments with which a target can be built: none, or
/// where a folder is chosen by an argument without a default, one for each
/// project that it could be.
pub(crate) fn variants(
    dockerfile: &Dockerfile,
    target: usize,
    context: &TreePath,
    surroundings: &Surroundings<'_>,
) -> Vec<Arguments> {
    let stages = dockerfile.stages(&Arguments::new());
    let Some((before, name)) = chosen_by(&stages, target) else { return vec![Arguments::new()] };
    let values: BTreeSet<String> = surroundings
        .matching(context, &before)
        .iter()
        .flat_map(|folder| {
            surroundings.children(folder).into_iter().map(move |child| (folder, child))
        })
        .filter(|(folder, child)| {
            folder.join(child).is_ok_and(|it| surroundings.projects.contains_key(&it))
        })
        .map(|(_, child)| child)
        .collect();
    let args = values.into_iter().map(|value| Arguments::from([(name.clone(), value)]));
    args.filter(|args| builds(&dockerfile.stages(args), target, context, args, surroundings))
        .collect()
}

/// Returns the argument that names a folder in what is copied, and the path before it.
fn chosen_by(stages: &[Stage], target: usize) -> Option<(String, String)> {
    static CHOSEN: LazyLock<Regex> = LazyLock::new(|| regex(r"^(.*?)\$\{(\w+)\}(?:/|$)"));
    let closure = Stage::closure(stages, target).into_iter().filter_map(|at| stages.get(at));
    let reach = closure.flat_map(Stage::own_reach).filter(|it| it.context == Context::Main);
    reach.into_iter().find_map(|it| {
        let found = CHOSEN.captures(&it.source)?;
        let whole = found[1].is_empty() || found[1].ends_with('/');
        whole.then(|| (found[1].to_owned(), found[2].to_owned()))
    })
}

/// Returns whether all that a target copies by the argument's value is there.
fn builds(
    stages: &[Stage],
    target: usize,
    context: &TreePath,
    args: &Arguments,
    surroundings: &Surroundings<'_>,
) -> bool {
    let locator = Locator { stages, context, surroundings };
    let chosen =
        |source: &str| args.values().any(|value| source.split('/').any(|part| part == value));
    let closure = Stage::closure(stages, target).into_iter().filter_map(|at| stages.get(at));
    let transfers = closure.flat_map(|it| &it.transfers);
    let mut sources =
        transfers.flat_map(|it| it.sources.iter().map(move |source| (&it.origin, source)));
    sources.all(|(origin, source)| match origin {
        _ if !chosen(source) => true,
        Origin::Context => !surroundings.matching(context, source).is_empty(),
        Origin::Stage(at) => locator.locate(*at, source).is_some(),
        Origin::Named(_) => true,
    })
}
