//! Streams that BuildKit 0.25 in Engine 28.5 wrote through `buildx bake` 0.29.

use std::collections::BTreeSet;

use pymono_event::StepState;

use super::*;
use crate::BuildRequest;

const TOGETHER: &str = include_str!("../fixtures/together.jsonl");
const FAILED: &str = include_str!("../fixtures/together-failed.jsonl");

fn jobs(names: &[&str], export: &Export) -> Vec<Job> {
    let job = |name: &&str| Job {
        service: name.parse().unwrap(),
        needs: BTreeSet::new(),
        request: BuildRequest { exports: vec![export.clone()], ..BuildRequest::default() },
    };
    names.iter().map(job).collect()
}

/// What a target told.
#[derive(Debug, Default)]
struct Heard {
    logs: Vec<String>,
    /// Steps that ran.
    ran: Vec<String>,
    ends: Vec<BuildResult>,
    /// Steps that ran of what was left.
    left: Option<usize>,
}

impl Heard {
    fn take(&mut self, told: Told) {
        match told {
            Told::Update(Update::Log { line, .. }) => self.logs.push(line),
            Told::Update(Update::Step(step)) if step.state == StepState::Done => {
                self.ran.extend(step.instruction().map(|_| step.name.clone()));
            }
            Told::Update(Update::Step(_)) => {}
            Told::Ended(result) => self.ends.push(result),
            Told::Left { steps_run } => self.left = Some(steps_run),
        }
    }
}

/// Feeds a stream, and what `finish` does when the client is done.
fn replay(
    stream: &str,
    jobs: &[Job],
    finish: impl FnOnce(&mut Streams<'_>, &mut dyn FnMut(usize, Told)),
) -> Vec<Heard> {
    let mut heard: Vec<Heard> = jobs.iter().map(|_| Heard::default()).collect();
    let mut streams = Streams::new(&jobs.iter().collect::<Vec<_>>());
    let mut tell = |place: usize, told: Told| heard[place].take(told);
    for line in stream.lines() {
        streams.line(line, &mut tell);
    }
    finish(&mut streams, &mut tell);
    heard
}

fn digest(heard: &Heard) -> Option<&str> {
    match &heard.ends[..] {
        [BuildResult { end: End::Image(image), .. }] => image.digest.as_deref(),
        _ => None,
    }
}

#[test]
fn each_target_has_its_own_steps_and_ends_with_its_own_image() {
    let heard = replay(TOGETHER, &jobs(&["a", "b"], &Export::Load), |_, _| {});
    // The digests that the engine listed the images under.
    let a = "sha256:2a7cf9eb8534bd4583924de7bb3e34a66a780c00050ae03a21cf919c7d57db4a";
    let b = "sha256:a494bcdace0846497419c40b1e88cd7242db78e42263657f903ed0c6e7e88feb";
    assert_eq!((digest(&heard[0]), digest(&heard[1])), (Some(a), Some(b)));
    let shared = "[common 2/2] RUN echo shared-out && sleep 0.2";
    assert!(heard.iter().all(|it| it.ran.iter().any(|step| step == shared)), "{heard:?}");
    assert!(heard[0].ran.iter().any(|step| step == "[a 3/3] RUN echo own-out"), "{heard:?}");
    assert_eq!(heard[0].ends[0].steps_run, 3);
    assert_eq!(heard[1].ends[0].steps_run, 2);
}

#[test]
fn what_a_shared_step_prints_is_told_once() {
    let heard = replay(TOGETHER, &jobs(&["a", "b"], &Export::Load), |_, _| {});
    let mut logs: Vec<&String> = heard.iter().flat_map(|it| &it.logs).collect();
    logs.sort();
    assert_eq!(logs, ["own-out", "shared-out"]);
}

#[test]
fn what_is_pushed_or_makes_no_image_ends_with_the_client() {
    let pushed = jobs(&["a", "b"], &Export::Push);
    let jobs = jobs(&["a", "b"], &Export::To("type=cacheonly".to_owned()));
    for jobs in [&pushed, &jobs] {
        let heard = replay(TOGETHER, jobs, |streams, _| assert!(!streams.have_ended()));
        assert!(heard.iter().all(|it| it.ends.is_empty()));
    }
    let ids = BTreeMap::from([(
        "b".to_owned(),
        ImageId { digest: Some("sha256:b".to_owned()), config: None },
    )]);
    let heard = replay(TOGETHER, &jobs, |streams, tell| streams.end(&ids, tell));
    assert_eq!((digest(&heard[0]), digest(&heard[1])), (None, Some("sha256:b")));
    assert!(heard.iter().all(|it| it.ends.len() == 1));
}

#[test]
fn what_the_client_has_to_put_together_ends_with_the_client() {
    let mut jobs = jobs(&["a", "b"], &Export::Load);
    jobs[1].request.platforms = vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()];
    let heard = replay(TOGETHER, &jobs, |streams, _| assert!(!streams.have_ended()));
    assert!(digest(&heard[0]).is_some() && heard[1].ends.is_empty(), "{heard:?}");
    // Were the client to end before, its steps would have run all the same.
    let heard = replay(TOGETHER, &jobs, |streams, tell| streams.leave(tell));
    assert_eq!(heard.iter().map(|it| it.left).collect::<Vec<_>>(), [None, Some(2)]);
}

