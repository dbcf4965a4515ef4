//! Images that somebody asks for by their Dockerfiles, whatever they run.

use std::collections::BTreeMap;

use pymono_names::TreePath;

use super::{
    Image, Purpose, Surroundings,
    below::place,
    image::{Builder, Chosen},
    leaf::leaves,
    wanted::{self, Wanted},
};
use crate::{Arguments, Recipe};

/// A build that somebody asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The folder whose image it is.
    pub folder: &'a TreePath,
    /// The Dockerfile.
    pub dockerfile: &'a TreePath,
    /// The stage to build; `None` for the last one.
    pub target: Option<&'a str>,
    /// The context; `None` for that of the recipe that builds the Dockerfile, or the likeliest one.
    pub context: Option<&'a TreePath>,
    /// Build arguments beside those of the recipe that builds the Dockerfile.
    pub args: &'a Arguments,
}

/// A build that a Dockerfile does not have: the names of the stages that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoStage(pub Vec<String>);

/// Returns the image that somebody asks for; nothing where the Dockerfile is none of the recipes.
pub fn asked(
    recipes: &BTreeMap<TreePath, Recipe>,
    surroundings: &Surroundings<'_>,
    asked: Asked<'_>,
) -> Option<Result<Image, NoStage>> {
    let Some(Recipe::Dockerfile(dockerfile)) = recipes.get(asked.dockerfile) else { return None };
    let target = asked.target.map(str::to_lowercase);
    let mut wanted = wanted::wanted(recipes);
    wanted.retain(|it| it.dockerfile == *asked.dockerfile);
    // What builds the same stage knows most; what builds another one still knows the context.
    wanted.sort_by_key(|it| (it.target != target, it.development));
    let known = wanted.first();
    let mut args = known.map(|it| it.args.clone()).unwrap_or_default();
    args.extend(asked.args.clone());
    let stages = dockerfile.stages(&args);
    let named = || stages.iter().filter_map(|it| it.name.clone()).collect();
    let Some(place) = place(&stages, target.as_deref()) else {
        return Some(Err(NoStage(named())));
    };
    let builder = Builder::new(recipes, surroundings);
    let named = asked.context.or_else(|| known.and_then(|it| it.context.as_ref()));
    let chosen = Chosen {
        context: builder.context(asked.dockerfile, &stages, named),
        several: leaves(&stages).len() > 1,
        dockerfile: asked.dockerfile,
        named_context: named.is_some(),
        target: place,
        stages,
        args,
        purpose: Purpose::Production,
        wanted: known,
        knows: known.map(|it| Wanted { target, ..it.clone() }),
    };
    Some(Ok(builder.of_folder(&chosen, asked.folder.clone())))
}
