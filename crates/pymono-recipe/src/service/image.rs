//! From builds to images: each with its folder, what it holds and what it starts.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

use super::{
    Image, ImageBuild, Missing, Purpose, Source, Surroundings,
    below::{Below, Grounds, place},
    context,
    leaf::{leaves, purpose_of, stage_purpose},
    owner::{Evidence, names_of_file, normalised, owner},
    parent::Local,
    python, serve, variant,
    wanted::{self, Wanted},
};
use crate::{Arguments, Command, Config, Container, Dockerfile, Manager, Recipe, Stage, Starts};

/// Returns the images of the tree that run Python, sorted.
pub(crate) fn images(
    recipes: &BTreeMap<TreePath, Recipe>,
    surroundings: &Surroundings<'_>,
) -> Vec<Image> {
    let builder = Builder::new(recipes, surroundings);
    let wanted = builder.grounds.local.wanted().to_vec();
    let asked = wanted.iter().filter_map(|it| builder.asked(it));
    let dockerfiles = recipes.iter().filter_map(|(path, it)| match it {
        Recipe::Dockerfile(dockerfile) => Some((path, dockerfile)),
        _ => None,
    });
    let unasked = dockerfiles.flat_map(|(path, it)| builder.unasked(path, it, &wanted));
    let mut images: Vec<Image> = asked.chain(unasked).collect();
    // A ground for others may have a script to start them with; alone it starts nothing.
    let grounds: BTreeSet<TreePath> = images.iter().flat_map(|it| it.parents.clone()).collect();
    let starts = |it: &Image| it.command.as_ref().map(Command::starts) == Some(Starts::Python);
    images.retain(|it| starts(it) || !grounds.contains(&it.build.dockerfile));
    united(images)
}

/// Makes one of images that are built and started alike.
fn united(images: Vec<Image>) -> Vec<Image> {
    let mut united: Vec<Image> = Vec::new();
    for image in images {
        let same = |it: &&mut Image| {
            (&it.build, &it.folder) == (&image.build, &image.folder)
                && it.command.as_ref().map(ToString::to_string)
                    == image.command.as_ref().map(ToString::to_string)
        };
        if let Some(known) = united.iter_mut().find(same) {
            known.purpose = known.purpose.min(image.purpose);
            known.port = known.port.or(image.port);
            known.health = known.health.take().or(image.health);
            let further =
                image.why.into_iter().filter(|why| !known.why.contains(why)).collect::<Vec<_>>();
            known.why.extend(further);
        } else {
            united.push(image);
        }
    }
    let key = |it: &Image| {
        let ImageBuild { dockerfile, target, .. } = &it.build;
        (it.folder.clone(), it.purpose, dockerfile.clone(), target.clone(), it.name.clone())
    };
    united.sort_by_key(key);
    united
}

/// One build, all its choices made.
pub(super) struct Chosen<'a> {
    pub(super) dockerfile: &'a TreePath,
    pub(super) stages: Vec<Stage>,
    pub(super) target: usize,
    pub(super) context: TreePath,
    pub(super) named_context: bool,
    pub(super) args: Arguments,
    pub(super) purpose: Purpose,
    pub(super) wanted: Option<&'a Wanted>,
    /// The build that tells what stands behind names in the Dockerfile; it may be one of another stage.
    pub(super) knows: Option<Wanted>,
    /// Whether the Dockerfile builds several images.
    pub(super) several: bool,
}

impl Chosen<'_> {
    /// Returns how a recipe starts the image.
    ///
    /// One that builds it for development says nothing of how it is started in production.
    fn run(&self) -> Option<&wanted::Overrides> {
        let wanted = self.wanted?;
        let same = wanted.target.is_none() || wanted.target == self.stages[self.target].name;
        let production = self.purpose == Purpose::Production;
        (same && !(production && wanted.development)).then_some(&wanted.run)
    }
}