#[test]
fn a_failure_is_that_of_its_own_target_and_leaves_what_it_stopped() {
    let jobs = jobs(&["a", "bad", "late"], &Export::Load);
    let heard = replay(FAILED, &jobs, |streams, tell| {
        streams.fail("exit status: 1", tell);
        streams.leave(tell);
    });
    assert!(digest(&heard[0]).is_some(), "{heard:?}");
    let [BuildResult { end: End::Failed { failure, transient: false }, .. }] = &heard[1].ends[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!(failure.step.as_deref(), Some("[bad 1/1] RUN sleep 1; echo oops; exit 3"));
    assert_eq!(
        (failure.message.as_str(), &failure.log[..]),
        ("exit code: 3", &["oops".to_owned()][..])
    );
    assert!(heard[2].ends.is_empty(), "{heard:?}");
    assert_eq!(heard.iter().map(|it| it.left).collect::<Vec<_>>(), [None, None, Some(0)]);
}

#[test]
fn all_that_share_a_failed_step_say_what_it_printed() {
    let stream = r#"{"vertexes":[{"digest":"d","name":"[a deps 1/1] RUN x","started":"t"}]}
{"logs":[{"vertex":"d","stream":2,"data":"bm8gc3VjaCBob3N0Cg=="}]}
{"vertexes":[{"digest":"d","name":"[b deps 1/1] RUN x","started":"t","completed":"t","error":"process \"x\" did not complete successfully: exit code: 2"}]}
{"vertexes":[{"digest":"d","name":"[a deps 1/1] RUN x","started":"t","completed":"t","error":"process \"x\" did not complete successfully: exit code: 2"}]}"#;
    let jobs = jobs(&["a", "b"], &Export::Load);
    let heard = replay(stream, &jobs, |streams, tell| streams.fail("exit status: 1", tell));
    for told in &heard {
        let [BuildResult { end: End::Failed { failure, .. }, .. }] = &told.ends[..] else {
            panic!("{heard:?}");
        };
        assert_eq!(failure.log, ["no such host"]);
    }
    // Told as it comes, it is told once.
    assert_eq!(heard.iter().map(|it| it.logs.len()).sum::<usize>(), 1);
}

#[test]
fn what_is_stopped_on_request_ends_as_cancelled() {
    let jobs = jobs(&["a", "late"], &Export::Load);
    let heard = replay(FAILED, &jobs, |streams, tell| streams.cancel(tell));
    assert!(digest(&heard[0]).is_some(), "{heard:?}");
    assert!(matches!(heard[1].ends[..], [BuildResult { end: End::Cancelled, .. }]), "{heard:?}");
}

#[test]
fn the_name_of_a_step_is_that_of_a_build_alone() {
    for (name, target, rest) in [
        ("[api deps 2/2] RUN x", "api", "[deps 2/2] RUN x"),
        ("[api linux/arm64 deps 2/2] RUN x", "api", "[linux/arm64 deps 2/2] RUN x"),
        ("[api] exporting to image", "api", "exporting to image"),
        ("[api internal] load build context", "api", "[internal] load build context"),
    ] {
        assert_eq!(split(name), Some((target, rest.to_owned())));
    }
    assert_eq!(split("importing to docker"), None);
}
