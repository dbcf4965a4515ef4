//! A build of four services, as people read it.

use std::time::Duration;

use pymono_event::{Failure, Outcome, ServiceReport};

use super::*;
use crate::{ShellOptions, shell::tests::buffered};

fn report(
    outcome: Outcome,
    milliseconds: u64,
    steps_cached: usize,
    steps_run: usize,
) -> ServiceReport {
    ServiceReport {
        outcome,
        duration: Duration::from_millis(milliseconds),
        steps_cached,
        steps_run,
        images: vec!["registry.example/shop/api:latest".into()],
        digest: Some("sha256:2".into()),
        size: None,
        failure: None,
    }
}

fn step(service: &str, digest: &str, name: &str, state: StepState) -> BuildEvent {
    let (digest, name) = (digest.into(), name.into());
    let step = Step { digest, name, state, started: None, completed: None };
    BuildEvent::Stage { service: service.parse().unwrap(), step }
}

/// The events of a small build.
pub(crate) fn sample() -> Vec<BuildEvent> {
    let failure = Failure {
        step: Some("[worker 2/2] RUN make".into()),
        message: "exit code: 2".into(),
        log: vec![
            "\u{1b}[31mcc\u{1b}[0m -c x.c".into(),
            String::new(),
            "make: *** [x.o] Error 1".into(),
        ],
    };
    let services: Vec<(ServiceName, ServiceReport)> = [
        ("api", ServiceReport { size: Some(69_734_232), ..report(Outcome::Built, 12_340, 3, 2) }),
        ("cart", ServiceReport { size: Some(1_234), ..report(Outcome::Cached, 420, 12, 0) }),
        (
            "worker",
            ServiceReport { failure: Some(failure), ..report(Outcome::Failed, 123_000, 1, 0) },
        ),
        ("zoo", ServiceReport { images: vec![], ..report(Outcome::Skipped, 0, 0, 0) }),
    ]
    .map(|(name, report)| (name.parse().unwrap(), report))
    .into();
    let mut events = vec![
        BuildEvent::Planned { services: services.iter().map(|(name, _)| name.clone()).collect() },
        BuildEvent::Started { service: "api".parse().unwrap() },
        step("api", "d1", "[common 1/2] FROM x", StepState::Done),
        step(
            "api",
            "d2",
            "[common 2/2] RUN\tuv pip install -r requirements.txt",
            StepState::Running,
        ),
        BuildEvent::Log {
            service: "api".parse().unwrap(),
            step: "d2".into(),
            line: "Installed\u{7}".into(),
        },
        step("api", "d2", "[common 2/2] RUN\tuv pip install -r requirements.txt", StepState::Done),
        step("cart", "d2", "[common 2/2] RUN\tuv pip install -r requirements.txt", StepState::Done),
        step("cart", "d3", &format!("[cart 2/2] RUN {}", "x".repeat(500)), StepState::Done),
        BuildEvent::Retrying { service: "cart".parse().unwrap(), message: "no such job".into() },
    ];
    let finished = |(service, report): &(ServiceName, ServiceReport)| BuildEvent::Finished {
        service: service.clone(),
        report: report.clone(),
    };
    events.extend(services.iter().map(finished));
    events.push(BuildEvent::Summary { duration: Duration::from_secs(123), services });
    events
}

/// Hands all `events` to `observer`.
pub(crate) fn observe_all(observer: &mut dyn Observer, events: &[BuildEvent]) {
    for event in events {
        observer.observe(event);
    }
}

fn shown(verbosity: Verbosity) -> String {
    let (mut shell, stdout, stderr) =
        buffered(ShellOptions { verbosity, ..ShellOptions::default() });
    let mut lines = Lines::new(&mut shell);
    observe_all(&mut lines, &sample());
    lines.finish().unwrap();
    assert_eq!(stdout.text(), "");
    stderr.text()
}

#[test]
fn a_build_is_told_line_by_line_and_summed_up() {
    insta::assert_snapshot!(shown(Verbosity::Normal), @"
        Building 4 services
         Started api
             Ran api [common 2/2] RUN uv pip install -r requirements.txt
             Ran cart [cart 2/2] RUN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    warning: cart: no such job; trying again
           Built api in 12.3 s (3 cached, 2 run)
          Cached cart in 0.4 s (12 cached, 0 run)
          Failed worker in 2 min 03 s (1 cached, 0 run)
                 [worker 2/2] RUN make
                 exit code: 2
                 | cc -c x.c
                 |
                 | make: *** [x.o] Error 1
         Skipped zoo

    service  outcome        time  cached  run     size  image
    api      built        12.3 s       3    2  69.7 MB  registry.example/shop/api:latest
    cart     cached        0.4 s      12    0   1.2 kB  registry.example/shop/api:latest
    worker   failed   2 min 03 s       1    0        -  -
    zoo      skipped           -       0    0        -  -

    4 services: 1 built, 1 cached, 1 skipped, 1 failed in 2 min 03 s

          Failed worker
                 [worker 2/2] RUN make
                 exit code: 2
                 | cc -c x.c
                 |
                 | make: *** [x.o] Error 1
    ");
}

#[test]
fn quiet_tells_failures_alone() {
    insta::assert_snapshot!(shown(Verbosity::Quiet), @r"
          Failed worker in 2 min 03 s (1 cached, 0 run)
                 [worker 2/2] RUN make
                 exit code: 2
                 | cc -c x.c
                 |
                 | make: *** [x.o] Error 1
    ");
}

#[test]
fn verbose_tells_logs_too() {
    assert!(shown(Verbosity::Verbose).contains("api | Installed\\u{7}\n"));
}