pub(super) struct Builder<'a> {
    grounds: Grounds<'a>,
    /// What clusters run.
    containers: Vec<&'a Container>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        recipes: &'a BTreeMap<TreePath, Recipe>,
        surroundings: &'a Surroundings<'a>,
    ) -> Self {
        let local = Local::new(recipes, wanted::wanted(recipes));
        let grounds = Grounds { recipes, surroundings, local };
        Self { grounds, containers: wanted::containers(recipes) }
    }

    /// Returns the image of a folder, whatever it runs.
    pub(super) fn of_folder(&self, chosen: &Chosen<'_>, folder: TreePath) -> Image {
        let (below, config) = self.configuration(chosen);
        self.described(chosen, folder, "the configuration names it", below, config)
    }

    /// Returns the image of a build that a recipe asks for.
    fn asked(&self, wanted: &'a Wanted) -> Option<Image> {
        let Recipe::Dockerfile(dockerfile) = self.grounds.recipes.get(&wanted.dockerfile)? else {
            return None;
        };
        let stages = dockerfile.stages(&wanted.args);
        let target = place(&stages, wanted.target.as_deref())?;
        let said = [purpose_of(&wanted.dockerfile)?, stage_purpose(&stages, target)?];
        let development = wanted.development || said.contains(&Purpose::Development);
        self.image(&Chosen {
            dockerfile: &wanted.dockerfile,
            context: self.context(&wanted.dockerfile, &stages, wanted.context.as_ref()),
            several: leaves(&stages).len() > 1,
            named_context: wanted.context.is_some(),
            target,
            stages,
            args: wanted.args.clone(),
            purpose: if development { Purpose::Development } else { Purpose::Production },
            wanted: Some(wanted),
            knows: Some(wanted.clone()),
        })
    }

    /// Returns the images of a Dockerfile that no recipe asks for.
    fn unasked(
        &self,
        path: &'a TreePath,
        dockerfile: &'a Dockerfile,
        wanted: &'a [Wanted],
    ) -> Vec<Image> {
        let Some(purpose) = purpose_of(path) else { return Vec::new() };
        let asking: Vec<&Wanted> = wanted.iter().filter(|it| it.dockerfile == *path).collect();
        let stages = dockerfile.stages(&Arguments::new());
        let covered: BTreeSet<usize> = asking
            .iter()
            .filter(|it| !it.development)
            .filter_map(|it| place(&stages, it.target.as_deref()))
            .filter(|at| stage_purpose(&stages, *at) == Some(Purpose::Production))
            .collect();
        let leaves = leaves(&stages);
        // Without a name, only the last stage can be built.
        let open = leaves.iter().copied().filter(|at| {
            !covered.contains(at) && (stages[*at].name.is_some() || at + 1 == stages.len())
        });
        // What asks for one stage knows the contexts of the others, and what asks for one for
        // development also the name of the one for production.
        let beside = asking.first().copied();
        let asking = beside.filter(|_| covered.is_empty());
        let named = beside.and_then(|it| it.context.as_ref());
        let context = self.context(path, &stages, named);
        let knows = |target: usize| {
            let name = stages.get(target).and_then(|it| it.name.clone());
            beside.map(|it| Wanted { target: name, ..it.clone() })
        };
        let images = open.flat_map(|target| {
            let variants =
                variant::variants(dockerfile, target, &context, self.grounds.surroundings);
            variants.into_iter().map(move |args| (target, args))
        });
        let image = |(target, args): (usize, Arguments)| {
            self.image(&Chosen {
                dockerfile: path,
                stages: dockerfile.stages(&args),
                target,
                context: context.clone(),
                named_context: named.is_some(),
                args,
                purpose: purpose.max(stage_purpose(&stages, target)?),
                wanted: asking,
                knows: knows(target),
                several: leaves.len() > 1,
            })
        };
        images.filter_map(image).collect()
    }

    pub(super) fn context(
        &self,
        dockerfile: &TreePath,
        stages: &[Stage],
        named: Option<&TreePath>,
    ) -> TreePath {
        named
            .cloned()
            .unwrap_or_else(|| context::context(dockerfile, stages, self.grounds.surroundings))
    }

    fn image(&self, chosen: &Chosen<'_>) -> Option<Image> {
        let Chosen { dockerfile, stages, target, context, .. } = chosen;
        let (below, config) = self.configuration(chosen);
        let command = config.command();
        if !python::runs_python(stages, *target, command.as_ref(), &below) || is_test(&config) {
            return None;
        }
        let (folder, because) = owner(&Evidence {
            dockerfile,
            context,
            named_context: chosen.named_context,
            stages,
            target: *target,
            command: command.as_ref(),
            stands_on_tree: !below.sources.is_empty(),
            names: names(chosen),
            surroundings: self.grounds.surroundings,
        })?;
        Some(self.described(chosen, folder, &because, below, config))
    }

    /// Returns what a build has from the images below it, and what its image says.
    fn configuration(&self, chosen: &Chosen<'_>) -> (Below, Config) {
        let Chosen { dockerfile, stages, target, knows, .. } = chosen;
        let below = self.grounds.below(dockerfile, stages, *target, knows.as_ref());
        let mut config = below.over(&stages[*target].config);
        if let Some(run) = chosen.run() {
            overridden(&mut config, run);
        }
        (below, config)
    }

    /// Returns the image of a folder.
    fn described(
        &self,
        chosen: &Chosen<'_>,
        folder: TreePath,
        because: &str,
        below: Below,
        config: Config,
    ) -> Image {
        let Chosen { dockerfile, stages, target, context, args, knows, .. } = chosen;
        let command = config.command();
        let env = environment(&config);
        let healthcheck = config.health.as_ref().map(|it| it.test.clone());
        let named = name(chosen, &folder, self.grounds.surroundings);
        let outside =
            chosen.run().cloned().unwrap_or_else(|| wanted::deployed_as(&named, &self.containers));
        let given = env.clone().into_iter().chain(outside.env).collect();
        let commanded = command.as_ref().and_then(|it| serve::port(it, &given));
        let exposed = config.ports.iter().find(|it| !it.udp).map(|it| it.number);
        let health_path = healthcheck.as_ref().and_then(serve::health_path);
        let (sources, missing) = self.sources(chosen, &below);
        Image {
            name: named,
            why: why(chosen, because),
            purpose: chosen.purpose,
            build: self.grounds.build(dockerfile, stages, *target, (context, args), knows.as_ref()),
            base: below.base.clone(),
            python: below.python.clone(),
            apt: below.packages(stages, *target, Manager::Apt),
            apk: below.packages(stages, *target, Manager::Apk),
            port: commanded.or(exposed).or(outside.ports.first().copied()),
            health: health_path.or(outside.health_path),
            healthcheck,
            user: config.user.map(|(user, _)| user),
            workdir: config.workdir.map(|(path, _)| path),
            env,
            command,
            copies: copies(&sources, &folder, self.grounds.surroundings),
            sources,
            missing,
            parents: below.parents,
            folder,
        }
    }

    /// Returns what a build can read of the tree, and what it would but is not there.
    fn sources(&self, chosen: &Chosen<'_>, below: &Below) -> (Vec<Source>, Vec<Missing>) {
        let (mut sources, mut missing) = self.grounds.sources(
            chosen.dockerfile,
            &chosen.stages,
            chosen.target,
            &chosen.context,
            chosen.knows.as_ref(),
        );
        sources.extend(below.sources.iter().cloned());
        sources.sort();
        sources.dedup();
        missing.sort();
        missing.dedup();
        (sources, missing)
    }
}

