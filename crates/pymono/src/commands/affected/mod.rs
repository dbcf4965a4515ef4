//! `pymono affected`

mod json;
mod text;

use clap::{Args, ValueEnum};
use pymono_fingerprint::{Comparison, Reason};
use pymono_names::TreePath;
use pymono_scan::{Against, Head, ScanError, ScanOptions};

use crate::{
    error::CommandError,
    load::{scan_options, warn_all},
    reckon::Reckoned,
    session::Session,
};

/// List the services whose inputs differ from a base, and why
///
/// A service is affected if and only if its fingerprint differs: the files that
/// its image is made of, the pins that it needs, its settings, its Python and
/// its base images. Each reason is a piece that differs, and how the service
/// comes to have it.
#[derive(Debug, Args)]
pub(crate) struct AffectedArgs {
    #[command(flatten)]
    base: BaseArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is compared with what.
#[derive(Args, Clone, Debug)]
pub(crate) struct BaseArgs {
    /// Compare with the last commit that REF and the head have in common
    #[arg(long, value_name = "REF")]
    base: String,
    /// Take the state of a revision in place of the working tree
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// What to do where the base cannot be read
    #[arg(long, value_name = "WHAT", default_value = "error")]
    on_unknown: OnUnknown,
}

/// What becomes of what cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnUnknown {
    /// Fail
    Error,
    /// Take every service for affected, and say so
    All,
}

/// What was found of a head and its base.
pub(crate) struct Changes {
    /// The base's commit; nothing where it is not known.
    pub(crate) base: Option<String>,
    /// The head.
    pub(crate) head: Reckoned,
    /// What differs.
    pub(crate) comparison: Comparison,
}

pub(crate) fn run(session: &mut Session, args: &AffectedArgs) -> Result<(), CommandError> {
    let changes = changes(session, &args.base)?;
    let output = if args.json { json::json(&changes) } else { text::text(&changes) };
    Ok(session.shell.print(output)?)
}

/// Reads both trees and sets them against each other; what is odd about the head is said.
pub(crate) fn changes(session: &mut Session, args: &BaseArgs) -> Result<Changes, CommandError> {
    let mut head = scan_options(session);
    if let Some(revision) = &args.head {
        head.head = Head::Revision(revision.clone());
    }
    let commit = pymono_scan::base(&head, &Against::MergeBase(args.base.clone()));
    let (base, head) = match &commit {
        Ok(commit) => {
            let base = ScanOptions { head: Head::Revision(commit.clone()), ..head.clone() };
            Reckoned::both(&base, &head)
        }
        Err(_) => (Err(ScanError::Interrupted), Reckoned::of(&head)),
    };
    let (commit, base) = match commit {
        Ok(commit) => (Some(commit), base),
        Err(error) => (None, Err(error)),
    };
    session.go_on()?;
    let head = head?;
    warn_all(session, &head)?;
    let comparison = match base {
        Ok(base) => head.since(&base),
        Err(error) if args.on_unknown == OnUnknown::Error => {
            return Err(CommandError::unknown_base(error));
        }
        Err(error) => {
            session.shell.warn(format!("every service is taken for affected: {error}"))?;
            everything(&head, &error)
        }
    };
    Ok(Changes { base: commit, head, comparison })
}

impl Changes {
    /// Returns the name of a service's project.
    fn name(&self, path: &TreePath) -> String {
        let project = self.head.scan.workspace.projects.get(path);
        project.map_or_else(|| path.to_string(), |project| project.name.to_string())
    }
}

/// Takes all services for affected.
fn everything(head: &Reckoned, error: &ScanError) -> Comparison {
    let unknown = Reason::Unknown { why: error.to_string() };
    let services = head.inputs.keys().map(|path| (path.clone(), [unknown.clone()].into()));
    Comparison { services: services.collect(), ..Comparison::default() }
}
