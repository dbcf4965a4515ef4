//! Scheduling, with a builder that starts no process.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::*;
use crate::BuildRequest;

/// What the builder of these tests does with a service, by its name.
type Script = fn(&Fake, &Job, &Interrupt) -> End;

struct Fake {
    script: Script,
    tries: Mutex<Vec<String>>,
    /// The services that each client built together.
    together: Mutex<Vec<String>>,
    running: AtomicUsize,
    most_running: AtomicUsize,
    all_started: AtomicBool,
}

impl Fake {
    fn new(script: Script) -> Self {
        Self {
            script,
            tries: Mutex::default(),
            together: Mutex::default(),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
            all_started: AtomicBool::new(false),
        }
    }

    fn tries_of(&self, service: &str) -> usize {
        self.tries.lock().unwrap().iter().filter(|name| *name == service).count()
    }
}

impl Builder for Fake {
    fn build(
        &self,
        job: &Job,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(Update),
    ) -> BuildResult {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        self.tries.lock().unwrap().push(job.service.to_string());
        progress(Update::Log { step: "s".into(), line: "l".into() });
        let end = (self.script)(self, job, interrupt);
        self.running.fetch_sub(1, Ordering::SeqCst);
        BuildResult { steps_cached: 1, steps_run: usize::from(job.service.as_str() != "same"), end }
    }

    /// The first failure ends all, like that of a bake, each after a step.
    fn build_together(
        &self,
        jobs: &[&Job],
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(usize, Told),
    ) {
        let names: Vec<&str> = jobs.iter().map(|job| job.service.as_str()).collect();
        self.together.lock().unwrap().push(names.join(" "));
        for (place, job) in jobs.iter().enumerate() {
            tell(place, Told::Update(Update::Log { step: "s".into(), line: "l".into() }));
            let end = (self.script)(self, job, interrupt);
            let has_failed = !matches!(end, End::Image(_));
            tell(place, Told::Ended(BuildResult { steps_cached: 0, steps_run: 1, end }));
            if has_failed {
                (place + 1..jobs.len()).for_each(|it| tell(it, Told::Left { steps_run: 1 }));
                return;
            }
        }
    }

    fn sizes(&self, jobs: &[&Job], _: &Interrupt) -> BTreeMap<String, u64> {
        jobs.iter().map(|job| (format!("sha256:{}", job.service), 7)).collect()
    }
}

fn image(job: &Job) -> End {
    End::Image(ImageId { digest: Some(format!("sha256:{}", job.service)), config: None })
}

fn failed(transient: bool) -> End {
    End::Failed {
        failure: Failure { step: None, message: "no such job".into(), log: Vec::new() },
        transient,
    }
}

/// Waits until somebody wants the build to stop.
fn until_stopped(interrupt: &Interrupt) -> End {
    assert!(interrupt.pause(Duration::from_secs(60)), "nobody stopped the build");
    End::Cancelled
}

fn jobs(names: &[&str]) -> Vec<Job> {
    let job = |name: &&str| Job {
        service: name.parse().unwrap(),
        needs: BTreeSet::new(),
        request: BuildRequest::default(),
    };
    names.iter().map(job).collect()
}

fn options(jobs: usize, on_failure: OnFailure) -> DriveOptions {
    let retries = Retries { most: 2, pause: Duration::from_millis(1) };
    let jobs = NonZeroUsize::new(jobs).unwrap();
    DriveOptions { jobs, together: None, on_failure, retries, sizes: true }
}

/// One client may build `most` images.
fn together(most: usize, on_failure: OnFailure) -> DriveOptions {
    DriveOptions { together: NonZeroUsize::new(most), ..options(1, on_failure) }
}

fn outcomes(reports: &[(ServiceName, ServiceReport)]) -> Vec<(&str, Outcome)> {
    reports.iter().map(|(name, report)| (name.as_str(), report.outcome)).collect()
}

