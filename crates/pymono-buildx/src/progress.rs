//! What the stream of one build says.
//!
//! The stream is the build process's standard error. It mixes one JSON object a
//! line with plain text: warnings of the client and, at the end, an excerpt of
//! the Dockerfile and `ERROR: …`. Three traps shape the code below:
//!
//! - A step may start and complete several times, first while the cache is
//!   asked and then while it runs; the last word counts.
//! - A step that a remote cache answered starts and completes again when its result is fetched, and
//!   then without being called cached. Nothing runs, so it has no log.
//! - A step that a concurrent build of the same daemon started first is one and
//!   the same step here, with the same digest, and even under the name that the
//!   other build gave it. It shows as running in both streams, with its log,
//!   although it ran once. So numbers of several builds must not be added up;
//!   digests can be counted.

use std::collections::{BTreeMap, VecDeque};

use pymono_event::{Failure, Step, StepState};

use crate::{
    fault,
    wire::{SolveStatus, Vertex, VertexLog},
};

/// Lines of a step's output that a failure shows.
const LAST_LINES: usize = 20;

/// Lines of plain text that are kept for an error's sake.
const PLAIN_LINES: usize = 100;

/// The state of one build, fed line by line.
#[derive(Debug, Default)]
pub struct Progress {
    steps: BTreeMap<String, StepRecord>,
    failed: Option<String>,
    text: VecDeque<String>,
}

/// Something that a line made known.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// A step changed its state.
    Step(Step),
    /// A step printed a line.
    Log {
        /// The step's name.
        step: String,
        /// The line, without its end.
        line: String,
    },
}

/// What is known of a step.
#[derive(Debug, Default)]
struct StepRecord {
    name: String,
    state: Option<StepState>,
    started: Option<String>,
    completed: Option<String>,
    /// Begun lines of standard output and standard error.
    begun: [Vec<u8>; 2],
    last_lines: VecDeque<String>,
}

impl Progress {
    /// Takes in one line of the stream and returns what is new.
    pub fn line(&mut self, line: &str) -> Vec<Update> {
        let Some(status) = parse(line) else {
            push_bounded(&mut self.text, line.to_owned(), PLAIN_LINES);
            return Vec::new();
        };
        let mut updates = Vec::new();
        for log in status.logs {
            self.log(&log, &mut updates);
        }
        for vertex in status.vertexes {
            self.vertex(vertex, &mut updates);
        }
        updates
    }

    /// Returns the last lines that a step printed.
    pub(crate) fn last_lines(&self, digest: &str) -> Vec<String> {
        let step = self.steps.get(digest).into_iter();
        step.flat_map(|step| &step.last_lines).cloned().collect()
    }

    /// Returns the digest of the step that failed first.
    pub(crate) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Returns how many steps were answered from the cache, and how many ran to their end.
    ///
    /// Those that count are told by [`Step::instruction`].
    pub fn counts(&self) -> (usize, usize) {
        let count = |wanted: &StepState| {
            let steps = self.steps.iter().filter(|(_, step)| step.state.as_ref() == Some(wanted));
            steps.filter(|(digest, step)| step.counts(digest)).count()
        };
        (count(&StepState::Cached), count(&StepState::Done))
    }

    /// Returns what went wrong, for a build that ended with `status`.
    pub fn failure(&self, status: &str) -> Failure {
        let plain = fault::message(self.text.iter().map(String::as_str));
        let Some(step) = self.failed.as_ref().and_then(|digest| self.steps.get(digest)) else {
            let message =
                plain.unwrap_or_else(|| format!("`docker buildx build` ended with {status}"));
            return Failure { step: None, message, log: Vec::new() };
        };
        let message = match &step.state {
            Some(StepState::Failed(error)) => fault::shorten(error),
            _ => plain.unwrap_or_default(),
        };
        let log = step.last_lines.iter().cloned().collect();
        Failure { step: Some(step.name.clone()), message, log }
    }

