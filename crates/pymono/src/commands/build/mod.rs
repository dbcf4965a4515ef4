//! `pymono build`

mod args;
mod asked;
mod bases;
mod budget;
mod cached;
mod client;
mod handwritten;
mod memory;
mod record;
mod reproducible;
mod requests;
mod reuse;
pub(super) mod secrets;
mod shared;
mod summary;
mod wanted;

use std::{collections::BTreeSet, num::NonZeroUsize, thread::available_parallelism};

use camino::Utf8Path;
use pymono_buildx::{
    Buildx, Docker, DockerError, DriveOptions, History, Job, OnFailure, Retries, drive,
};
use pymono_event::{BuildEvent, Observer, ServiceReport};
use pymono_names::ServiceName;
use pymono_report::{Bars, Builds, JsonLines, Lines, OutputError, Shell, plural};

pub(crate) use args::BuildArgs;
use args::{ImageArgs, ProgressStyle};
use asked::Asked;
use client::Client;
use memory::Memory;
pub(super) use reuse::at_once;
use reuse::{Beside, Fingerprints, Found};
pub(crate) use reuse::{LABEL, fingerprints};
use secrets::Given;
use summary::Told;
use wanted::Wanted;

use crate::{
    changes,
    error::CommandError,
    files::{Changes, rendered_files},
    load::{Loaded, Overrides, load, load_scanned},
    session::Session,
};

/// Where what a build needs is kept; the folder ignores itself.
const FOLDER: &str = ".pymono/state";

/// One client builds so many images: of two or three hundred at once BuildKit loses some (docker/buildx#3810).
const TOGETHER: Option<NonZeroUsize> = NonZeroUsize::new(50);

/// Of more images the sizes are not asked for where nobody collects them: straight after many builds an engine takes
/// seconds to tell.
const SIZED: usize = 8;

pub(crate) fn run(session: &mut Session, args: &BuildArgs) -> Result<(), CommandError> {
    let is_named = !args.services.is_empty() || !args.stages.is_empty();
    if !args.all && args.changed.is_none() && !is_named {
        return Err(CommandError::nothing_asked());
    }
    let docker = Docker::new(session.root.clone(), session.env.clone());
    let asked = ask(session, &docker, args);
    let (wanted, changes) = Wanted::of(session, args)?;
    let overrides = overrides(args);
    let mut loaded = read(session, args, &overrides, changes.as_ref())?;
    let env = session.env.clone();
    let given = Given::new(&env);
    let services = wanted.services(&mut loaded, &session.folder, args)?;
    let told = Told { args, overrides: &overrides, changes: changes.as_ref(), services: &services };
    let mut jobs = jobs(session, &mut loaded, &services, args, &given)?;
    let unplanned = tell_unplanned(session, &mut loaded, &wanted, args)?;
    if jobs.is_empty() && (args.changed.is_some() || args.image.test) {
        session.shell.status("Nothing", if args.image.test { "to test" } else { "to build" })?;
        told.write(session, &loaded, None)?;
        return if unplanned { Err(CommandError::unplanned()) } else { Ok(()) };
    }
    if args.image.push {
        requests::check_registries(&jobs)?;
    }
    let fingerprints = if makes_images(args) {
        reuse::fingerprints(session, &loaded)?
    } else {
        Fingerprints::new()
    };
    let mut memory = Memory::of(session, asked.and_then(Asked::answer).flatten());
    reuse::mark(&mut jobs, &fingerprints);
    write_state(session.root.as_path(), &loaded)?;
    let found = if args.dry_run {
        Found::new()
    } else {
        let known = (&fingerprints, &mut memory);
        reuse::take_existing(session, &docker, &loaded, &mut jobs, known, args)?
    };
    let mut bases = bases::wanted(session, &loaded, &jobs, &memory, args);
    if args.sameness.reproducible {
        jobs.iter_mut().chain(&mut bases).for_each(reproducible::settle);
    }
    if args.dry_run {
        return print(session, &docker, bases.iter().chain(&jobs));
    }
    let client = begin(session, (&docker, &memory), &loaded, &jobs, args)?;
    budget::warn_unseen(session, &loaded, &jobs)?;
    let (below, reports, builds) =
        build(session, (&docker, client), (&bases, &jobs), &found, args)?;
    bases::remember(session, &loaded.plan, (&bases, &below), &mut memory, args);
    reuse::remember(session, &docker, &jobs, (&fingerprints, &mut memory), (&found, &reports))?;
    conclude(session, &docker, &loaded, &told, &found, &reports, builds)?;
    if unplanned { Err(CommandError::unplanned()) } else { Ok(()) }
}