#[test]
fn reports_come_in_the_order_of_the_jobs_whatever_ends_first() {
    let fake = Fake::new(|fake, job, _| {
        // `a` ends after `same` has.
        while job.service.as_str() == "a" && !fake.all_started.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        fake.all_started.store(true, Ordering::SeqCst);
        image(job)
    });
    let mut events = Vec::new();
    let jobs = jobs(&["a", "same"]);
    let reports =
        drive(&fake, &jobs, &options(2, OnFailure::KeepGoing), &Interrupt::new(), &mut events);
    assert_eq!(outcomes(&reports), [("a", Outcome::Built), ("same", Outcome::Cached)]);
    assert_eq!(reports[0].1.size, Some(7));
    let unasked = DriveOptions { sizes: false, ..options(2, OnFailure::KeepGoing) };
    let again = drive(&fake, &jobs, &unasked, &Interrupt::new(), &mut Vec::new());
    assert_eq!(again[0].1.size, None);
    assert_eq!(reports[0].1.digest.as_deref(), Some("sha256:a"));
    assert!(matches!(&events[0], BuildEvent::Planned { services } if services.len() == 2));
    assert!(
        matches!(events.last(), Some(BuildEvent::Summary { services, .. }) if *services == reports)
    );
}

#[test]
fn no_more_builds_run_at_once_than_allowed() {
    let fake = Fake::new(|_, job, _| image(job));
    let names: Vec<String> = (0..50).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    drive(
        &fake,
        &jobs(&names),
        &options(3, OnFailure::KeepGoing),
        &Interrupt::new(),
        &mut Vec::new(),
    );
    assert!(fake.most_running.load(Ordering::SeqCst) <= 3);
    assert_eq!(fake.tries.lock().unwrap().len(), 50);
}

#[test]
fn a_failure_keeps_no_other_image_from_being_built() {
    let fake = Fake::new(
        |_, job, _| if job.service.as_str() == "bad" { failed(false) } else { image(job) },
    );
    let jobs = jobs(&["bad", "b", "c"]);
    let reports =
        drive(&fake, &jobs, &options(1, OnFailure::KeepGoing), &Interrupt::new(), &mut Vec::new());
    assert_eq!(
        outcomes(&reports),
        [("bad", Outcome::Failed), ("b", Outcome::Built), ("c", Outcome::Built)]
    );
    assert_eq!(fake.tries_of("bad"), 1);
}

fn built_from(service: &str, needs: &str) -> Job {
    let mut job = jobs(&[service]).remove(0);
    job.needs.insert(needs.parse().unwrap());
    job
}

#[test]
fn an_image_is_built_when_those_that_it_is_built_from_are_there() {
    let fake = Fake::new(|fake, job, _| {
        if job.service.as_str() == "ground" {
            // Others would be started meanwhile.
            (0..1000).for_each(|_| thread::yield_now());
            fake.all_started.store(true, Ordering::SeqCst);
        }
        assert!(job.service.as_str() != "top" || fake.all_started.load(Ordering::SeqCst));
        image(job)
    });
    let jobs = [jobs(&["ground"]), vec![built_from("top", "ground"), built_from("z", "gone")]];
    let options = options(3, OnFailure::KeepGoing);
    let reports = drive(&fake, &jobs.concat(), &options, &Interrupt::new(), &mut Vec::new());
    assert!(outcomes(&reports).iter().all(|(_, outcome)| *outcome == Outcome::Built));
}

#[test]
fn nothing_is_built_on_what_failed() {
    let fake = Fake::new(
        |_, job, _| if job.service.as_str() == "ground" { failed(false) } else { image(job) },
    );
    let jobs = [
        jobs(&["ground"]),
        vec![built_from("middle", "ground"), built_from("top", "middle")],
        jobs(&["other"]),
    ];
    let options = options(2, OnFailure::KeepGoing);
    let reports = drive(&fake, &jobs.concat(), &options, &Interrupt::new(), &mut Vec::new());
    assert_eq!(
        outcomes(&reports),
        [
            ("ground", Outcome::Failed),
            ("middle", Outcome::Cancelled),
            ("top", Outcome::Cancelled),
            ("other", Outcome::Built)
        ]
    );
    let message = &reports[2].1.failure.as_ref().unwrap().message;
    assert_eq!(message, "`middle`, which it is built from, was not built");
}

#[test]
fn failing_fast_cancels_what_runs_and_skips_the_rest() {
    let fake = Fake::new(|fake, job, interrupt| {
        if job.service.as_str() == "long" {
            fake.all_started.store(true, Ordering::SeqCst);
            return until_stopped(interrupt);
        }
        while !fake.all_started.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        failed(false)
    });
    let interrupt = Interrupt::new();
    let jobs = jobs(&["long", "bad", "late"]);
    let reports =
        drive(&fake, &jobs, &options(2, OnFailure::FailFast), &interrupt, &mut Vec::new());
    assert_eq!(
        outcomes(&reports),
        [("long", Outcome::Cancelled), ("bad", Outcome::Failed), ("late", Outcome::Cancelled)]
    );
    assert!(!interrupt.requested());
}

