//! A build with all that it is given, so that it can be run.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

use super::{
    below::{Grounds, ParentStages, named},
    parent::Parent,
    wanted::{Behind, Wanted},
};
use crate::{Arguments, ImageReference, Stage};

/// A build of a Dockerfile with all that it is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageBuild {
    /// The Dockerfile.
    pub dockerfile: TreePath,
    /// The stage that is built; `None` where the last one has no name.
    pub target: Option<String>,
    /// The context of the build.
    pub context: TreePath,
    /// The build arguments that it is built with.
    pub args: Arguments,
    /// What stands behind names that are no stages, by the name as the builder compares it.
    pub contexts: BTreeMap<String, Named>,
    /// Whether a step asks for an SSH agent.
    pub ssh: bool,
}

/// What stands behind a name in a Dockerfile that is no stage of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// A folder of the tree.
    Folder(TreePath),
    /// An image from elsewhere that a recipe puts there.
    Image(String),
    /// The image of another build of the tree, and what that is called.
    Build(String, Box<ImageBuild>),
}

/// The builds on the way to one, which it must not stand on again.
type Above = BTreeSet<(TreePath, Option<String>)>;

impl Grounds<'_> {
    /// Returns a build with what stands behind the names in its Dockerfile.
    pub(crate) fn build(
        &self,
        dockerfile: &TreePath,
        stages: &[Stage],
        target: usize,
        (context, args): (&TreePath, &Arguments),
        wanted: Option<&Wanted>,
    ) -> ImageBuild {
        let name = stages.get(target).and_then(|it| it.name.clone());
        let above = Above::from([(dockerfile.clone(), name)]);
        self.build_at(dockerfile, stages, target, (context, args), wanted, &above)
    }

    fn build_at(
        &self,
        dockerfile: &TreePath,
        stages: &[Stage],
        target: usize,
        (context, args): (&TreePath, &Arguments),
        wanted: Option<&Wanted>,
        above: &Above,
    ) -> ImageBuild {
        let closure = Stage::closure(stages, target);
        let used: Vec<&Stage> = closure.iter().filter_map(|at| stages.get(*at)).collect();
        let names: BTreeSet<String> = used.iter().flat_map(|it| outer_names(it)).collect();
        let contexts = names.into_iter().filter_map(|name| {
            let behind = self.behind(&name, wanted, dockerfile, above)?;
            Some((familiar(&name), behind))
        });
        ImageBuild {
            dockerfile: dockerfile.clone(),
            target: stages.get(target).and_then(|it| it.name.clone()),
            context: context.clone(),
            args: args.clone(),
            contexts: contexts.collect(),
            ssh: used.iter().any(|it| it.runs.iter().any(|run| run.ssh)),
        }
    }

    fn behind(
        &self,
        name: &str,
        wanted: Option<&Wanted>,
        own: &TreePath,
        above: &Above,
    ) -> Option<Named> {
        if let Some(parent) = self.local.find(name, wanted, own) {
            return self.parent_build(name, &parent, above);
        }
        match wanted?.contexts.get(name)? {
            Behind::Folder(folder) => Some(Named::Folder(folder.clone())),
            Behind::Image(image) => Some(Named::Image(image.clone())),
            Behind::Build(_) => None,
        }
    }

    fn parent_build(&self, name: &str, parent: &Parent, above: &Above) -> Option<Named> {
        let ParentStages { stages, target, context, args } = self.parent_stages(parent)?;
        let mut above = above.clone();
        if !above.insert((parent.dockerfile.clone(), stages[target].name.clone())) {
            return None;
        }
        let wanted = parent.wanted.as_ref();
        let given = (&context, &args);
        let build = self.build_at(&parent.dockerfile, &stages, target, given, wanted, &above);
        let called = wanted.map(|it| it.name.clone()).filter(|it| !it.is_empty());
        let called = called.unwrap_or_else(|| ImageReference::parse(name).last().to_owned());
        Some(Named::Build(called, Box::new(build)))
    }
}

/// Returns the names in a stage that are no stage's: images and contexts.
pub(crate) fn outer_names(stage: &Stage) -> Vec<String> {
    // A name with an argument that has no value means nothing to a builder.
    let base = Some(stage.base.image.clone())
        .filter(|it| stage.base.stage.is_none() && !it.contains("${") && it != "scratch");
    base.into_iter().chain(named(stage)).collect()
}

/// Returns the name of an image as builders compare the names of contexts.
///
/// The rule is that of `reference.FamiliarString` in the library `distribution/reference`:
/// the default registry, its namespace and the tag `latest` are left out.
fn familiar(name: &str) -> String {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    name.strip_suffix(":latest").unwrap_or(name).to_owned()
}
