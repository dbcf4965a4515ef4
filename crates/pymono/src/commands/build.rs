//! `pymono build`

use std::{collections::BTreeSet, num::NonZeroUsize, thread::available_parallelism};

use camino::Utf8Path;
use clap::{Args, ValueEnum};
use pymono_buildx::{
    BuildRequest, Buildx, Docker, DriveOptions, Export, Job, OnFailure, Retries, drive,
};
use pymono_event::{BuildEvent, Observer, Outcome, ServiceReport};
use pymono_names::{Platform, ServiceName, TreePath};
use pymono_plan::{BuildPlan, Image, StageName};
use pymono_report::{Bars, JsonLines, Lines, OutputError, Shell};

use crate::{
    error::CommandError,
    files::{Changes, rendered_files},
    load::{Loaded, Overrides, load},
    session::Session,
};

/// Where what a build needs is kept; the folder ignores itself.
const FOLDER: &str = ".pymono/state";

/// Build images
///
/// Every service is one `docker buildx build`; stages that services share run
/// once. Without `--push` images are loaded into the local engine.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// A service to build, by name or path (can be repeated)
    #[arg(value_name = "SERVICE", conflicts_with = "all")]
    services: Vec<String>,
    /// Build every service
    #[arg(long)]
    all: bool,
    /// How many images are built at a time, by default one per processor
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    on_failure: OnFailureArgs,
    /// Print the docker commands and run none
    #[arg(long)]
    dry_run: bool,
    /// How progress is shown on standard error
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: ProgressStyle,
    #[command(flatten)]
    image: ImageArgs,
    #[command(flatten)]
    buildx: BuildxArgs,
}

/// What a failed image means for the others; the last flag counts.
#[derive(Debug, Args)]
struct OnFailureArgs {
    /// Build the others when an image fails, the default
    #[arg(long, overrides_with = "fail_fast")]
    keep_going: bool,
    /// Stop the others when an image fails
    #[arg(long, overrides_with = "keep_going")]
    fail_fast: bool,
}

/// What becomes of images.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
struct ImageArgs {
    /// Push images to their registry
    #[arg(long)]
    push: bool,
    /// Load images into the local engine, the default without `--push`
    #[arg(long)]
    load: bool,
    /// Tag images with TAG in place of the configured tags (can be repeated)
    #[arg(short, long = "tag", value_name = "TAG", value_parser = tag)]
    tags: Vec<String>,
    /// Put REGISTRY before images' names in place of the configured one
    #[arg(long, value_name = "REGISTRY", value_parser = registry)]
    registry: Option<String>,
    /// Build for PLATFORM in place of the configured ones (can be repeated)
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    platforms: Vec<Platform>,
}

