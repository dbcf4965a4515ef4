//! Images that exist already, and need not be built.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use pymono_buildx::{Docker, Export, Job, Published, PublishedImage, repository};
use pymono_event::{BuildEvent, Observer, Outcome, ServiceReport};
use pymono_exec::{Interrupt, side_by_side};
use pymono_fingerprint::{Fingerprint, Inputs, sent};
use pymono_names::{ServiceName, TreePath};
use pymono_plan::Fleet;
use pymono_report::Builds;
use pymono_workspace::{Contents, Project, Workspace};

use super::{args::BuildArgs, memory::Memory, record::Record};
use crate::{
    error::CommandError,
    load::{Loaded, scan_options},
    session::Session,
};

/// The label that an image has its fingerprint in.
pub(crate) const LABEL: &str = "pymono.fingerprint";

/// Registries are asked about so many images at a time.
const AT_ONCE: usize = 16;

/// A registry that does not answer is asked so often more.
const TRIES: u32 = 2;

/// The fingerprint of each service.
pub(crate) type Fingerprints = BTreeMap<ServiceName, Fingerprint>;

/// The images that exist, each as a report.
pub(super) type Found = BTreeMap<ServiceName, ServiceReport>;

/// Returns the fingerprint of each service that is planned.
pub(crate) fn fingerprints(
    session: &mut Session,
    loaded: &Loaded,
) -> Result<Fingerprints, CommandError> {
    let Loaded { workspace, fleet, tree, .. } = loaded;
    let paths = sent(workspace, fleet);
    let options = scan_options(session);
    let contents = pymono_scan::contents(&options, tree, workspace, &paths)?;
    if let Some(path) = contents.unfetched.first() {
        session.shell.warn(crate::load::unfetched(path))?;
    }
    let mut fingerprints = all_fingerprints(workspace, fleet, &contents.as_sent());
    let images = fleet.handwritten.iter().filter(|(_, image)| !image.is_ground);
    let mut images = images.peekable();
    // A Dockerfile's build is sent what git ignores, too, of which nothing is known.
    let everything = || vec![TreePath::root()];
    let ignored = images.peek().map(|_| pymono_scan::ignored(&options).unwrap_or_else(everything));
    let is_clean = |project: &Project| {
        let sources = || project.images.iter().flat_map(|image| &image.sources);
        let touches = |it: &TreePath| sources().any(|path| it.is_in(path) || path.is_in(it));
        !ignored.iter().flatten().any(touches)
    };
    for (name, image) in images {
        if !workspace.projects.get(&image.path).is_some_and(is_clean) {
            fingerprints.remove(name);
        }
    }
    Ok(fingerprints)
}

/// Returns the fingerprint of each image of a tree, were it built from what is known of the tree alone.
pub(super) fn all_fingerprints(
    workspace: &Workspace,
    fleet: &Fleet,
    contents: &Contents,
) -> Fingerprints {
    let services = fleet.services.iter().filter_map(|(path, service)| {
        let inputs = Inputs::of(fleet, path, contents)?;
        Some((service.name.clone(), inputs.fingerprint()))
    });
    let images = fleet.handwritten.keys().filter_map(|name| {
        let inputs = Inputs::of_image(workspace, fleet, name, contents)?;
        Some((name.clone(), inputs.fingerprint()))
    });
    services.chain(images).collect()
}

/// Gives each image its fingerprint: as a label, and where it is pushed as a tag.
pub(super) fn mark(jobs: &mut [Job], fingerprints: &Fingerprints) {
    for job in jobs {
        let Some(fingerprint) = fingerprints.get(&job.service) else { continue };
        job.request.labels.insert(LABEL.to_owned(), fingerprint.to_string());
        if job.request.exports.contains(&Export::Push) {
            let repositories: BTreeSet<String> =
                job.request.tags.iter().map(|it| repository(it).to_owned()).collect();
            let tags = repositories.into_iter().map(|it| format!("{it}:{}", fingerprint.tag()));
            job.request.tags.extend(tags);
        }
    }
}

