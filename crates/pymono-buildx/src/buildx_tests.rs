//! Faults of the process path, with a shell script in docker's place.

use std::collections::BTreeSet;
use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use pymono_event::{BuildEvent, Outcome, ServiceReport};
use pymono_exec::Invocation;

use super::*;
use crate::{BuildRequest, DockerError, DriveOptions, Export, OnFailure, Retries, drive};

/// A folder with a script called `docker` in it.
struct Fake {
    folder: TempDir,
}

impl Fake {
    fn new(script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("script"), format!("#!/bin/sh\n{script}\n")).unwrap();
        let fake = Self { folder };
        // Another process writes the program: a file that this one has open for writing, and with
        // it any child that another test forks just now, could not be executed.
        let copy = ["-m", "755", "script", "docker"].map(str::to_owned).to_vec();
        let docker = fake.docker();
        let install = Invocation { program: "install".into(), ..docker.invocation(copy) };
        assert!(install.output(&Interrupt::new()).unwrap().status.success());
        fake
    }

    fn docker(&self) -> Docker {
        let folder = self.folder.path().to_str().unwrap();
        let env = vec![("PATH".into(), format!("{folder}:/usr/local/bin:/usr/bin:/bin").into())];
        Docker::new(folder.into(), env)
    }

    fn build(&self, observer: &mut Vec<BuildEvent>) -> ServiceReport {
        let job = Job {
            service: "api".parse().unwrap(),
            needs: BTreeSet::new(),
            request: BuildRequest::default(),
        };
        let options = DriveOptions {
            jobs: NonZeroUsize::MIN,
            together: None,
            on_failure: OnFailure::KeepGoing,
            retries: Retries { most: 2, pause: Duration::from_millis(1) },
            sizes: true,
        };
        let builder = Buildx::new(self.docker());
        drive(&builder, &[job], &options, &Interrupt::new(), observer).remove(0).1
    }
}

#[test]
fn a_daemon_that_loses_the_job_is_asked_again() {
    let fake = Fake::new(
        r#"echo try >> tries
        if [ "$(wc -l < tries)" -eq 1 ]; then echo "ERROR: failed to build: no such job x1" >&2; exit 1; fi
        for arg; do case $arg in --metadata-file=*) file=${arg#*=};; esac; done
        echo '{"containerimage.digest":"sha256:1"}' > "$file""#,
    );
    let mut events = Vec::new();
    let report = fake.build(&mut events);
    assert_eq!((report.outcome, report.digest.as_deref()), (Outcome::Cached, Some("sha256:1")));
    assert!(events.iter().any(
        |event| matches!(event, BuildEvent::Retrying { message, .. } if message == "no such job x1")
    ));
}

#[test]
fn a_command_that_failed_is_not_run_again() {
    let fake = Fake::new(
        r#"echo try >> tries
        echo '{"vertexes":[{"digest":"d","name":"[a 1/1] RUN x","started":"t"}]}' >&2
        echo '{"logs":[{"vertex":"d","stream":2,"data":"Y29ubmVjdGlvbiByZXNldA=="}]}' >&2
        echo '{"vertexes":[{"digest":"d","name":"[a 1/1] RUN x","completed":"t","error":"process \"x\" did not complete successfully: exit code: 9"}]}' >&2
        exit 1"#,
    );
    let failure = fake.build(&mut Vec::new()).failure.unwrap();
    assert_eq!(failure.step.as_deref(), Some("[a 1/1] RUN x"));
    assert_eq!(
        (failure.message.as_str(), &failure.log[..]),
        ("exit code: 9", &["connection reset".to_owned()][..])
    );
    assert_eq!(fs::read_to_string(fake.folder.path().join("tries")).unwrap(), "try\n");
}

#[test]
fn a_client_that_dies_without_a_word_is_a_failure_that_says_how() {
    let failure = Fake::new("kill -9 $$").build(&mut Vec::new()).failure.unwrap();
    assert!(failure.message.contains("signal: 9"), "{failure:?}");
}

#[test]
fn a_client_is_ended_once_all_images_are_there() {
    let stream = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/together.jsonl");
    let fake = Fake::new(&format!("cat '{stream}' >&2; exec sleep 60"));
    let jobs = ["a", "b"].map(|name| Job {
        service: name.parse().unwrap(),
        needs: BTreeSet::new(),
        request: BuildRequest { exports: vec![Export::Load], ..BuildRequest::default() },
    });
    let mut ended = Vec::new();
    let interrupt = Interrupt::new();
    let builder = Buildx::new(fake.docker());
    let start = Instant::now();
    builder.build_together(&jobs.each_ref(), &interrupt, &mut |place, told| {
        if let Told::Ended(BuildResult { end: End::Image(_), .. }) = told {
            ended.push(place);
        }
    });
    ended.sort_unstable();
    assert_eq!(ended, [0, 1]);
    assert!(!interrupt.requested() && start.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_missing_client_is_a_failure_too() {
    let fake = Fake::new("");
    fs::remove_file(fake.folder.path().join("docker")).unwrap();
    let mut docker = fake.docker();
    docker.program = "docker-of-nobody".into();
    let job = Job {
        service: "api".parse().unwrap(),
        needs: BTreeSet::new(),
        request: BuildRequest::default(),
    };
    let result = Buildx::new(docker).build(&job, &Interrupt::new(), &mut |_| {});
    assert!(
        matches!(result.end, End::Failed { failure, transient: false } if failure.message.contains("not found"))
    );
}

fn check_error(script: &str) -> DockerError {
    Fake::new(script).docker().check(&Interrupt::new()).unwrap_err()
}

#[test]
fn the_check_tells_what_is_wrong_and_what_to_do() {
    let error = check_error("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    assert!(matches!(error, DockerError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("`DOCKER_HOST` is not set"), "{error}");
    assert!(error.hint().unwrap().contains("start Docker"));

    let error = check_error(
        "[ $1 = version ] && { echo 28.5; exit; }; echo 'docker: unknown command' >&2; exit 1",
    );
    assert!(matches!(error, DockerError::NoBuildx { .. }), "{error:?}");

    let error = check_error(
        "[ $1 = version ] && { echo 28.5; exit; }; echo github.com/docker/buildx v0.16.2 abc",
    );
    assert_eq!(error.to_string(), "`buildx` 0.16.2 is too old; pymono needs 0.17 or newer");
}

#[test]
fn sizes_are_told_for_the_images_that_are_there() {
    let fake = Fake::new("echo sha256:1 70; echo 'No such image: b' >&2; exit 1");
    let sizes = fake.docker().image_sizes(&["a", "b"], &Interrupt::new());
    assert_eq!(sizes, BTreeMap::from([("sha256:1".to_owned(), 70)]));
}