fn environment(config: &Config) -> BTreeMap<String, String> {
    config.env.iter().map(|(name, it)| (name.clone(), it.value.clone())).collect()
}

fn overridden(config: &mut Config, run: &wanted::Overrides) {
    if let Some(entrypoint) = &run.entrypoint {
        config.entrypoint = Some(entrypoint.clone());
        config.cmd = None;
    }
    config.cmd = run.cmd.clone().or(config.cmd.take());
    config.health = run.health.clone().or(config.health.take());
}

/// Returns whether all that an image does is to run tests.
fn is_test(config: &Config) -> bool {
    const RUNNERS: [&str; 6] = ["pytest", "tox", "nox", "coverage", "behave", "py.test"];
    let Some(command) = config.command() else { return false };
    command.simple().iter().any(|words| {
        let words: Vec<&str> = words.iter().map(|it| crate::launcher::base_name(it)).collect();
        let module = || {
            words
                .windows(2)
                .any(|it| it[0] == "-m" && (RUNNERS.contains(&it[1]) || it[1] == "unittest"))
        };
        words.first().is_some_and(|it| RUNNERS.contains(it)) || module()
    })
}

/// Returns what an image is called, by all that says so.
fn names(chosen: &Chosen<'_>) -> Vec<String> {
    let target = chosen.stages[chosen.target].name.clone();
    let wanted = chosen.wanted.map(|it| it.name.clone());
    let given = chosen.args.values().cloned();
    target.into_iter().chain(wanted).chain(given).chain(names_of_file(chosen.dockerfile)).collect()
}

