//! Streams that BuildKit 0.25 in Engine 28.5 wrote through buildx 0.29.

use super::*;

fn replay(stream: &str) -> (Progress, Vec<Update>) {
    let mut progress = Progress::default();
    let updates = stream.lines().flat_map(|line| progress.line(line)).collect();
    (progress, updates)
}

fn logs(updates: &[Update]) -> Vec<&str> {
    let lines = updates.iter().filter_map(|update| match update {
        Update::Log { line, .. } => Some(line.as_str()),
        Update::Step(_) => None,
    });
    lines.collect()
}

/// Returns the states that the steps whose name holds `part` went through.
fn states(updates: &[Update], part: &str) -> Vec<StepState> {
    let steps = updates.iter().filter_map(|update| match update {
        Update::Step(step) if step.name.contains(part) => Some(step.state.clone()),
        _ => None,
    });
    steps.collect()
}

#[test]
fn a_first_build_runs_its_instructions_and_nothing_else_counts() {
    let (progress, updates) = replay(include_str!("../fixtures/built.jsonl"));
    // WORKDIR, two RUN and two COPY; neither FROM nor the link of the copied layer nor the export.
    assert_eq!(progress.counts(), (0, 5));
    assert_eq!(states(&updates, "RUN mkdir"), [StepState::Running, StepState::Done]);
    assert_eq!(logs(&updates), ["hello-out", "warn", "partial no newline"]);
}

#[test]
fn an_unchanged_build_is_answered_from_the_cache() {
    let (progress, updates) = replay(include_str!("../fixtures/cached.jsonl"));
    assert_eq!(progress.counts(), (5, 0));
    assert_eq!(states(&updates, "RUN mkdir"), [StepState::Cached]);
}

#[test]
fn a_failed_command_is_shown_with_its_last_lines() {
    let (progress, _) = replay(include_str!("../fixtures/failed.jsonl"));
    let failure = progress.failure("exit status: 1");
    assert!(failure.step.unwrap().starts_with("[broken 1/1] RUN for i"));
    assert_eq!(failure.message, "exit code: 3");
    assert_eq!(failure.log.len(), LAST_LINES);
    assert_eq!(failure.log.last().unwrap(), "line 30");
    assert_eq!(progress.counts(), (2, 0));
}

#[test]
fn a_step_of_another_build_shows_as_running_here_too() {
    let (progress, updates) = replay(include_str!("../fixtures/shared.jsonl"));
    assert_eq!(progress.counts(), (0, 3));
    assert_eq!(states(&updates, "[common 2/2] RUN"), [StepState::Running, StepState::Done]);
    assert_eq!(states(&updates, "[a 2/3] COPY"), [StepState::Running, StepState::Done]);
}

#[test]
fn a_cancelled_step_has_not_failed() {
    let (progress, updates) = replay(include_str!("../fixtures/cancelled.jsonl"));
    assert_eq!(states(&updates, "RUN echo start"), [StepState::Running, StepState::Cancelled]);
    assert_eq!(progress.failure("exit status: 130").step, None);
}

#[test]
fn a_failure_outside_of_any_step_keeps_the_words_of_the_client() {
    let (progress, _) = replay(include_str!("../fixtures/no-dockerfile.jsonl"));
    let failure = progress.failure("exit status: 1");
    assert_eq!(failure.step, None);
    assert_eq!(
        failure.message,
        "failed to read dockerfile: open NoFile: no such file or directory"
    );
}

#[test]
fn a_source_that_is_missing_is_named() {
    let (progress, _) = replay(include_str!("../fixtures/no-source.jsonl"));
    let failure = progress.failure("exit status: 1");
    assert_eq!(failure.step.as_deref(), Some("[nocopy 2/2] COPY nothere /x"));
    assert_eq!(failure.message, "\"/nothere\": not found");
}

#[test]
fn a_line_that_comes_in_pieces_is_one_line() {
    let chunk = |data: &[u8]| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        format!(
            r#"{{"logs":[{{"vertex":"v","stream":1,"data":"{}"}}]}}"#,
            BASE64_STANDARD.encode(data)
        )
    };
    let mut progress = Progress::default();
    let end = r#"{"vertexes":[{"digest":"v","name":"n","completed":"t"}]}"#;
    let lines =
        [chunk(b"gr\xc3"), chunk(b"\xbc\xc3\x9fe\n10%\r100%\r\n"), chunk(b"end"), end.to_owned()];
    let updates: Vec<_> = lines.iter().flat_map(|line| progress.line(line)).collect();
    assert_eq!(logs(&updates), ["grüße", "100%", "end"]);
}

#[test]
fn what_is_no_status_is_kept_as_text() {
    let mut progress = Progress::default();
    for line in
        ["", "{", "{\"logs\":[{\"data\":\"?\"}]}", "42", "{}", "{\"vertexes\":null}", "WARNING: x"]
    {
        assert_eq!(progress.line(line), []);
    }
    assert_eq!(progress.failure("").message, "WARNING: x");
    assert_eq!(
        Progress::default().failure("signal: 9").message,
        "`docker buildx build` ended with signal: 9"
    );
}

#[test]
fn a_result_that_is_fetched_from_a_cache_is_cached() {
    let vertex = |state: &str| {
        format!(
            "{{\"vertexes\":[{{\"digest\":\"sha256:1\",\"name\":\"[base 1/1] RUN true\",{state}}}]}}\n"
        )
    };
    let cached = vertex("\"started\":\"1\",\"completed\":\"2\",\"cached\":true");
    let again = vertex("\"started\":\"3\"") + &vertex("\"started\":\"3\",\"completed\":\"4\"");
    let (progress, updates) = replay(&(cached.clone() + &again));
    assert_eq!(progress.counts(), (1, 0));
    assert_eq!(states(&updates, "base"), [StepState::Cached]);
    // What a cache has lost is run.
    let log = "{\"logs\":[{\"vertex\":\"sha256:1\",\"stream\":1,\"data\":\"eAo=\",\"timestamp\":\"3\"}]}\n";
    let (progress, _) = replay(&(cached + log + &again));
    assert_eq!(progress.counts(), (0, 1));
}
