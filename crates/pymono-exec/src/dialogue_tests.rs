//! Real programs that answer: in order, at any length, and never left behind.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::*;

fn shell(script: &str, interrupt: &Interrupt) -> Dialogue {
    let invocation = Invocation {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: "/".into(),
        env: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
    };
    invocation.converse(interrupt).unwrap()
}

fn line(stdout: &mut dyn BufRead) -> io::Result<String> {
    let mut line = String::new();
    stdout.read_line(&mut line)?;
    if line.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(line) }
}

fn assert_ends(pid: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    // A dead process that its new parent has not reaped yet does not run.
    let runs =
        || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|it| !it.contains(") Z"));
    while runs() {
        assert!(Instant::now() < deadline, "{pid} still runs");
        thread::yield_now();
    }
}

#[test]
fn each_request_has_its_answer() {
    let mut echo = shell("while read word; do echo \"$word!\"; done", &Interrupt::new());
    for word in ["one", "two", "three"] {
        let answer = echo.ask(format!("{word}\n").as_bytes(), line).unwrap();
        assert_eq!(answer, format!("{word}!\n"));
    }
}

#[test]
fn a_request_and_an_answer_larger_than_any_pipe_pass_each_other() {
    let request = vec![b'x'; 3_000_000];
    let mut cat = shell("exec cat", &Interrupt::new());
    for _ in 0..2 {
        let read = |stdout: &mut dyn BufRead| {
            let mut answer = vec![0; request.len()];
            stdout.read_exact(&mut answer).map(|()| answer)
        };
        assert!(cat.ask(&request, read).unwrap() == request);
    }
}

#[test]
fn a_program_that_ends_says_why() {
    let mut dies = shell("read word; echo 'no such thing' >&2; exit 3", &Interrupt::new());
    let error = dies.ask(b"x\n", line).unwrap_err();
    assert!(error.to_string().ends_with("did not answer: no such thing"), "{error}");
    assert!(dies.ask(b"x\n", line).is_err(), "it answers no more");
}

#[test]
fn a_reader_that_fails_does_not_wait_for_a_program_that_reads_no_more() {
    let mut deaf = shell("exec sleep 3600", &Interrupt::new());
    let fails = |_: &mut dyn BufRead| Err::<(), _>(io::ErrorKind::InvalidData.into());
    assert!(deaf.ask(&vec![b'x'; 3_000_000], fails).is_err());
}

#[test]
fn what_is_dropped_ends_with_all_that_it_started() {
    let mut parent = shell("sleep 3600 & echo $!; wait", &Interrupt::new());
    let child = parent.ask(b"", line).unwrap();
    drop(parent);
    assert_ends(child.trim());
}

#[test]
fn an_interrupt_ends_the_wait_for_an_answer() {
    // A shell without a terminal lets its background jobs ignore SIGINT.
    let interrupt = Interrupt::new().with_grace(Duration::from_millis(50));
    let mut mute = shell("sleep 3600 & echo $!; wait", &interrupt);
    let child = mute.ask(b"", line).unwrap();
    thread::scope(|scope| {
        let asked =
            scope.spawn(move || mute.ask(b"", |stdout| stdout.read_to_end(&mut Vec::new())));
        interrupt.request();
        // The program's end is the end of its output; that is an answer to one who reads to the end.
        let _ = asked.join().unwrap();
    });
    assert_ends(child.trim());
}
