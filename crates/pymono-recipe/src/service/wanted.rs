//! The builds that recipes ask for, Dockerfiles apart.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

use super::{Purpose, leaf::purpose_of};
use crate::{
    Arguments, Bake, Build, Command, Compose, Container, Health, ImageReference, PlatformService,
    Recipe, RecipeKind,
};

/// A build that a recipe asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// What a recipe calls it.
    pub(crate) name: String,
    /// The names of its image, for those that stand on it.
    pub(crate) images: BTreeSet<String>,
    pub(crate) why: String,
    pub(crate) dockerfile: TreePath,
    /// The context; `None` where it depends on where a tool is started.
    pub(crate) context: Option<TreePath>,
    pub(crate) target: Option<String>,
    pub(crate) args: Arguments,
    /// What stands behind names that are no stages: contexts and images.
    pub(crate) contexts: BTreeMap<String, Behind>,
    pub(crate) development: bool,
    pub(crate) run: Overrides,
}

impl Wanted {
    fn new(name: &str, why: String, dockerfile: TreePath) -> Self {
        Self {
            name: name.to_owned(),
            images: BTreeSet::new(),
            why,
            dockerfile,
            context: None,
            target: None,
            args: Arguments::new(),
            contexts: BTreeMap::new(),
            development: false,
            run: Overrides::default(),
        }
    }
}

/// What stands behind the name of a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// A folder of the tree.
    Folder(TreePath),
    /// Another build of the same recipe.
    Build(String),
    /// An image by its name.
    Image(String),
}

/// How a recipe starts an image, in place of what its Dockerfile says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overrides {
    pub(crate) entrypoint: Option<Command>,
    pub(crate) cmd: Option<Command>,
    pub(crate) ports: Vec<u16>,
    pub(crate) env: Arguments,
    pub(crate) health: Option<Health>,
    pub(crate) health_path: Option<String>,
}

/// Returns the builds that all recipes ask for, in the order of their paths and names.
pub(crate) fn wanted(recipes: &BTreeMap<TreePath, Recipe>) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for (path, recipe) in recipes {
        let Some(purpose) = purpose_of(path) else { continue };
        let folder = path.parent().unwrap_or_else(TreePath::root);
        let from = From { path, folder: &folder, development: purpose == Purpose::Development };
        match recipe {
            Recipe::Compose(compose) => wanted.extend(from.compose(compose)),
            Recipe::Bake(bake) => wanted.extend(from.bake(bake)),
            Recipe::Skaffold(artifacts) => {
                let built = artifacts.iter().filter_map(|it| Some((it, it.build.as_ref()?)));
                wanted.extend(built.filter_map(|(it, build)| {
                    let alias = |(alias, image): (&String, &String)| (alias.clone(), image.clone());
                    let mut wanted = from.build(&it.image, build)?;
                    wanted.args.extend(it.requires.iter().map(alias));
                    wanted.images.insert(it.image.clone());
                    Some(wanted)
                }));
            }
            Recipe::Platform(kind, services) => {
                wanted.extend(services.iter().flat_map(|it| from.platform(*kind, it, recipes)));
            }
            _ => {}
        }
    }
    let containers = containers(recipes);
    for wanted in &mut wanted {
        deployed(wanted, &containers);
    }
    wanted
}

/// Returns the containers that clusters run.
pub(crate) fn containers(recipes: &BTreeMap<TreePath, Recipe>) -> Vec<&Container> {
    let found = recipes.values().filter_map(|it| match it {
        Recipe::Kubernetes(containers) => Some(containers),
        _ => None,
    });
    found.flatten().collect()
}

/// The recipe that asks for builds.
struct From<'a> {
    path: &'a TreePath,
    folder: &'a TreePath,
    development: bool,
}