/// Returns the builds that are asked for: of stages, of tests, or of images.
fn jobs(
    session: &mut Session,
    loaded: &mut Loaded,
    services: &BTreeSet<ServiceName>,
    args: &BuildArgs,
    given: &Given<'_>,
) -> Result<Vec<Job>, CommandError> {
    if !args.stages.is_empty() {
        return Ok(vec![shared::job(loaded, args, given)?]);
    }
    if args.image.test {
        return requests::tests(session, loaded, services, args, given);
    }
    Ok(requests::jobs(loaded, services, args, given))
}

/// Reads the tree, unless that was done to compare it, and plans all of its services.
fn read(
    session: &mut Session,
    args: &BuildArgs,
    overrides: &Overrides,
    changes: Option<&changes::Changes>,
) -> Result<Loaded, CommandError> {
    // Of a sparse checkout the commit was compared.
    let compared = changes.map(|changes| &changes.head.scan);
    let loaded = match compared.filter(|scan| scan.tree.commit().is_none()) {
        Some(scan) => load_scanned(session, overrides, scan.clone())?,
        None => load(session, overrides)?,
    };
    if args.sameness.reproducible {
        reproducible::check(session, &loaded)?;
    }
    Ok(loaded)
}

/// Asks the engine what happened in it, where that tells which images it has.
fn ask(session: &Session, docker: &Docker, args: &BuildArgs) -> Option<Asked<Option<History>>> {
    let is_loaded = args.image.load || !args.image.push;
    let docker = docker.clone();
    let ask = move |interrupt: &_| docker.history(interrupt);
    (is_loaded && !args.dry_run && makes_images(args)).then(|| Asked::of(session, ask))
}

/// Returns whether images are made. Tests and stages make nothing that could be there already; what is done, the
/// builder knows.
fn makes_images(args: &BuildArgs) -> bool {
    !args.image.test && args.stages.is_empty()
}

/// Looks at the images that are there now, and says how it all ended.
fn conclude(
    session: &mut Session,
    docker: &Docker,
    loaded: &Loaded,
    told: &Told<'_>,
    found: &Found,
    reports: &[(ServiceName, ServiceReport)],
    builds: Builds,
) -> Result<(), CommandError> {
    let image = &told.args.image;
    let there = reports.iter().map(|(service, report)| (service, report));
    let there = found.iter().chain(there);
    let is_loaded = image.load || !image.push;
    let budgets = budget::check(session, docker, loaded, there, told.changes, is_loaded);
    let summary = told.write(session, loaded, Some((docker, builds)));
    outcome(session, reports)?;
    summary?;
    budgets
}

/// Returns what the command line says about every image.
fn overrides(args: &BuildArgs) -> Overrides {
    let ImageArgs { registry, tags, platforms, .. } = &args.image;
    Overrides {
        registry: registry.clone(),
        tags: tags.clone(),
        platforms: platforms.iter().copied().collect(),
        locks: args.locks.clone(),
        settled: args.sameness.reproducible,
    }
}

