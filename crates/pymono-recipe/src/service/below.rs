//! What an image has from the images of the tree that it stands on.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

use super::{
    Missing, Source, Surroundings,
    build::outer_names,
    context,
    parent::{Local, Parent},
    python,
    wanted::{Behind, Wanted},
};
use crate::{Arguments, Config, Context, Manager, Recipe, Stage};

/// The images of the tree that were looked at, by Dockerfile and target.
type Seen = BTreeSet<(TreePath, Option<String>)>;

/// The recipes, the tree and what it makes itself.
#[derive(Debug)]
pub(crate) struct Grounds<'a> {
    pub(crate) recipes: &'a BTreeMap<TreePath, Recipe>,
    pub(crate) surroundings: &'a Surroundings<'a>,
    pub(crate) local: Local<'a>,
}

/// How an image of the tree is built.
pub(crate) struct ParentStages {
    /// The stages of its Dockerfile with its arguments.
    pub(crate) stages: Vec<Stage>,
    /// The stage that is built.
    pub(crate) target: usize,
    /// The context of the build.
    pub(crate) context: TreePath,
    /// The build arguments.
    pub(crate) args: Arguments,
}

/// What is there below a target's own stages, and what all of it comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Below {
    /// The configuration of the image of this tree that it stands on.
    config: Config,
    /// Whether that image has Python.
    pub(crate) has_python: bool,
    /// The version of Python of all together.
    pub(crate) python: Option<String>,
    /// The image from elsewhere at the very bottom.
    pub(crate) base: Option<String>,
    apt: Vec<String>,
    apk: Vec<String>,
    /// What those images read of the tree.
    pub(crate) sources: Vec<Source>,
    /// Their Dockerfiles.
    pub(crate) parents: BTreeSet<TreePath>,
}

impl Below {
    /// Returns a stage's configuration on top of that of the image below it.
    pub(crate) fn over(&self, own: &Config) -> Config {
        let mut config = self.config.clone();
        if own.entrypoint.is_some() {
            config.entrypoint.clone_from(&own.entrypoint);
            config.cmd = None;
        }
        config.cmd = own.cmd.clone().or(config.cmd);
        config.health = own.health.clone().or(config.health);
        config.user = own.user.clone().or(config.user);
        config.workdir = own.workdir.clone().or(config.workdir);
        config.env.extend(own.env.clone());
        config.ports.extend(&own.ports);
        config
    }

    /// Returns the packages of one manager, those of the images below first.
    pub(crate) fn packages(
        &self,
        stages: &[Stage],
        target: usize,
        manager: Manager,
    ) -> Vec<String> {
        let below = match manager {
            Manager::Apt => &self.apt,
            Manager::Apk => &self.apk,
            Manager::Dnf => return Vec::new(),
        };
        let own =
            python::packages(stages, target, manager).into_iter().filter(|it| !below.contains(it));
        below.iter().cloned().chain(own).collect()
    }
}