impl From<'_> {
    fn build(&self, name: &str, build: &Build) -> Option<Wanted> {
        let context = self.folder.join(&build.context).ok()?;
        let dockerfile = context.join(build.dockerfile.as_deref().unwrap_or("Dockerfile")).ok()?;
        let behind = |(name, value): (&String, &String)| (name.clone(), self.behind(value));
        let why = format!("`{}` builds it as `{name}`", self.path);
        Some(Wanted {
            context: Some(context),
            target: build.target.as_ref().map(|it| it.to_lowercase()),
            args: build.args.clone(),
            contexts: build.contexts.iter().map(behind).collect(),
            development: self.development,
            ..Wanted::new(ImageReference::parse(name).last(), why, dockerfile)
        })
    }

    fn behind(&self, value: &str) -> Behind {
        let build = value.strip_prefix("target:").or_else(|| value.strip_prefix("service:"));
        if let Some(name) = build {
            return Behind::Build(name.to_owned());
        }
        if let Some(image) = value.strip_prefix("docker-image://") {
            return Behind::Image(image.to_owned());
        }
        self.folder.join(value).map_or_else(|_| Behind::Image(value.to_owned()), Behind::Folder)
    }

    fn compose(&self, compose: &Compose) -> Vec<Wanted> {
        let built = |image: &str| {
            let same = |it: &&crate::ComposeService| {
                it.build.is_some() && it.image.as_deref() == Some(image)
            };
            compose.services.values().find(same)?.build.as_ref()
        };
        let wanted = compose.services.iter().filter_map(|(name, service)| {
            // A service may run the image that another one builds.
            let build = service.build.as_ref().or_else(|| built(service.image.as_deref()?))?;
            let mut wanted = self.build(name, build)?;
            wanted.images.extend(service.image.clone());
            wanted.images.insert(name.clone());
            wanted.run = Overrides {
                entrypoint: service.entrypoint.clone(),
                cmd: service.command.clone(),
                ports: service.ports.clone(),
                env: service
                    .environment
                    .iter()
                    .filter_map(|(name, it)| Some((name.clone(), it.clone()?)))
                    .collect(),
                health: service.health.clone(),
                health_path: None,
            };
            Some(wanted)
        });
        wanted.collect()
    }

    fn bake(&self, bake: &Bake) -> Vec<Wanted> {
        let wanted = bake.targets.iter().filter(|(name, _)| !name.starts_with('_'));
        wanted
            .filter_map(|(name, target)| {
                let mut wanted = self.build(name, &target.build)?;
                wanted.images.extend(target.tags.iter().cloned());
                Some(wanted)
            })
            .collect()
    }

    fn platform(
        &self,
        kind: RecipeKind,
        service: &PlatformService,
        recipes: &BTreeMap<TreePath, Recipe>,
    ) -> Vec<Wanted> {
        // Render's paths are seen from the repository's root, the others' from the file's folder.
        let root = if kind == RecipeKind::Render { &TreePath::root() } else { self.folder };
        let Ok(root) = root.join(service.root.as_deref().unwrap_or(".")) else { return Vec::new() };
        let beside = root.join("Dockerfile").ok().filter(|it| recipes.contains_key(it));
        let named =
            service.build.as_ref().map(|it| it.dockerfile.as_deref().unwrap_or("Dockerfile"));
        let Some(dockerfile) = named.and_then(|it| root.join(it).ok()).or(beside) else {
            return Vec::new();
        };
        let name = service
            .name
            .clone()
            .or_else(|| root.file_name().map(str::to_owned))
            .unwrap_or_default();
        let wanted = |name: &str, command: Option<&Command>| Wanted {
            target: service
                .build
                .as_ref()
                .and_then(|it| it.target.as_ref())
                .map(|it| it.to_lowercase()),
            args: service.build.as_ref().map(|it| it.args.clone()).unwrap_or_default(),
            run: Overrides {
                cmd: command.cloned(),
                ports: service.port.into_iter().collect(),
                health_path: service.health.clone(),
                ..Overrides::default()
            },
            ..Wanted::new(name, format!("`{}` builds it", self.path), dockerfile.clone())
        };
        let mut all: Vec<Wanted> = Vec::new();
        for (process, command) in service.processes.iter().filter(|(it, _)| *it != "release") {
            let single = service.processes.len() == 1 || process == "web" || process == "app";
            let name = if single { name.clone() } else { format!("{name}-{process}") };
            all.push(wanted(&name, Some(command)));
        }
        if all.is_empty() {
            all.push(wanted(&name, None));
        }
        all
    }
}

/// Adds what a cluster is told of the image that a build makes.
fn deployed(wanted: &mut Wanted, containers: &[&Container]) {
    let own = wanted.images.iter().map(|it| ImageReference::parse(it).last().to_owned());
    let Some(outside) =
        own.map(|it| deployed_as(&it, containers)).find(|it| *it != Overrides::default())
    else {
        return;
    };
    let run = &mut wanted.run;
    run.entrypoint = run.entrypoint.take().or(outside.entrypoint);
    run.cmd = run.cmd.take().or(outside.cmd);
    run.ports.extend(outside.ports);
    run.health_path = run.health_path.take().or(outside.health_path);
    for (name, value) in outside.env {
        run.env.entry(name).or_insert(value);
    }
}

/// Returns what a cluster is told of the image with that name, its registry and tag left out.
pub(crate) fn deployed_as(name: &str, containers: &[&Container]) -> Overrides {
    let same = |it: &&&Container| ImageReference::parse(&it.image).last() == name;
    let Some(container) = containers.iter().find(same) else { return Overrides::default() };
    Overrides {
        entrypoint: container.entrypoint.clone(),
        cmd: container.cmd.clone(),
        ports: container.ports.clone(),
        env: container.env.clone(),
        health: None,
        health_path: container.health.clone(),
    }
}