/// Takes the jobs away whose images exist where they are wanted, and gives these the wanted references.
pub(super) fn take_existing(
    session: &mut Session,
    docker: &Docker,
    loaded: &Loaded,
    jobs: &mut Vec<Job>,
    (fingerprints, memory): (&Fingerprints, &mut Memory),
    args: &BuildArgs,
) -> Result<Found, CommandError> {
    let anew = args.force || args.buildx.no_cache || args.buildx.pull;
    let found = match jobs.first().map(|job| job.request.exports.as_slice()) {
        _ if anew => Found::new(),
        Some([Export::Load]) => in_store(session, docker, jobs, fingerprints, memory)?,
        Some([Export::Push]) => {
            in_registry(session, docker, jobs, fingerprints, &loaded.workspace.reuse_from, args)?
        }
        _ => Found::new(),
    };
    session.go_on()?;
    jobs.retain(|job| !found.contains_key(&job.service));
    take_unneeded(jobs, loaded);
    Ok(found)
}

/// Takes the jobs away of images that only others are built from, where none of these is left.
fn take_unneeded(jobs: &mut Vec<Job>, loaded: &Loaded) {
    let is_ground =
        |name: &ServiceName| loaded.fleet.handwritten.get(name).is_some_and(|it| it.is_ground);
    // A job stands behind those that it needs.
    let mut needed = BTreeSet::new();
    for job in jobs.iter().rev() {
        if !is_ground(&job.service) || needed.contains(&job.service) {
            needed.extend(job.needs.iter().cloned());
        }
    }
    jobs.retain(|job| !is_ground(&job.service) || needed.contains(&job.service));
}

/// Remembers the images that were loaded.
pub(super) fn remember(
    session: &Session,
    docker: &Docker,
    jobs: &[Job],
    (fingerprints, memory): (&Fingerprints, &mut Memory),
    (found, reports): (&Found, &[(ServiceName, ServiceReport)]),
) -> Result<(), CommandError> {
    if !jobs.iter().any(|job| job.request.exports.contains(&Export::Load)) {
        return Ok(());
    }
    let mut record = Record::read(session);
    let mut built = BTreeSet::new();
    for (service, report) in reports {
        if let (true, Some(fingerprint), Some(id)) =
            (report.outcome.is_made(), fingerprints.get(service), &report.digest)
        {
            record.add(image_of(report), fingerprint, id);
            built.extend(report.images.iter().map(|it| (it.as_str(), id.as_str())));
        }
    }
    record.write(session)?;
    let all = reports.iter().map(|(_, report)| report).chain(found.values());
    let repositories = all.flat_map(|report| &report.images).map(|it| repository(it)).collect();
    memory.learn(session, docker, &built, &repositories);
    Ok(())
}

/// Finds the images that were built on this machine and that the engine still has.
///
/// The engine is asked once for all services, by the names of their images, and only for those that something may
/// have happened to; a second time only for those that another image has taken the names of.
fn in_store(
    session: &Session,
    docker: &Docker,
    jobs: &[Job],
    fingerprints: &Fingerprints,
    memory: &mut Memory,
) -> Result<Found, CommandError> {
    let record = Record::read(session);
    let interrupt = &session.interrupt;
    let wanted = jobs.iter().filter_map(|job| Some((job, fingerprints.get(&job.service)?)));
    let wanted: Vec<(&Job, &Fingerprint)> = wanted.collect();
    if record.all(wanted.iter().map(|(job, it)| (name_of(job), *it))).is_empty() {
        return Ok(Found::new());
    }
    let first = wanted.iter().find_map(|(job, fingerprint)| {
        let id = record.ids(name_of(job), fingerprint).next()?;
        Some((id, job.request.tags.first()?.as_str()))
    });
    memory.wake(session, docker, first);
    let tags = jobs.iter().flat_map(|job| &job.request.tags);
    let stored = match memory.stored(session, docker, &tags.map(|it| repository(it)).collect()) {
        Ok(stored) => stored,
        Err(error) => {
            // Where no engine answers, that is what has to be said.
            session.go_on()?;
            docker.check(interrupt)?;
            return Err(error.into());
        }
    };
    let unnamed = wanted.iter().filter(|(job, fingerprint)| {
        !record.ids(name_of(job), fingerprint).any(|id| stored.has(id))
    });
    let unnamed = record.all(unnamed.map(|(job, it)| (name_of(job), *it)));
    let known = docker.known(&unnamed, interrupt);
    let mut found = Found::new();
    for (job, fingerprint) in wanted {
        let mut ids = record.ids(name_of(job), fingerprint);
        let Some(id) = ids.find(|id| stored.has(id) || known.contains(*id)) else { continue };
        for reference in job.request.tags.iter().filter(|it| stored.id(it) != Some(id)) {
            docker.name(id, reference, interrupt)?;
        }
        found.insert(job.service.clone(), report(job, id));
    }
    Ok(found)
}

