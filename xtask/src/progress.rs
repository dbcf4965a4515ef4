//! What a long chore is doing, line by line.

use std::fmt;
use std::time::Instant;

/// Prints lines with the time since its making, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    area: &'static str,
    started: Instant,
    muted: bool,
}

impl Progress {
    /// Starts the clock of a chore called `area`.
    pub(crate) fn new(area: &'static str) -> Self {
        Self { area, started: Instant::now(), muted: false }
    }

    /// Says nothing from now on: the last word belongs to someone else.
    pub(crate) fn mute(&mut self) {
        self.muted = true;
    }

    /// Prints one line.
    pub(crate) fn say(&self, line: impl fmt::Display) {
        if self.muted {
            return;
        }
        eprintln!("[{:>6.1}s] {}: {line}", self.started.elapsed().as_secs_f64(), self.area);
    }
}
