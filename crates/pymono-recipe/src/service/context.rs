//! The context of a build that no recipe names.

use std::iter;

use pymono_names::TreePath;

use super::Surroundings;
use crate::{Context, Stage};

/// Folders that hold Dockerfiles and not what they build.
pub(crate) fn is_for_recipes(name: &str) -> bool {
    const NAMES: [&str; 16] = [
        ".docker",
        "build",
        "container",
        "containers",
        "deploy",
        "deployment",
        "deployments",
        "devops",
        "docker",
        "docker-images",
        "dockerfiles",
        "images",
        "infra",
        "infrastructure",
        "ops",
        "packaging",
    ];
    NAMES.contains(&name.to_lowercase().as_str())
}

/// Returns the folder from which most of what a Dockerfile copies is there: its own one, or one above.
///
/// Of equals the nearest wins, but a folder for recipes only where it must.
pub(crate) fn context(
    dockerfile: &TreePath,
    stages: &[Stage],
    surroundings: &Surroundings<'_>,
) -> TreePath {
    let own = dockerfile.parent().unwrap_or_else(TreePath::root);
    let reach = stages.iter().flat_map(Stage::own_reach).filter(|it| it.context == Context::Main);
    let sources: Vec<String> =
        reach.map(|it| it.source).filter(|it| !it.trim_matches(['.', '/']).is_empty()).collect();
    let above = iter::successors(Some(own.clone()), TreePath::parent).enumerate();
    let rank = |(distance, folder): (usize, TreePath)| {
        let missing =
            sources.iter().filter(|it| surroundings.matching(&folder, it).is_empty()).count();
        let for_recipes = folder.parts().any(is_for_recipes);
        ((missing, for_recipes, distance), folder)
    };
    above.map(rank).min_by(|(one, _), (other, _)| one.cmp(other)).map_or(own, |(_, folder)| folder)
}