/// Returns whether each image behind a reference says that it was built from a fingerprint.
pub(super) fn bears(image: &PublishedImage, fingerprint: &Fingerprint) -> bool {
    let mut images = image.labels.iter().filter(|(it, _)| !it.starts_with("unknown/")).peekable();
    let is_own = |labels: &BTreeMap<String, String>| {
        labels.get(LABEL).is_some_and(|label| label == fingerprint.as_str())
    };
    images.peek().is_some() && images.all(|(_, labels)| is_own(labels))
}

/// Returns the repository of the image that a job makes.
fn name_of(job: &Job) -> &str {
    job.request.tags.first().map_or("", |it| repository(it))
}

/// Returns the repository of the image that a report tells of.
pub(super) fn image_of(report: &ServiceReport) -> &str {
    report.images.first().map_or("", |it| repository(it))
}

/// What a registry was asked about one job.
enum Answer {
    Found(String),
    Missing,
    /// Why it is built.
    Refused(String),
}

/// Finds the images that a registry has under their fingerprints.
fn in_registry(
    session: &mut Session,
    docker: &Docker,
    jobs: &[Job],
    fingerprints: &Fingerprints,
    configured: &BTreeSet<String>,
    args: &BuildArgs,
) -> Result<Found, CommandError> {
    let interrupt = session.interrupt.clone();
    let platform = match &args.buildx.builder {
        // What another builder builds for, it alone knows.
        Some(_) => None,
        None => Some(docker.platform(&interrupt)?),
    };
    let told = &args.image.reuse_from;
    let from = if told.is_empty() { configured.iter().collect() } else { told.iter().collect() };
    let asking = Asking { docker, platform, interrupt: &interrupt, from };
    let wanted = jobs.iter().filter_map(|job| Some((job, fingerprints.get(&job.service)?)));
    let answers = asking.ask_all(&wanted.collect::<Vec<_>>());
    let mut found = Found::new();
    for (job, answer) in jobs.iter().filter_map(|job| Some((job, answers.get(&job.service)?))) {
        match answer {
            Answer::Found(digest) => {
                found.insert(job.service.clone(), report(job, digest));
            }
            Answer::Missing => {}
            Answer::Refused(why) => {
                session.shell.warn(format!("`{}` is built: {why}", job.service))?;
            }
        }
    }
    Ok(found)
}

/// Asks a registry about each of some things, several at a time.
pub(in crate::commands) fn at_once<T: Sync, K: Ord + Send, V: Send>(
    things: &[T],
    ask: impl Fn(&T) -> Option<(K, V)> + Sync,
) -> BTreeMap<K, V> {
    let answers = Mutex::new(BTreeMap::new());
    side_by_side(AT_ONCE, things, |_, thing| {
        if let (Some((key, answer)), Ok(mut answers)) = (ask(thing), answers.lock()) {
            answers.insert(key, answer);
        }
    });
    answers.into_inner().unwrap_or_default()
}

/// How registries are asked.
struct Asking<'a> {
    docker: &'a Docker,
    /// What images are built for that name no platform; nothing where that is not known.
    platform: Option<String>,
    interrupt: &'a Interrupt,
    /// Where images are taken from in place of their own repository.
    from: Vec<&'a String>,
}