/// What is passed on to buildx as it is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Passed on to buildx")]
struct BuildxArgs {
    /// The builder
    #[arg(long, value_name = "NAME")]
    builder: Option<String>,
    /// A secret, such as `id=netrc,src=.netrc` (can be repeated)
    #[arg(long = "secret", value_name = "SECRET")]
    secrets: Vec<String>,
    /// An SSH agent or key, such as `default` (can be repeated)
    #[arg(long, value_name = "SSH")]
    ssh: Vec<String>,
    /// A cache to read (can be repeated)
    #[arg(long, value_name = "CACHE")]
    cache_from: Vec<String>,
    /// A cache to write (can be repeated)
    #[arg(long, value_name = "CACHE")]
    cache_to: Vec<String>,
    /// The provenance attestation; none by default, so that an unchanged image keeps its digest
    #[arg(long, value_name = "PROVENANCE")]
    provenance: Option<String>,
    /// The SBOM attestation
    #[arg(long, value_name = "SBOM")]
    sbom: Option<String>,
    /// Run every step even if its result is known
    #[arg(long)]
    no_cache: bool,
    /// Ask the registry for newer base images
    #[arg(long)]
    pull: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProgressStyle {
    /// Live lines on a terminal, plain ones elsewhere
    Auto,
    /// Plain lines
    Plain,
    /// One JSON event a line, on standard output
    Json,
}

pub(crate) fn run(session: &mut Session, args: &BuildArgs) -> Result<(), CommandError> {
    if !args.all && args.services.is_empty() {
        return Err(CommandError::nothing_asked());
    }
    let ImageArgs { registry, tags, platforms, .. } = &args.image;
    let overrides = Overrides {
        registry: registry.clone(),
        tags: tags.clone(),
        platforms: platforms.iter().copied().collect(),
    };
    let mut loaded = load(session, &overrides)?;
    let jobs = jobs(&mut loaded, &session.folder, args)?;
    if args.all {
        tell_unplanned(session, &mut loaded, args)?;
    }
    if args.image.push {
        check_registries(&jobs)?;
    }
    write_state(session.root.as_path(), &loaded)?;
    let docker = Docker::new(session.root.clone(), session.env.clone());
    let bases = bases(&loaded.plan, &jobs, args);
    if args.dry_run {
        return print(session, &docker, bases.iter().chain(&jobs));
    }
    let versions = docker.check(&session.interrupt);
    // A client that was stopped has told nothing about the engine.
    session.go_on()?;
    let versions = versions?;
    session.shell.status(
        "Planned",
        format_args!(
            "{} of {} services in {} stages, with Docker {} and buildx {}",
            jobs.len(),
            loaded.fleet.services.len(),
            loaded.plan.stages.len(),
            versions.engine,
            versions.buildx,
        ),
    )?;
    let reports = build(session, docker, &bases, &jobs, args)?;
    outcome(session, &reports)?;
    if args.all && !loaded.unplanned.is_empty() {
        return Err(CommandError::unplanned());
    }
    Ok(())
}

/// Says which services cannot be built; like a failed image, none keeps the others from it.
fn tell_unplanned(
    session: &mut Session,
    loaded: &mut Loaded,
    args: &BuildArgs,
) -> Result<(), CommandError> {
    if args.on_failure.fail_fast {
        return loaded.whole();
    }
    for unplanned in &loaded.unplanned {
        session.shell.error(&unplanned.error, unplanned.error.hint().as_deref())?;
    }
    Ok(())
}

/// Returns the builds that the command line asks for, in the order of the plan.
fn jobs(
    loaded: &mut Loaded,
    folder: &TreePath,
    args: &BuildArgs,
) -> Result<Vec<Job>, CommandError> {
    let wanted = args.services.iter().map(|text| loaded.service(folder, text));
    let wanted = wanted.collect::<Result<Vec<ServiceName>, _>>()?;
    let images = loaded.plan.images.iter().filter(|(name, _)| args.all || wanted.contains(name));
    let has_pins = !loaded.rendered.pins.is_empty();
    Ok(images
        .map(|(name, image)| Job {
            service: name.clone(),
            request: request(name, image, has_pins, args),
        })
        .collect())
}

/// Refuses to push where no registry is named: the default one would take it for an official image.
fn check_registries(jobs: &[Job]) -> Result<(), CommandError> {
    let mut references = jobs.iter().flat_map(|job| &job.request.tags);
    match references.find(|reference| !reference.contains('/')) {
        Some(reference) => Err(CommandError::no_registry(reference)),
        None => Ok(()),
    }
}

fn request(service: &ServiceName, image: &Image, has_pins: bool, args: &BuildArgs) -> BuildRequest {
    let mut exports = Vec::new();
    if args.image.push {
        exports.push(Export::Push);
    }
    if args.image.load || !args.image.push {
        exports.push(Export::Load);
    }
    let pins = has_pins.then(|| (pymono_render::PINS_CONTEXT.to_owned(), format!("{FOLDER}/pins")));
    let BuildxArgs { cache_to, provenance, sbom, .. } = &args.buildx;
    BuildRequest {
        build_contexts: pins.into_iter().collect(),
        tags: image.settings.references.clone(),
        exports,
        platforms: image.settings.platforms.iter().map(ToString::to_string).collect(),
        cache_to: cache_to.clone(),
        provenance: provenance.clone(),
        sbom: sbom.clone(),
        ..target(service.as_str(), &args.buildx)
    }
}

/// Returns the builds of what the images of `jobs` stand on, which come first.
fn bases(plan: &BuildPlan, jobs: &[Job], args: &BuildArgs) -> Vec<Job> {
    let services: BTreeSet<&ServiceName> = jobs.iter().map(|job| &job.service).collect();
    let platforms: BTreeSet<&String> = jobs.iter().flat_map(|job| &job.request.platforms).collect();
    let job = |stage: &StageName| Job {
        service: ServiceName::slug(stage.as_str()),
        request: BuildRequest {
            exports: vec![Export::To("type=cacheonly".to_owned())],
            platforms: platforms.iter().copied().cloned().collect(),
            ..target(stage.as_str(), &args.buildx)
        },
    };
    // Without a cache there is nothing to know again.
    if args.buildx.no_cache { Vec::new() } else { plan.bases(&services).map(job).collect() }
}

/// Returns what the builds of all targets have in common.
fn target(name: &str, args: &BuildxArgs) -> BuildRequest {
    BuildRequest {
        dockerfile: format!("{FOLDER}/Dockerfile").into(),
        target: Some(name.to_owned()),
        context: ".".into(),
        builder: args.builder.clone(),
        secrets: args.secrets.clone(),
        ssh: args.ssh.clone(),
        cache_from: args.cache_from.clone(),
        no_cache: args.no_cache,
        pull: args.pull,
        ..BuildRequest::default()
    }
}

fn write_state(root: &Utf8Path, loaded: &Loaded) -> Result<(), CommandError> {
    let folder = Utf8Path::new(FOLDER);
    let mut files = rendered_files(&loaded.rendered, folder);
    files.insert(folder.join(".gitignore"), "*\n".to_owned());
    Ok(Changes::between(root, files, &[folder.join("pins")])?.apply()?)
}

fn print<'a>(
    session: &mut Session,
    docker: &Docker,
    jobs: impl Iterator<Item = &'a Job>,
) -> Result<(), CommandError> {
    for job in jobs {
        session.shell.print(docker.invocation(job.request.args()).in_directory())?;
    }
    Ok(())
}