/// Says what will be built and with what, if anything is.
fn begin(
    session: &mut Session,
    (docker, memory): (&Docker, &Memory),
    loaded: &Loaded,
    jobs: &[Job],
    args: &BuildArgs,
) -> Result<Option<Client>, CommandError> {
    if jobs.is_empty() {
        return Ok(None);
    }
    // Nothing is sent to anybody by a client that is too old.
    let history = memory.history().filter(|_| !args.image.push);
    let (client, engine) = Client::look(session, docker, history)?;
    let plan = &loaded.plan;
    let planned = if !args.stages.is_empty() {
        plural(args.stages.len(), "stage")
    } else if args.image.test {
        format!("tests of {}", plural(jobs.len(), "service"))
    } else {
        let images = plan.images.len() + plan.handwritten.len();
        format!("{} of {images} images in {} stages", jobs.len(), plan.stages.len())
    };
    session.shell.status("Planned", format_args!("{planned}, with Docker {engine}"))?;
    Ok(Some(client))
}

/// Returns how the images are built, by a client that can build many at once.
fn drive_options(args: &BuildArgs, jobs: usize) -> DriveOptions {
    // Half of its time a client waits for the engine.
    let twice = |it: NonZeroUsize| it.saturating_add(it.get());
    let processors = || twice(available_parallelism().unwrap_or(NonZeroUsize::MIN));
    // A limit is kept by clients with one build each. A test that fails would end all others.
    let is_alone = args.jobs.is_some() || args.image.test;
    DriveOptions {
        jobs: args.jobs.unwrap_or_else(processors),
        together: if is_alone { None } else { TOGETHER },
        on_failure: if args.on_failure.fail_fast {
            OnFailure::FailFast
        } else {
            OnFailure::KeepGoing
        },
        retries: Retries::default(),
        sizes: jobs <= SIZED || args.summary.is_wanted(),
    }
}

/// Says which services cannot be built, and returns whether there are any; like a failed image, none
/// keeps the others from it.
fn tell_unplanned(
    session: &mut Session,
    loaded: &mut Loaded,
    wanted: &Wanted,
    args: &BuildArgs,
) -> Result<bool, CommandError> {
    let count = wanted.unplanned(loaded).count();
    if count > 0 && args.on_failure.fail_fast {
        loaded.whole()?;
    }
    for error in wanted.unplanned(loaded) {
        session.shell.error(error, error.hint().as_deref())?;
    }
    Ok(count > 0)
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

/// How each of some builds ended.
type Reports = Vec<(ServiceName, ServiceReport)>;

/// Builds what the images stand on, and then these.
fn build(
    session: &mut Session,
    (docker, mut client): (&Docker, Option<Client>),
    (bases, jobs): (&[Job], &[Job]),
    found: &Found,
    args: &BuildArgs,
) -> Result<(Reports, Reports, Builds), CommandError> {
    let buildx = Buildx::new(docker.clone());
    let mut ended = Builds::default();
    let interrupt = &session.interrupt;
    let options = drive_options(args, jobs.len());
    let mut options = |jobs: &[Job]| {
        let client = client.as_mut().filter(|_| !options.united(jobs).is_empty());
        let can = client.map_or(Ok(false), |client| client.builds_together(interrupt))?;
        let together = options.together.filter(|_| can);
        Ok::<_, DockerError>(DriveOptions { together, ..options.clone() })
    };
    let drive = |observer: &mut dyn Observer| {
        // Where a base cannot be built, each service that stands on it says so.
        let below = drive(&buildx, bases, &options(bases)?, interrupt, &mut Before(observer));
        let mut beside = Beside { observer, found, ended: &mut ended };
        Ok((below, drive(&buildx, jobs, &options(jobs)?, interrupt, &mut beside)))
    };
    let reports: Result<_, DockerError> = observed(&mut session.shell, args.progress, drive)?;
    client.map_or(Ok(()), |mut client| client.wait(&session.interrupt))?;
    let (below, reports) = reports?;
    Ok((below, reports, ended))
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
    session.go_on()?;
    if reports.iter().all(|(_, report)| report.outcome.is_made()) {
        Ok(())
    } else {
        Err(CommandError::images_failed())
    }
}
