//! Many builds side by side.

use std::{
    collections::BTreeMap,
    iter,
    num::NonZeroUsize,
    panic,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use pymono_event::{BuildEvent, Failure, Observer, Outcome, ServiceReport};
use pymono_exec::{Interrupt, side_by_side};
use pymono_names::ServiceName;

use crate::{BuildResult, Builder, End, ImageId, Job, Told, Update};

/// How to drive builds.
#[derive(Clone, Debug)]
pub struct DriveOptions {
    /// Clients that may run at the same time, each with one build.
    pub jobs: NonZeroUsize,
    /// Images that one client may build; with none, each image has a client of its own.
    pub together: Option<NonZeroUsize>,
    /// What a failure means for the others.
    pub on_failure: OnFailure,
    /// What to do about faults that pass by themselves.
    pub retries: Retries,
    /// Whether to ask how large the images are.
    pub sizes: bool,
}

impl DriveOptions {
    /// Returns those of `jobs` that a few clients build, each with its place: what needs no other, unless that is one alone, which
    /// has nothing to share.
    pub fn united<'a>(&self, jobs: &'a [Job]) -> Vec<(usize, &'a Job)> {
        let free = jobs.iter().enumerate().filter(|(_, job)| job.needs.is_empty());
        let free: Vec<_> = free.filter(|_| self.together.is_some()).collect();
        if free.len() > 1 { free } else { Vec::new() }
    }
}

/// What a failed image means for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The others are built.
    KeepGoing,
    /// Builds that run are cancelled, and no other starts.
    FailFast,
}

/// How often a build that met a passing fault is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Tries after the first one.
    pub most: u32,
    /// The pause before the first of them; each further one is twice as long.
    pub pause: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { most: 2, pause: Duration::from_secs(1) }
    }
}

/// So many clients at a time build several images each: nothing is idle while the last image of one is made.
const CLIENTS: usize = 2;

/// What workers tell the thread that drives.
enum Message {
    Event(BuildEvent),
    Ended { index: usize, report: ServiceReport, image: ImageId },
}

/// Builds the images of all `jobs` and returns how each ended, in the same order.
///
/// Where [`DriveOptions::together`] allows it, images that need no other are first built by a few clients. A
/// failure ends such a client. After a fault that passes, it starts again with what is left; else what it leaves is
/// built with a client for each image, as is all the rest: at most [`DriveOptions::jobs`] at a time, started in the order
/// given. A job must stand behind those that it needs; it waits for them, and is
/// skipped if one has no image. `observer` is called from this thread alone. A request of `interrupt`
/// cancels what runs and starts nothing more; the report is then complete all
/// the same. Sizes, if wanted, are asked for meanwhile: [`BuildEvent::Summary`] and
/// the returned reports hold them, [`BuildEvent::Finished`] does not.
pub fn drive(
    builder: &dyn Builder,
    jobs: &[Job],
    options: &DriveOptions,
    interrupt: &Interrupt,
    observer: &mut dyn Observer,
) -> Vec<(ServiceName, ServiceReport)> {
    let start = Instant::now();
    observer.observe(&BuildEvent::Planned {
        services: jobs.iter().map(|job| job.service.clone()).collect(),
    });

    let (sender, messages) = channel();
    // Failing fast stops the builds without being the user's request.
    let scope = interrupt.scope();
    let (done, ran) = (Done::default(), Ran::default());
    let run = Run { builder, jobs, options, interrupt, scope, done, ran };
    let mut ended: BTreeMap<usize, (ServiceReport, ImageId)> = BTreeMap::new();
    let mut duration = Duration::ZERO;
    thread::scope(|scope| {
        let run = &run;
        let (made, wanted) = channel();
        let sizes = scope.spawn(move || run.sizes(&wanted));
        scope.spawn(move || {
            run.together(&sender);
            side_by_side(options.jobs.get(), jobs, |index, job| run.apart(index, job, &sender));
        });
        for message in messages {
            match message {
                Message::Event(event) => observer.observe(&event),
                Message::Ended { index, report, image } => {
                    let service = jobs[index].service.clone();
                    observer.observe(&BuildEvent::Finished { service, report: report.clone() });
                    if report.outcome.is_made() && options.sizes {
                        let _ = made.send(index);
                    }
                    ended.insert(index, (report, image));
                }
            }
            if ended.len() == jobs.len() {
                break;
            }
        }
        duration = start.elapsed();
        drop(made);
        let sizes = sizes.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
        for (report, image) in ended.values_mut() {
            let mut ids = image.digest.iter().chain(&image.config);
            report.size = ids.find_map(|id| sizes.get(id)).copied();
        }
    });

    let services: Vec<_> = ended
        .into_iter()
        .map(|(index, (report, _))| (jobs[index].service.clone(), report))
        .collect();
    observer.observe(&BuildEvent::Summary { duration, services: services.clone() });
    services
}

