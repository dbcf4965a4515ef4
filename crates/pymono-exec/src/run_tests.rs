//! Real processes: what they say is read, and none of them is left behind.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use rustix::process::{Pid, test_kill_process};

use super::*;

/// Longer than any test runs, so that what ends was ended.
const LONG: Duration = Duration::from_secs(3600);

fn shell(script: &str) -> Invocation {
    Invocation {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: "/".into(),
        env: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
    }
}

/// Runs `script` under `interrupt` and calls `on_pid` with each process id that it prints.
fn stream_pids(script: &str, interrupt: &Interrupt, mut on_pid: impl FnMut(usize)) -> Vec<Pid> {
    let mut pids = Vec::new();
    shell(script)
        .stream(interrupt, &mut |_, line| {
            pids.push(Pid::from_raw(line.parse().unwrap()).unwrap());
            on_pid(pids.len());
        })
        .unwrap();
    pids
}

/// Returns true while a process runs. One that is dead but not yet reaped by its new parent does not.
fn runs(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_ok() && !stat.is_ok_and(|stat| stat.contains(") Z"))
}

fn assert_all_end(pids: &[Pid]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while pids.iter().any(|pid| runs(*pid)) {
        assert!(Instant::now() < deadline, "some of {pids:?} still run");
        thread::yield_now();
    }
}

#[test]
fn output_and_status_are_those_of_the_process() {
    let output = shell("echo out; echo err >&2; exit 7").output(&Interrupt::new()).unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
}

#[test]
fn every_line_arrives_even_the_last_and_the_long_one() {
    let script = r"seq 1 5000; head -c 300000 /dev/zero | tr '\0' x; printf '\n\377\nlast'; printf 'win\r\n' >&2";
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = shell(script)
        .stream(&Interrupt::new(), &mut |source, line| match source {
            Source::Stdout => stdout.push(line.to_owned()),
            Source::Stderr => stderr.push(line.to_owned()),
        })
        .unwrap();
    assert!(status.success());
    assert_eq!(stdout.len(), 5003);
    assert_eq!(stdout[5000], "x".repeat(300_000));
    assert_eq!(stdout[5001..], ["\u{fffd}", "last"]);
    assert_eq!(stderr, ["win"]);
}

#[test]
fn nothing_is_inherited_but_what_is_given() {
    let mut invocation = shell("pwd; env | sort; cat");
    invocation.cwd = "/tmp".into();
    invocation.env.push(("GREETING".into(), "hello".into()));
    let output = invocation.output(&Interrupt::new()).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("/tmp\n") && text.contains("GREETING=hello\n"), "{text}");
    assert!(!text.contains("CARGO"), "{text}");
}

#[test]
fn a_program_is_looked_up_in_the_path_of_the_child() {
    let mut invocation = shell("true");
    invocation.env = vec![("PATH".into(), "/nonexistent".into())];
    let error = invocation.output(&Interrupt::new()).unwrap_err();
    assert!(matches!(&error, ExecError::NotFound { program } if program == "sh"), "{error:?}");
    assert_eq!(error.to_string(), "`sh` was not found");
}

#[test]
fn a_missing_directory_is_not_taken_for_a_missing_program() {
    let mut invocation = shell("true");
    invocation.cwd = "/nonexistent".into();
    let error = invocation.output(&Interrupt::new()).unwrap_err();
    assert!(matches!(error, ExecError::NoDirectory { .. }), "{error:?}");
}

#[test]
fn a_grandchild_that_ignores_the_request_is_killed_after_the_grace_period() {
    let interrupt = Interrupt::new().with_grace(Duration::from_millis(50));
    let script = "trap '' INT; sleep 3600 & echo $!; sleep 3601 & echo $!; echo $$; wait";
    let pids = stream_pids(script, &interrupt, |count| {
        if count == 3 {
            interrupt.request();
        }
    });
    assert_all_end(&pids);
}

#[test]
fn a_grandchild_that_outlives_its_parent_is_killed_with_it() {
    // A shell without a terminal lets its background jobs ignore SIGINT.
    let interrupt = Interrupt::new().with_grace(LONG);
    let script = "sleep 3600 >/dev/null 2>&1 & echo $!; echo $$; wait";
    let pids = stream_pids(script, &interrupt, |count| {
        if count == 2 {
            interrupt.request();
        }
    });
    assert_all_end(&pids);
}

#[test]
fn a_second_request_kills_at_once() {
    let interrupt = Interrupt::new().with_grace(LONG);
    let script = "trap '' INT; sleep 3600 & echo $!; echo $$; wait";
    let pids = stream_pids(script, &interrupt, |count| {
        if count == 2 {
            interrupt.request();
            interrupt.request();
        }
    });
    assert_all_end(&pids);
}

#[test]
fn a_process_started_after_the_request_ends_too() {
    // A shell that is still starting may miss SIGINT, but not SIGKILL.
    let interrupt = Interrupt::new().with_grace(Duration::from_millis(50));
    interrupt.request();
    let status = shell("sleep 3600").stream(&interrupt, &mut |_, _| {}).unwrap();
    assert!(!status.success());
}

#[test]
fn a_panic_of_the_reader_ends_the_process() {
    let mut pid = None;
    let interrupt = Interrupt::new().with_grace(LONG);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _ = shell("echo $$; exec sleep 3600").stream(&interrupt, &mut |_, line| {
            pid = Some(Pid::from_raw(line.parse().unwrap()).unwrap());
            panic!("the reader's fault");
        });
    }));
    assert!(result.is_err());
    assert_all_end(&[pid.unwrap()]);
}