impl Grounds<'_> {
    /// Returns what a target has from images of the tree.
    pub(crate) fn below(
        &self,
        dockerfile: &TreePath,
        stages: &[Stage],
        target: usize,
        wanted: Option<&Wanted>,
    ) -> Below {
        let name = stages.get(target).and_then(|it| it.name.clone());
        let mut seen = Seen::from([(dockerfile.clone(), name)]);
        self.below_at(dockerfile, stages, target, wanted, &mut seen)
    }

    fn below_at(
        &self,
        dockerfile: &TreePath,
        stages: &[Stage],
        target: usize,
        wanted: Option<&Wanted>,
        seen: &mut Seen,
    ) -> Below {
        let base = python::bottom_name(stages, target);
        let found = base.as_deref().and_then(|it| self.local.find(it, wanted, dockerfile));
        let mut below = found.and_then(|it| self.parent(&it, seen)).unwrap_or_default();
        // An image that a build copies from may be one of the tree too.
        let closure = Stage::closure(stages, target).into_iter();
        for name in closure.flat_map(|at| outer_names(&stages[at])) {
            let copied = self.local.find(&name, wanted, dockerfile);
            let Some(copied) = copied.and_then(|it| self.parent(&it, seen)) else { continue };
            below.has_python |= copied.has_python;
            below.sources.extend(copied.sources);
            below.parents.extend(copied.parents);
        }
        below.python = python::version(stages, target).or(below.python);
        below.base = below.base.or(base);
        below
    }

    /// Returns how an image of the tree is built; nothing where its Dockerfile has no such target.
    pub(crate) fn parent_stages(&self, parent: &Parent) -> Option<ParentStages> {
        let Recipe::Dockerfile(dockerfile) = self.recipes.get(&parent.dockerfile)? else {
            return None;
        };
        let wanted = parent.wanted.as_ref();
        let args = wanted.map_or_else(Arguments::new, |it| it.args.clone());
        let stages = dockerfile.stages(&args);
        let target = place(&stages, wanted.and_then(|it| it.target.as_deref()))?;
        let context = wanted
            .and_then(|it| it.context.clone())
            .unwrap_or_else(|| context::context(&parent.dockerfile, &stages, self.surroundings));
        Some(ParentStages { stages, target, context, args })
    }

    /// Returns all that an image of the tree gives to those that stand on it; nothing at the second look.
    fn parent(&self, parent: &Parent, seen: &mut Seen) -> Option<Below> {
        let ParentStages { stages, target, context, .. } = self.parent_stages(parent)?;
        if !seen.insert((parent.dockerfile.clone(), stages[target].name.clone())) {
            return None;
        }
        let wanted = parent.wanted.as_ref();
        let mut below = self.below_at(&parent.dockerfile, &stages, target, wanted, seen);
        below.config = below.over(&stages[target].config);
        below.has_python |= python::has_python(&stages, target);
        below.apt = below.packages(&stages, target, Manager::Apt);
        below.apk = below.packages(&stages, target, Manager::Apk);
        below.sources.extend(self.sources(&parent.dockerfile, &stages, target, &context, wanted).0);
        below.parents.insert(parent.dockerfile.clone());
        Some(below)
    }

    /// Returns what a target's own stages read of the tree, and what they would but is not there.
    pub(crate) fn sources(
        &self,
        dockerfile: &TreePath,
        stages: &[Stage],
        target: usize,
        context: &TreePath,
        wanted: Option<&Wanted>,
    ) -> (Vec<Source>, Vec<Missing>) {
        let (mut sources, mut missing) = (Vec::new(), Vec::new());
        let closure = Stage::closure(stages, target);
        for reach in closure.into_iter().filter_map(|at| stages.get(at)).flat_map(Stage::own_reach)
        {
            let folder = match &reach.context {
                Context::Main => context,
                Context::Named(name) => match wanted.and_then(|it| it.contexts.get(name)) {
                    Some(Behind::Folder(folder)) => folder,
                    _ => continue,
                },
            };
            let found = self.surroundings.matching(folder, &reach.source);
            if found.is_empty() {
                missing.push(Missing { source: reach.source, line: reach.line });
                continue;
            }
            let source = |path| Source { path, dockerfile: dockerfile.clone(), line: reach.line };
            sources.extend(found.into_iter().map(source));
        }
        (sources, missing)
    }
}

/// Returns the place of the stage that is built: that of the name, or the last.
pub(crate) fn place(stages: &[Stage], name: Option<&str>) -> Option<usize> {
    match name {
        Some(name) => stages.iter().rposition(|it| it.name.as_deref() == Some(name)),
        None => stages.len().checked_sub(1),
    }
}

/// Returns the names of what a stage copies from that is no stage.
pub(crate) fn named(stage: &Stage) -> Vec<String> {
    let reach = stage.own_reach().into_iter();
    let name = |it: crate::Reach| match it.context {
        Context::Named(name) => Some(name),
        Context::Main => None,
    };
    let mut names: Vec<String> = reach.filter_map(name).collect();
    names.dedup();
    names
}