/// What the workers of one call share.
struct Run<'a> {
    builder: &'a dyn Builder,
    jobs: &'a [Job],
    options: &'a DriveOptions,
    interrupt: &'a Interrupt,
    scope: Interrupt,
    done: Done,
    ran: Ran,
}

/// The jobs that ended, each with whether there is an image.
#[derive(Default)]
struct Done {
    jobs: Mutex<BTreeMap<ServiceName, bool>>,
    ended: Condvar,
}

impl Done {
    fn add(&self, service: &ServiceName, outcome: Outcome) {
        self.lock().insert(service.clone(), outcome.is_made());
        self.ended.notify_all();
    }

    /// Waits for some jobs to end, and returns the first that has no image.
    fn wait<'b>(&self, needs: impl Iterator<Item = &'b ServiceName>) -> Option<&'b ServiceName> {
        let mut without = None;
        for need in needs {
            let jobs = self.lock();
            let open = |jobs: &mut BTreeMap<ServiceName, bool>| !jobs.contains_key(need);
            let jobs = self.ended.wait_while(jobs, open).unwrap_or_else(PoisonError::into_inner);
            if jobs.get(need) == Some(&false) {
                without = without.or(Some(need));
            }
        }
        without
    }

    fn has(&self, service: &ServiceName) -> bool {
        self.lock().contains_key(service)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServiceName, bool>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The steps that ran of builds that are begun once more, by service.
#[derive(Default)]
struct Ran(Mutex<BTreeMap<ServiceName, usize>>);

impl Ran {
    fn add(&self, job: &Job, steps: usize) {
        *self.lock().entry(job.service.clone()).or_default() += steps;
    }

    fn of(&self, job: &Job) -> usize {
        self.lock().get(&job.service).copied().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServiceName, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run<'_> {
    /// Builds with few clients what needs no other image, and leaves what a failure kept from it.
    fn together(&self, sender: &Sender<Message>) {
        let united = self.options.united(self.jobs);
        let Some(most) = self.options.together.filter(|_| !united.is_empty()) else { return };
        let clients = united.len().div_ceil(most.get());
        let batches: Vec<_> = united.chunks(united.len().div_ceil(clients)).collect();
        side_by_side(CLIENTS, &batches, |_, batch| self.batch(batch, sender));
    }

    /// Builds some images by one client, again if a fault passes.
    fn batch(&self, batch: &[(usize, &Job)], sender: &Sender<Message>) {
        if self.reason_not_to_start().is_some() {
            return;
        }
        let start = Instant::now();
        for (_, job) in batch {
            send(sender, BuildEvent::Started { service: job.service.clone() });
        }
        let mut open = batch.to_vec();
        let mut pause = self.options.retries.pause;
        for _ in 0..=self.options.retries.most {
            let passes = self.round(&mut open, start, sender);
            // One image alone has nothing to share.
            if !passes || open.len() < 2 || self.scope.pause(pause) {
                return;
            }
            pause *= 2;
        }
    }

    /// Builds images by one client, takes those away that have ended, and returns whether a fault that passes
    /// is all that kept the others from it.
    fn round(
        &self,
        open: &mut Vec<(usize, &Job)>,
        start: Instant,
        sender: &Sender<Message>,
    ) -> bool {
        let (mut passes, mut stays) = (false, false);
        let jobs: Vec<&Job> = open.iter().map(|(_, job)| *job).collect();
        self.builder.build_together(&jobs, &self.scope, &mut |place, told| {
            let (index, job) = open[place];
            match told {
                Told::Update(update) => send(sender, event(&job.service, update)),
                Told::Left { steps_run } => self.ran.add(job, steps_run),
                Told::Ended(BuildResult {
                    end: End::Failed { failure, transient: true },
                    steps_run,
                    ..
                }) => {
                    passes = true;
                    self.ran.add(job, steps_run);
                    let (service, message) = (job.service.clone(), failure.message);
                    send(sender, BuildEvent::Retrying { service, message });
                }
                Told::Ended(result) => {
                    stays |= matches!(result.end, End::Failed { .. });
                    let (mut report, image) = self.concluded(job, result);
                    report.duration = start.elapsed();
                    self.end(index, report, image, sender);
                }
            }
        });
        open.retain(|(_, job)| !self.done.has(&job.service));
        passes && !stays
    }

    /// Builds an image by a client of its own, unless that was done with others.
    fn apart(&self, index: usize, job: &Job, sender: &Sender<Message>) {
        if !self.done.has(&job.service) {
            let (report, image) = self.turn(index, job, sender);
            self.end(index, report, image, sender);
        }
    }

    fn end(&self, index: usize, report: ServiceReport, image: ImageId, sender: &Sender<Message>) {
        self.done.add(&self.jobs[index].service, report.outcome);
        if report.outcome == Outcome::Failed && self.options.on_failure == OnFailure::FailFast {
            self.scope.request();
        }
        let _ = sender.send(Message::Ended { index, report, image });
    }

    /// Builds `job` once all that it needs is there, if anything is to be started then.
    fn turn(&self, index: usize, job: &Job, sender: &Sender<Message>) -> (ServiceReport, ImageId) {
        // Only what stands before is waited for, and that was taken before, so somebody works on it.
        let before = self.jobs[..index].iter().map(|job| &job.service);
        let without = self.done.wait(before.filter(|service| job.needs.contains(service)));
        if let Some(outcome) = self.reason_not_to_start() {
            return (report(job, outcome), ImageId::default());
        }
        let Some(need) = without else { return self.build(job, sender) };
        let message = format!("`{need}`, which it is built from, was not built");
        let failure = Some(Failure { step: None, message, log: Vec::new() });
        (ServiceReport { failure, ..report(job, Outcome::Cancelled) }, ImageId::default())
    }

    /// Returns how a job ends that is not started, since somebody or a failure has stopped all.
    fn reason_not_to_start(&self) -> Option<Outcome> {
        let stopped = self.interrupt.requested() || self.scope.requested();
        stopped.then_some(Outcome::Cancelled)
    }

    /// Builds `job`, again if a fault passes.
    fn build(&self, job: &Job, sender: &Sender<Message>) -> (ServiceReport, ImageId) {
        let start = Instant::now();
        let tell = |event| send(sender, event);
        tell(BuildEvent::Started { service: job.service.clone() });
        let mut pause = self.options.retries.pause;
        let mut tries_left = self.options.retries.most;
        let result = loop {
            let mut result = self
                .builder
                .build(job, &self.scope, &mut |update| tell(event(&job.service, update)));
            match &result.end {
                End::Failed { failure, transient: true } if tries_left > 0 => {
                    let message = failure.message.clone();
                    tell(BuildEvent::Retrying { service: job.service.clone(), message });
                }
                _ => break result,
            }
            if self.scope.pause(pause) {
                result.end = End::Cancelled;
                break result;
            }
            self.ran.add(job, result.steps_run);
            tries_left -= 1;
            pause *= 2;
        };
        let (mut report, image) = self.concluded(job, result);
        report.duration = start.elapsed();
        (report, image)
    }

    /// Returns how a job ended, over all of its builds.
    fn concluded(&self, job: &Job, result: BuildResult) -> (ServiceReport, ImageId) {
        let BuildResult { steps_cached, steps_run, end } = result;
        // What ran before is cached by now.
        let before = self.ran.of(job).min(steps_cached);
        let (steps_cached, steps_run) = (steps_cached - before, steps_run + before);
        let (outcome, image, failure) = match end {
            End::Image(image) if steps_run == 0 => (Outcome::Cached, image, None),
            End::Image(image) => (Outcome::Built, image, None),
            End::Failed { failure, .. } => (Outcome::Failed, ImageId::default(), Some(failure)),
            End::Cancelled => (Outcome::Cancelled, ImageId::default(), None),
        };
        let digest = image.digest.clone();
        let report =
            ServiceReport { steps_cached, steps_run, digest, failure, ..report(job, outcome) };
        (report, image)
    }

    /// Asks for the sizes of images as they are made, of all those at once that were made since it asked last.
    ///
    /// Once the last is there, the engine is busy for seconds with writing down how many were built.
    fn sizes(&self, made: &Receiver<usize>) -> BTreeMap<String, u64> {
        let mut sizes = BTreeMap::new();
        while let Ok(first) = made.recv() {
            let all = iter::once(first).chain(made.try_iter());
            let jobs: Vec<&Job> = all.map(|index| &self.jobs[index]).collect();
            // The user may be waiting for the end.
            if !self.interrupt.requested() {
                sizes.extend(self.builder.sizes(&jobs, self.interrupt));
            }
        }
        sizes
    }
}

/// Tells of an event. Nobody listens any more only when the observer panicked, and then what is sent does
/// not matter.
fn send(sender: &Sender<Message>, event: BuildEvent) {
    let _ = sender.send(Message::Event(event));
}

fn event(service: &ServiceName, update: Update) -> BuildEvent {
    let service = service.clone();
    match update {
        Update::Step(step) => BuildEvent::Stage { service, step },
        Update::Log { step, line } => BuildEvent::Log { service, step, line },
    }
}

/// Returns the report of a job of which nothing but the outcome is known.
fn report(job: &Job, outcome: Outcome) -> ServiceReport {
    ServiceReport {
        outcome,
        duration: Duration::ZERO,
        steps_cached: 0,
        steps_run: 0,
        images: job.request.tags.clone(),
        digest: None,
        size: None,
        failure: None,
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