#[test]
fn an_interrupt_cancels_everything_and_still_reports() {
    struct RequestOnStart(Interrupt);
    impl Observer for RequestOnStart {
        fn observe(&mut self, event: &BuildEvent) {
            if matches!(event, BuildEvent::Started { .. }) {
                self.0.request();
            }
        }
    }
    let fake = Fake::new(|_, _, interrupt| until_stopped(interrupt));
    let interrupt = Interrupt::new();
    let mut observer = RequestOnStart(interrupt.clone());
    let reports = drive(
        &fake,
        &jobs(&["a", "b"]),
        &options(1, OnFailure::FailFast),
        &interrupt,
        &mut observer,
    );
    assert_eq!(outcomes(&reports), [("a", Outcome::Cancelled), ("b", Outcome::Cancelled)]);
    assert_eq!(fake.tries_of("b"), 0);
}

#[test]
fn a_passing_fault_is_tried_twice_more_and_told_each_time() {
    let fake =
        Fake::new(
            |fake, job, _| {
                if fake.tries_of(job.service.as_str()) == 3 { image(job) } else { failed(true) }
            },
        );
    let mut events = Vec::new();
    let reports = drive(
        &fake,
        &jobs(&["a"]),
        &options(1, OnFailure::FailFast),
        &Interrupt::new(),
        &mut events,
    );
    assert_eq!(outcomes(&reports), [("a", Outcome::Built)]);
    // A step ran in each try, and the last one found one of them in the cache.
    assert_eq!((reports[0].1.steps_cached, reports[0].1.steps_run), (0, 2));
    let retries = events.iter().filter(|event| matches!(event, BuildEvent::Retrying { .. }));
    assert_eq!(retries.count(), 2);
}

#[test]
fn a_fault_that_stays_is_a_failure() {
    let fake = Fake::new(|_, _, _| failed(true));
    let reports = drive(
        &fake,
        &jobs(&["a"]),
        &options(1, OnFailure::KeepGoing),
        &Interrupt::new(),
        &mut Vec::new(),
    );
    assert_eq!(outcomes(&reports), [("a", Outcome::Failed)]);
    assert_eq!(fake.tries_of("a"), 3);
}

#[test]
fn an_interrupt_cuts_the_pause_before_a_retry_short() {
    struct RequestOnRetry(Interrupt);
    impl Observer for RequestOnRetry {
        fn observe(&mut self, event: &BuildEvent) {
            if matches!(event, BuildEvent::Retrying { .. }) {
                self.0.request();
            }
        }
    }
    let fake = Fake::new(|_, _, _| failed(true));
    let interrupt = Interrupt::new();
    let mut options = options(1, OnFailure::KeepGoing);
    options.retries.pause = Duration::from_secs(3600);
    let reports =
        drive(&fake, &jobs(&["a"]), &options, &interrupt, &mut RequestOnRetry(interrupt.clone()));
    assert_eq!(outcomes(&reports), [("a", Outcome::Cancelled)]);
    assert_eq!(fake.tries_of("a"), 1);
}

#[test]
fn a_few_clients_build_what_needs_nothing_else_and_share_it_evenly() {
    let fake = Fake::new(|_, job, _| image(job));
    let jobs = [jobs(&["a", "b", "c", "ground", "e"]), vec![built_from("top", "ground")]].concat();
    let options = together(4, OnFailure::KeepGoing);
    let mut events = Vec::new();
    let reports = drive(&fake, &jobs, &options, &Interrupt::new(), &mut events);
    assert!(outcomes(&reports).iter().all(|(_, outcome)| *outcome == Outcome::Built));
    assert_eq!(reports[0].1.digest.as_deref(), Some("sha256:a"));
    let mut clients = fake.together.lock().unwrap().clone();
    clients.sort();
    assert_eq!(clients, ["a b c", "ground e"]);
    assert_eq!(*fake.tries.lock().unwrap(), ["top"]);
    let finished = events.iter().filter(|event| matches!(event, BuildEvent::Finished { .. }));
    assert_eq!(finished.count(), 6);
}

