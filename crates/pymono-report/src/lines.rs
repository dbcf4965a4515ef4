//! Plain lines, for logs that are read afterwards.

use std::collections::BTreeSet;

use pymono_event::{BuildEvent, Observer, Step, StepState};
use pymono_names::ServiceName;

use crate::{
    OutputError, Shell, Verbosity, human,
    shell::{GOOD, NEUTRAL},
    text::{plural, printable, shortened, step_name},
};

/// Columns that a step's line may take; a generated command can be thousands of characters long.
const WIDTH: usize = 120;

/// Shows a build as lines on standard error: what starts, each step that ran, each end.
///
/// A step that several services share is told once. Logs are told only when
/// verbose, or when they belong to a failure.
#[derive(Debug)]
pub struct Lines<'a> {
    shell: &'a mut Shell,
    told_steps: BTreeSet<String>,
    result: Result<(), OutputError>,
}

impl<'a> Lines<'a> {
    /// Returns an observer that writes to `shell`.
    pub fn new(shell: &'a mut Shell) -> Self {
        Self { shell, told_steps: BTreeSet::new(), result: Ok(()) }
    }

    /// Returns the first error that writing met.
    pub fn finish(self) -> Result<(), OutputError> {
        self.result
    }

    fn tell(&mut self, event: &BuildEvent) -> Result<(), OutputError> {
        match event {
            BuildEvent::Planned { services } => {
                self.shell.status("Building", plural(services.len(), "service"))
            }
            BuildEvent::Started { service } => self.status("Started", service.as_str()),
            BuildEvent::Stage { service, step } => self.step(service, step),
            BuildEvent::Log { service, step: _, line } => self.log(service, line),
            BuildEvent::Retrying { service, message } => {
                human::retrying(self.shell, service, message)
            }
            BuildEvent::Finished { service, report } => {
                human::finished(self.shell, service, report)
            }
            BuildEvent::Summary { duration, services } => {
                human::summary(self.shell, *duration, services)
            }
        }
    }

    fn step(&mut self, service: &ServiceName, step: &Step) -> Result<(), OutputError> {
        let ran = step.state == StepState::Done && step.instruction().is_some();
        if !ran || !self.told_steps.insert(step.digest.clone()) {
            return Ok(());
        }
        let line = format!("{service} {}", step_name(&step.name));
        self.status("Ran", &shortened(&line, WIDTH))
    }

    fn log(&mut self, service: &ServiceName, line: &str) -> Result<(), OutputError> {
        if self.shell.verbosity() < Verbosity::Verbose {
            return Ok(());
        }
        self.shell.status_in(GOOD, "", format_args!("{service} | {}", printable(line)))
    }

    fn status(&mut self, verb: &str, message: &str) -> Result<(), OutputError> {
        if self.shell.verbosity() == Verbosity::Quiet {
            return Ok(());
        }
        self.shell.status_in(NEUTRAL, verb, message)
    }
}

impl Observer for Lines<'_> {
    fn observe(&mut self, event: &BuildEvent) {
        if self.result.is_ok() {
            self.result = self.tell(event);
        }
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
pub(crate) mod tests;