/// Returns the name of an image: a recipe's, its target's where there are several, or its folder's.
fn name(chosen: &Chosen<'_>, folder: &TreePath, surroundings: &Surroundings<'_>) -> String {
    if let Some(wanted) = chosen.wanted.filter(|it| !it.name.is_empty()) {
        return wanted.name.clone();
    }
    if let Some(target) = chosen.stages[chosen.target].name.clone().filter(|_| chosen.several) {
        return target;
    }
    let project = surroundings.projects.get(folder).filter(|it| !it.is_empty());
    // Everybody's sources are in `src`.
    let telling = folder.parts().rev().find(|it| *it != "src");
    let own = project.map(String::as_str).or(telling).unwrap_or("app").to_owned();
    let file = chosen.dockerfile.file_name().unwrap_or_default().to_lowercase();
    let stem =
        names_of_file(chosen.dockerfile).into_iter().next().filter(|it| file.contains(it.as_str()));
    match stem.filter(|it| normalised(it) != normalised(&own)) {
        Some(stem) if normalised(&stem).starts_with(&format!("{}-", normalised(&own))) => stem,
        Some(stem) => format!("{own}-{stem}"),
        None => own,
    }
}

fn why(chosen: &Chosen<'_>, because: &str) -> Vec<String> {
    let file = chosen.dockerfile;
    let target = chosen.stages[chosen.target].name.as_ref();
    let built = match target.filter(|_| chosen.several) {
        Some(target) => format!("target `{target}` of `{file}` runs it: {because}"),
        None => format!("`{file}` runs it: {because}"),
    };
    let asked = chosen.wanted.map(|it| it.why.clone());
    asked.into_iter().chain([built]).collect()
}

/// Returns the other projects that a build copies more than manifests of, by name.
fn copies(
    sources: &[Source],
    folder: &TreePath,
    surroundings: &Surroundings<'_>,
) -> BTreeMap<TreePath, usize> {
    let mut copies = BTreeMap::new();
    for source in sources {
        let Some(project) = surroundings.project_of(&source.path) else { continue };
        let named =
            source.path == project || !is_manifest(source.path.file_name().unwrap_or_default());
        if named && !folder.is_in(&project) {
            copies.entry(project).or_insert(source.line);
        }
    }
    copies
}

/// Returns whether a file only describes a project, so that copying it brings none of its code.
fn is_manifest(name: &str) -> bool {
    const NAMES: [&str; 13] = [
        ".python-version",
        "Cargo.lock",
        "Pipfile",
        "Pipfile.lock",
        "README.md",
        "constraints.txt",
        "package.json",
        "pdm.lock",
        "poetry.lock",
        "pylock.toml",
        "pyproject.toml",
        "setup.cfg",
        "uv.lock",
    ];
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    NAMES.contains(&name) || (name.starts_with("requirements") && extension == Some("txt"))
}