impl Asking<'_> {
    /// Asks about all jobs, several at a time.
    fn ask_all(&self, wanted: &[(&Job, &Fingerprint)]) -> BTreeMap<ServiceName, Answer> {
        at_once(wanted, |(job, fingerprint)| {
            Some((job.service.clone(), self.ask(job, fingerprint)))
        })
    }

    fn ask(&self, job: &Job, fingerprint: &Fingerprint) -> Answer {
        let mut last = Answer::Missing;
        for repository in self.repositories(job) {
            let reference = format!("{repository}:{}", fingerprint.tag());
            let answer = match self.docker.published(&reference, TRIES, self.interrupt) {
                Published::Missing => Answer::Missing,
                Published::Unknown(why) => Answer::Refused(format!(
                    "the registry does not say whether it has the image: {why}"
                )),
                Published::Image(image) => self.checked(job, fingerprint, &reference, &image),
            };
            match answer {
                Answer::Found(digest) => {
                    return self.named(job, (&repository, &reference), digest);
                }
                Answer::Missing => {}
                refused @ Answer::Refused(_) => last = refused,
            }
        }
        last
    }

    /// Returns where the image may be.
    fn repositories(&self, job: &Job) -> BTreeSet<String> {
        let own = job.request.tags.iter().map(|it| repository(it).to_owned());
        if self.from.is_empty() {
            return own.collect();
        }
        let names = own.filter_map(|own| own.rsplit('/').next().map(str::to_owned));
        let names: BTreeSet<String> = names.collect();
        self.from
            .iter()
            .flat_map(|from| names.iter().map(move |name| format!("{from}/{name}")))
            .collect()
    }

    /// Holds an image against what it must be: a tag alone proves nothing.
    fn checked(
        &self,
        job: &Job,
        fingerprint: &Fingerprint,
        reference: &str,
        image: &PublishedImage,
    ) -> Answer {
        let own = self.platform.iter();
        let wanted: BTreeSet<&String> = if job.request.platforms.is_empty() {
            own.collect()
        } else {
            job.request.platforms.iter().collect()
        };
        let has: BTreeSet<&String> =
            image.labels.keys().filter(|it| !it.starts_with("unknown/")).collect();
        if wanted.is_empty() || !wanted.is_subset(&has) {
            return Answer::Missing;
        }
        if bears(image, fingerprint) {
            return Answer::Found(image.digest.clone());
        }
        Answer::Refused(format!(
            "`{reference}` is an image that was not built from this: its label `{LABEL}` says so"
        ))
    }

    /// Gives an image that was found under a reference the other ones that are wanted.
    fn named(&self, job: &Job, (repository, found): (&str, &str), digest: String) -> Answer {
        let others = job.request.tags.iter().map(String::as_str).filter(|it| *it != found);
        let others: Vec<&str> = others.collect();
        match self.docker.publish_as((repository, &digest), &others, self.interrupt) {
            Ok(()) => Answer::Found(digest),
            Err(error) => Answer::Refused(format!("its references could not be moved: {error}")),
        }
    }
}

fn report(job: &Job, digest: &str) -> ServiceReport {
    ServiceReport {
        outcome: Outcome::Skipped,
        duration: Duration::ZERO,
        steps_cached: 0,
        steps_run: 0,
        images: job.request.tags.clone(),
        digest: Some(digest.to_owned()),
        size: None,
        failure: None,
    }
}

/// Tells of the images that exist along with those that are built.
pub(super) struct Beside<'a> {
    /// Who is told.
    pub(super) observer: &'a mut dyn Observer,
    /// The images that exist.
    pub(super) found: &'a Found,
    /// How all of it ended, once it has.
    pub(super) ended: &'a mut Builds,
}

impl Observer for Beside<'_> {
    fn observe(&mut self, event: &BuildEvent) {
        match event {
            BuildEvent::Planned { services } => {
                let all: BTreeSet<&ServiceName> =
                    services.iter().chain(self.found.keys()).collect();
                let services = all.into_iter().cloned().collect();
                self.observer.observe(&BuildEvent::Planned { services });
                for (service, report) in self.found {
                    let (service, report) = (service.clone(), report.clone());
                    self.observer.observe(&BuildEvent::Finished { service, report });
                }
            }
            BuildEvent::Summary { duration, services } => {
                let built: BTreeMap<_, _> = services.iter().cloned().collect();
                let all = built.into_iter().chain(self.found.clone());
                let services: Vec<_> = all.collect::<BTreeMap<_, _>>().into_iter().collect();
                self.ended.duration = *duration;
                self.ended.services.clone_from(&services);
                self.observer.observe(&BuildEvent::Summary { duration: *duration, services });
            }
            other => self.observer.observe(other),
        }
    }
}
