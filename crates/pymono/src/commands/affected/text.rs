//! What differs, for people.

use std::collections::BTreeSet;

use pymono_fingerprint::Reason;
use pymono_names::TreePath;
use pymono_report::plural;

use super::Changes;

/// So many reasons of one service are shown.
const MOST: usize = 10;

pub(super) fn text(changes: &Changes) -> String {
    let mut lines = services(changes);
    let removed = &changes.comparison.removed;
    lines.extend(removed.iter().map(|path| format!("{path} is no service any more")));
    let (affected, all) = (changes.comparison.services.len(), changes.head.inputs.len());
    let base = base_name(changes);
    lines.push(format!("{affected} of {} affected since {base}", plural(all, "service")));
    lines.join("\n")
}

/// Returns what files concern that were asked about.
pub(super) fn of_paths(changes: &Changes) -> String {
    let mut lines = services(changes);
    let (affected, all) = (changes.comparison.services.len(), changes.head.inputs.len());
    lines.push(format!("{affected} of {} would be affected", plural(all, "service")));
    lines.join("\n")
}

/// Returns the services, each with its reasons.
fn services(changes: &Changes) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, reasons) in &changes.comparison.services {
        lines.push(path.to_string());
        lines.extend(told(reasons).map(|line| format!("    {line}")));
    }
    lines
}

/// Returns what was compared with, as people know it.
pub(crate) fn base_name(changes: &Changes) -> String {
    changes.base.as_deref().map_or("the base", short).to_owned()
}

/// Returns the beginning of a commit's id, as git shows it.
pub(crate) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// Returns some of the reasons, a line each.
fn told(reasons: &BTreeSet<Reason>) -> impl Iterator<Item = String> {
    let more = reasons.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("and {} more", plural(more, "reason")));
    reasons.iter().take(MOST).map(reason).chain(more)
}

/// Returns a reason as a line.
pub(crate) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Added => "is new, or could not be built before".to_owned(),
        Reason::Unknown { why } => why.clone(),
        Reason::Source { path } | Reason::Dockerfile { path } => path.to_string(),
        Reason::Dependency { via, path, .. } | Reason::Crate { via, path, .. } => {
            format!("{path}{}", chain(via))
        }
        Reason::Edge { package, via } => {
            format!("the local dependency `{package}` came or went{}", chain(via))
        }
        Reason::Pin { package, via, from, to } => {
            format!("{package} {}{}", change(from.as_ref(), to.as_ref()), chain(via))
        }
        Reason::Config { key } => format!("the setting `{key}`"),
        Reason::Python { from, to } => format!("Python {}", change(from.as_ref(), to.as_ref())),
        Reason::Base { from, to } => format!("the image {}", change(from.as_ref(), to.as_ref())),
        Reason::Backend { package, via } => {
            format!("how `{package}` is built{}", chain(via))
        }
    }
}

fn change(from: Option<&String>, to: Option<&String>) -> String {
    match (from, to) {
        (Some(from), Some(to)) if from == to => {
            format!("{to}, from other files or another place, or built with something else")
        }
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (None, Some(to)) => format!("{to}, new"),
        (Some(from), None) => format!("{from}, gone"),
        (None, None) => "without a version".to_owned(),
    }
}

/// Returns how a service comes to have something, where that is not at once.
fn chain(via: &[TreePath]) -> String {
    if via.len() < 2 {
        return String::new();
    }
    let via: Vec<&str> = via.iter().map(TreePath::as_str).collect();
    format!(" ({})", via.join(" → "))
}