fn build(
    session: &mut Session,
    docker: Docker,
    bases: &[Job],
    jobs: &[Job],
    args: &BuildArgs,
) -> Result<Vec<(ServiceName, ServiceReport)>, CommandError> {
    let processors = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let options = DriveOptions {
        jobs: args.jobs.unwrap_or_else(processors),
        on_failure: if args.on_failure.fail_fast {
            OnFailure::FailFast
        } else {
            OnFailure::KeepGoing
        },
        retries: Retries::default(),
    };
    let buildx = Buildx::new(docker);
    let interrupt = &session.interrupt;
    let drive = |observer: &mut dyn Observer| {
        // Where a base cannot be built, each service that stands on it says so.
        drive(&buildx, bases, &options, interrupt, &mut Before(observer));
        drive(&buildx, jobs, &options, interrupt, observer)
    };
    Ok(observed(&mut session.shell, args.progress, drive)?)
}

/// Hands on what happens before the services are built: all but the beginning and the end, which are theirs.
struct Before<'a>(&'a mut dyn Observer);

impl Observer for Before<'_> {
    fn observe(&mut self, event: &BuildEvent) {
        if !matches!(event, BuildEvent::Planned { .. } | BuildEvent::Summary { .. }) {
            self.0.observe(event);
        }
    }
}

/// Runs `drive` with the observer that the user wants.
fn observed<T>(
    shell: &mut Shell,
    style: ProgressStyle,
    drive: impl FnOnce(&mut dyn Observer) -> T,
) -> Result<T, OutputError> {
    match style {
        ProgressStyle::Json => {
            let mut json = JsonLines::new(shell);
            let result = drive(&mut json);
            json.finish().map(|()| result)
        }
        ProgressStyle::Auto if shell.terminal().is_some() => {
            let mut bars = Bars::new(shell);
            let result = drive(&mut bars);
            bars.finish().map(|()| result)
        }
        ProgressStyle::Auto | ProgressStyle::Plain => {
            let mut lines = Lines::new(shell);
            let result = drive(&mut lines);
            lines.finish().map(|()| result)
        }
    }
}

fn outcome(
    session: &Session,
    reports: &[(ServiceName, ServiceReport)],
) -> Result<(), CommandError> {
    let done = |report: &ServiceReport| matches!(report.outcome, Outcome::Built | Outcome::Cached);
    session.go_on()?;
    if reports.iter().all(|(_, report)| done(report)) {
        Ok(())
    } else {
        Err(CommandError::images_failed())
    }
}

/// Reads a tag, by the rule that configured ones follow.
fn tag(text: &str) -> Result<String, String> {
    pymono_scan::check_tag(text).map(|()| text.to_owned())
}

/// Reads what stands before an image's name, by the rule that a configured one follows.
fn registry(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    pymono_scan::check_registry(text).map(|()| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_no_reference() {
        assert!(tag("v1.2_rc-3").is_ok());
        for text in ["", ".x", "-x", "a:b", "a/b", "a b"] {
            assert!(tag(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_registry_may_have_a_port_and_a_path() {
        assert_eq!(registry("127.0.0.1:5000/team/").as_deref(), Ok("127.0.0.1:5000/team"));
        for text in ["", "/", "a b", "https://x.example", "foo:bar//x"] {
            assert!(registry(text).is_err(), "{text}");
        }
    }
}