#[test]
fn what_a_failure_stopped_is_built_by_itself_and_what_failed_is_not_built_again() {
    let fake = Fake::new(
        |_, job, _| if job.service.as_str() == "bad" { failed(false) } else { image(job) },
    );
    let jobs = jobs(&["a", "bad", "c", "d"]);
    let options = together(9, OnFailure::KeepGoing);
    let reports = drive(&fake, &jobs, &options, &Interrupt::new(), &mut Vec::new());
    let built = Outcome::Built;
    assert_eq!(
        outcomes(&reports),
        [("a", built), ("bad", Outcome::Failed), ("c", built), ("d", built)]
    );
    assert_eq!(*fake.tries.lock().unwrap(), ["c", "d"]);
}

#[test]
fn steps_that_ran_before_something_was_left_are_not_called_cached() {
    let fake = Fake::new(
        |_, job, _| if job.service.as_str() == "bad" { failed(false) } else { image(job) },
    );
    let jobs = jobs(&["bad", "same"]);
    let counts = |options| {
        let reports = drive(&fake, &jobs, &options, &Interrupt::new(), &mut Vec::new());
        (reports[1].1.outcome, reports[1].1.steps_cached, reports[1].1.steps_run)
    };
    assert_eq!(counts(together(9, OnFailure::KeepGoing)), (Outcome::Built, 0, 1));
    assert_eq!(counts(options(1, OnFailure::KeepGoing)), (Outcome::Cached, 1, 0));
}

#[test]
fn after_a_passing_fault_one_client_builds_what_is_left() {
    let fake = Fake::new(|fake, job, _| {
        let is_first = fake.together.lock().unwrap().len() == 1;
        if is_first && job.service.as_str() == "b" { failed(true) } else { image(job) }
    });
    let options = together(9, OnFailure::FailFast);
    let mut events = Vec::new();
    let reports = drive(&fake, &jobs(&["a", "b", "c"]), &options, &Interrupt::new(), &mut events);
    assert!(outcomes(&reports).iter().all(|(_, outcome)| *outcome == Outcome::Built));
    assert_eq!(*fake.together.lock().unwrap(), ["a b c", "b c"]);
    assert!(fake.tries.lock().unwrap().is_empty());
    let retries = events.iter().filter(|event| matches!(event, BuildEvent::Retrying { .. }));
    assert_eq!(retries.count(), 1);
}

#[test]
fn a_passing_fault_that_stays_among_many_is_left_to_clients_of_their_own() {
    let fake = Fake::new(|fake, job, _| {
        let is_alone = fake.tries_of(job.service.as_str()) > 0;
        if is_alone || job.service.as_str() == "a" { image(job) } else { failed(true) }
    });
    let options = together(9, OnFailure::FailFast);
    let reports =
        drive(&fake, &jobs(&["a", "b", "c"]), &options, &Interrupt::new(), &mut Vec::new());
    assert!(outcomes(&reports).iter().all(|(_, outcome)| *outcome == Outcome::Built));
    assert_eq!(*fake.together.lock().unwrap(), ["a b c", "b c", "b c"]);
    assert_eq!(*fake.tries.lock().unwrap(), ["b", "c"]);
}

#[test]
fn failing_fast_starts_nothing_that_a_failure_left() {
    let fake = Fake::new(
        |_, job, _| if job.service.as_str() == "bad" { failed(false) } else { image(job) },
    );
    let options = together(9, OnFailure::FailFast);
    let reports =
        drive(&fake, &jobs(&["a", "bad", "c"]), &options, &Interrupt::new(), &mut Vec::new());
    assert_eq!(
        outcomes(&reports),
        [("a", Outcome::Built), ("bad", Outcome::Failed), ("c", Outcome::Cancelled)]
    );
    assert!(fake.tries.lock().unwrap().is_empty());
}

#[test]
fn one_image_alone_has_a_client_of_its_own() {
    let fake = Fake::new(|_, job, _| image(job));
    let options = together(9, OnFailure::KeepGoing);
    drive(&fake, &jobs(&["a"]), &options, &Interrupt::new(), &mut Vec::new());
    assert!(fake.together.lock().unwrap().is_empty());
    assert_eq!(fake.tries_of("a"), 1);
}