    /// Returns BuildKit's and the client's full words about the failure.
    pub(crate) fn words(&self) -> String {
        let failed = self.failed.as_ref().and_then(|digest| self.steps.get(digest));
        let error = failed.and_then(|step| match &step.state {
            Some(StepState::Failed(error)) => Some(error.as_str()),
            _ => None,
        });
        error.into_iter().chain(self.text.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn vertex(&mut self, vertex: Vertex, updates: &mut Vec<Update>) {
        let state = state(&vertex);
        let step = self.steps.entry(vertex.digest.clone()).or_default();
        step.name = vertex.name;
        step.started = vertex.started;
        step.completed = vertex.completed;
        let Some(state) = state else { return };
        let is_fetched = matches!(state, StepState::Running | StepState::Done);
        if is_fetched && step.state == Some(StepState::Cached) {
            return;
        }
        if state != StepState::Running {
            step.end_lines(updates);
        }
        if matches!(state, StepState::Failed(_)) && self.failed.is_none() {
            self.failed = Some(vertex.digest.clone());
        }
        if step.state.as_ref() != Some(&state) {
            step.state = Some(state);
            updates.extend(step.to_event(&vertex.digest).map(Update::Step));
        }
    }

    pub(crate) fn log(&mut self, log: &VertexLog, updates: &mut Vec<Update>) {
        let step = self.steps.entry(log.vertex.clone()).or_default();
        // What was cached and could not be fetched is run after all.
        if step.state == Some(StepState::Cached) {
            step.state = None;
        }
        let stream = usize::from(log.stream == 2);
        for part in log.data.split_inclusive(|byte| *byte == b'\n') {
            step.begun[stream].extend_from_slice(part);
            if part.ends_with(b"\n") {
                step.end_line(stream, updates);
            }
        }
    }
}

impl StepRecord {
    fn counts(&self, digest: &str) -> bool {
        self.to_event(digest).is_some_and(|step| step.instruction().is_some())
    }

    fn to_event(&self, digest: &str) -> Option<Step> {
        let state = self.state.clone()?;
        let (started, completed) = (self.started.clone(), self.completed.clone());
        let (digest, name) = (digest.to_owned(), self.name.clone());
        Some(Step { digest, name, state, started, completed })
    }

    /// Ends the lines that were begun, because nothing more will come.
    fn end_lines(&mut self, updates: &mut Vec<Update>) {
        for stream in 0..self.begun.len() {
            if !self.begun[stream].is_empty() {
                self.end_line(stream, updates);
            }
        }
    }

    fn end_line(&mut self, stream: usize, updates: &mut Vec<Update>) {
        let bytes = std::mem::take(&mut self.begun[stream]);
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        // A progress bar rewrites its line; the last version is the one to read.
        let line = text.rsplit('\r').next().unwrap_or_default().to_owned();
        push_bounded(&mut self.last_lines, line.clone(), LAST_LINES);
        updates.push(Update::Log { step: self.name.clone(), line });
    }
}

/// Returns the line's JSON object, or nothing if it is plain text.
pub(crate) fn parse(line: &str) -> Option<SolveStatus> {
    // Text that happens to be JSON, such as a number, is no status.
    if line.starts_with('{') { serde_json::from_str(line).ok() } else { None }
}

/// Returns the state that BuildKit describes, or nothing for a step that was not begun.
fn state(vertex: &Vertex) -> Option<StepState> {
    if vertex.error.ends_with("context canceled") {
        return Some(StepState::Cancelled);
    }
    if !vertex.error.is_empty() {
        return Some(StepState::Failed(vertex.error.clone()));
    }
    match (&vertex.started, &vertex.completed) {
        (_, Some(_)) if vertex.cached => Some(StepState::Cached),
        (_, Some(_)) => Some(StepState::Done),
        (Some(_), None) => Some(StepState::Running),
        (None, None) => None,
    }
}

fn push_bounded(lines: &mut VecDeque<String>, line: String, limit: usize) {
    if lines.len() == limit {
        lines.pop_front();
    }
    lines.push_back(line);
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
