//! What both forms for people say: ends of builds, failures, the summary.

use std::{collections::BTreeMap, time::Duration};

use anstyle::Style;
use pymono_event::{Failure, Outcome, ServiceReport};
use pymono_names::ServiceName;

use crate::{
    OutputError, Shell, Verbosity,
    shell::{BAD, GOOD, NEUTRAL, WARNING},
    table::table,
    text::{duration, plural, printable, step_name},
};

/// The indent of what belongs to a status line.
const INDENT: &str = "             ";

/// Says how a service's build ended, with its failure if it has one.
pub(crate) fn finished(
    shell: &mut Shell,
    service: &ServiceName,
    report: &ServiceReport,
) -> Result<(), OutputError> {
    let failed = report.outcome == Outcome::Failed;
    if shell.verbosity() == Verbosity::Quiet && !failed {
        return Ok(());
    }
    let (style, verb) = verb(report.outcome);
    if report.duration.is_zero() {
        return shell.status_in(style, verb, service);
    }
    let steps = format!("{} cached, {} run", report.steps_cached, report.steps_run);
    shell.status_in(
        style,
        verb,
        format_args!("{service} in {} ({steps})", duration(report.duration)),
    )?;
    report.failure.as_ref().map_or(Ok(()), |failure| tell_failure(shell, failure))
}

/// Says that a service's build starts again, and why.
pub(crate) fn retrying(
    shell: &mut Shell,
    service: &ServiceName,
    message: &str,
) -> Result<(), OutputError> {
    shell.warn(format_args!("{service}: {}; trying again", printable(message)))
}

/// Says how all builds ended: the table, one line, and every failure again.
///
/// A quiet shell says nothing: it has told each failure when it happened.
pub(crate) fn summary(
    shell: &mut Shell,
    time: Duration,
    services: &[(ServiceName, ServiceReport)],
) -> Result<(), OutputError> {
    if shell.verbosity() == Verbosity::Quiet {
        return Ok(());
    }
    if !services.is_empty() {
        shell.say(format_args!("\n{}\n", table(services)))?;
    }
    shell.say(format_args!("{} in {}", counts(services), duration(time)))?;
    for (service, report) in services {
        if let Some(failure) = &report.failure {
            shell.say("")?;
            shell.status_in(BAD, "Failed", service)?;
            tell_failure(shell, failure)?;
        }
    }
    Ok(())
}

/// Returns `6 services: 4 built, 2 cached`.
pub(crate) fn counts(services: &[(ServiceName, ServiceReport)]) -> String {
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    for (_, report) in services {
        *counts.entry(report.outcome).or_default() += 1;
    }
    let parts: Vec<String> =
        counts.iter().map(|(outcome, count)| format!("{count} {}", outcome.as_str())).collect();
    let total = plural(services.len(), "service");
    if parts.is_empty() { total } else { format!("{total}: {}", parts.join(", ")) }
}

fn tell_failure(shell: &mut Shell, failure: &Failure) -> Result<(), OutputError> {
    let Failure { step, message, log } = failure;
    let lines = step.iter().map(|step| step_name(step)).chain(message.lines().map(printable));
    lines.into_iter().try_for_each(|line| shell.say(format_args!("{INDENT}{line}")))?;
    log.iter().try_for_each(|line| {
        let line = format!("{INDENT}| {}", printable(line));
        shell.say(line.trim_end())
    })
}

fn verb(outcome: Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Built => (GOOD, "Built"),
        Outcome::Cached => (NEUTRAL, "Cached"),
        Outcome::Skipped => (NEUTRAL, "Skipped"),
        Outcome::Failed => (BAD, "Failed"),
        Outcome::Cancelled => (WARNING, "Cancelled"),
    }
}
