//! What differs between a head and its base.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use pymono_fingerprint::{Comparison, Reason};
use pymono_names::TreePath;
use pymono_plan::{Fleet, StaleLocks};
use pymono_scan::{Against, Base, Head, ScanError, ScanOptions};

use crate::{
    error::CommandError,
    load::{scan_options, warn_all},
    reckon::{Extent, Reckoned},
    session::Session,
};

/// What is compared with what.
#[derive(Args, Clone, Debug)]
pub(crate) struct BaseArgs {
    /// Compare with the last commit that REF and the head have in common
    ///
    /// `auto` takes what GitHub, GitLab or Bitbucket tell of the run: the target of a pull request, what
    /// was there before a push, the commit below a merge queue's, or the last tag.
    #[arg(long, value_name = "REF")]
    pub(crate) base: Option<String>,
    /// Compare with REF itself
    #[arg(long, requires = "base")]
    exact: bool,
    /// Take the state of a revision in place of the working tree
    #[arg(long, value_name = "REV")]
    pub(crate) head: Option<String>,
    /// What to do where the base cannot be read
    #[arg(long, value_name = "WHAT", default_value = "error")]
    on_unknown: OnUnknown,
}

/// What becomes of what cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnUnknown {
    /// Fail
    Error,
    /// Take every service for affected, and say so
    All,
}

/// What was found of a head and its base.
pub(crate) struct Changes {
    /// The base's commit; nothing where it is not known, or there is none.
    pub(crate) base: Option<String>,
    /// The base, where there is one that can be read.
    pub(crate) before: Option<Reckoned>,
    /// The head.
    pub(crate) head: Reckoned,
    /// What differs.
    pub(crate) comparison: Comparison,
}

impl BaseArgs {
    /// Returns how to read the head.
    pub(crate) fn head(&self, session: &Session) -> Result<ScanOptions, CommandError> {
        match &self.head {
            Some(revision) => {
                let head = Head::Revision(revision.clone());
                Ok(ScanOptions { head, ..scan_options(session) })
            }
            None => working_tree(session),
        }
    }

    /// Reads both trees and sets them against each other; what is odd about the head is said.
    pub(crate) fn changes(
        &self,
        session: &mut Session,
        base: &str,
        extent: Extent,
    ) -> Result<Changes, CommandError> {
        let against = match against(base) {
            Against::MergeBase(name) if self.exact => Against::Exactly(name),
            against => against,
        };
        let options = self.head(session)?;
        let changes = changes(session, &options, &against, self.on_unknown, extent)?;
        warn_all(session, &changes.head)?;
        Ok(changes)
    }
}

/// Returns how to read the working tree, or the commit that a sparse one is of.
fn working_tree(session: &Session) -> Result<ScanOptions, CommandError> {
    let options = scan_options(session);
    Ok(ScanOptions { head: pymono_scan::whole(&options)?, ..options })
}

/// Reads the working tree and what it is compared with: the last commit that it has in common with
/// `base`, or what a CI service tells of the run.
pub(crate) fn since(
    session: &mut Session,
    base: &str,
    on_unknown: OnUnknown,
    extent: Extent,
) -> Result<Changes, CommandError> {
    let options = working_tree(session)?;
    changes(session, &options, &against(base), on_unknown, extent)
}

/// Returns the services of the last commit in common with `base`, without reading what their files hold.
pub(crate) fn fleet_at(session: &mut Session, base: &str) -> Result<Option<Fleet>, CommandError> {
    let options = working_tree(session)?;
    let found = pymono_scan::base(&options, &against(base));
    session.go_on()?;
    let Base { commit, how } = found.map_err(CommandError::unknown_base)?;
    if base == "auto" {
        session.shell.status("Comparing", format!("with {how}"))?;
    }
    let Some(commit) = commit else { return Ok(None) };
    let options = ScanOptions { head: Head::Revision(commit), ..options };
    let scan = pymono_scan::scan(&options);
    session.go_on()?;
    let scan = scan.map_err(CommandError::unknown_base)?;
    Ok(Some(pymono_plan::assemble(&scan.workspace, StaleLocks::Used).0))
}

/// Returns what the working tree is compared with, as `--base` says it.
fn against(base: &str) -> Against {
    if base == "auto" { Against::Auto } else { Against::MergeBase(base.to_owned()) }
}

fn changes(
    session: &mut Session,
    options: &ScanOptions,
    against: &Against,
    on_unknown: OnUnknown,
    extent: Extent,
) -> Result<Changes, CommandError> {
    let (found, before, head) = match pymono_scan::base(options, against) {
        Ok(Base { commit: Some(commit), how }) => {
            let (before, head) = Reckoned::both(&commit, options, extent);
            (Some((Some(commit), how)), before.map(Some), head)
        }
        Ok(Base { commit: None, how }) => (Some((None, how)), Ok(None), Reckoned::of(options)),
        Err(error @ ScanError::Bare) => return Err(error.into()),
        Err(error) => (None, Err(error), Reckoned::of(options)),
    };
    session.go_on()?;
    let head = head?;
    let (commit, how) = found.unzip();
    if let (Some(how), Against::Auto) = (&how, against) {
        session.shell.status("Comparing", format!("with {how}"))?;
    }
    let (before, comparison) = match before {
        Ok(before) => {
            let comparison = head.since(before.as_ref());
            if let Some(warning) = before.as_ref().and_then(|_| unversioned(&head)) {
                session.shell.warn(warning)?;
            }
            for warning in before.iter().flat_map(|before| &before.scan.warnings) {
                if !head.scan.warnings.contains(warning) {
                    session.shell.warn(format!("at the base: {warning}"))?;
                }
            }
            (before, comparison)
        }
        Err(error) if on_unknown == OnUnknown::Error => {
            return Err(CommandError::unknown_base(error));
        }
        Err(error) => {
            session.shell.warn(format!("every service is taken for affected: {error}"))?;
            (None, everything(&head, &error))
        }
    };
    Ok(Changes { base: commit.flatten(), before, head, comparison })
}

/// Returns a warning of included files that git ignores: no base has them, so what has them always differs.
fn unversioned(head: &Reckoned) -> Option<String> {
    let projects = head.scan.workspace.projects.values();
    let ignored: BTreeSet<&TreePath> = projects.flat_map(|it| &it.further.ignored).collect();
    let first = ignored.first()?;
    let more = match ignored.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "`{first}`{more} is included, but git ignores it: no base has it, so what includes it is always affected; \
         commit it, or make it in `build-steps`"
    ))
}

/// Takes all services for affected.
fn everything(head: &Reckoned, error: &ScanError) -> Comparison {
    let unknown = Reason::Unknown { why: error.to_string() };
    let services = head.inputs.keys().map(|path| (path.clone(), [unknown.clone()].into()));
    Comparison { services: services.collect(), ..Comparison::default() }
}
