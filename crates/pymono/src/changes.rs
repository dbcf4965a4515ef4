//! What differs between a head and its base.

use clap::{Args, ValueEnum};
use pymono_fingerprint::{Comparison, Reason};
use pymono_scan::{Against, Base, Head, ScanError, ScanOptions};

use crate::{
    error::CommandError,
    load::{scan_options, warn_all},
    reckon::Reckoned,
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
enum OnUnknown {
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
        let options = scan_options(session);
        let head = match &self.head {
            Some(revision) => Head::Revision(revision.clone()),
            None => pymono_scan::whole(&options)?,
        };
        Ok(ScanOptions { head, ..options })
    }

    fn against(&self, base: &str) -> Against {
        match base {
            "auto" => Against::Auto,
            name if self.exact => Against::Exactly(name.to_owned()),
            name => Against::MergeBase(name.to_owned()),
        }
    }
}

/// Reads the head and `base` and sets them against each other; what is odd about the head is said.
pub(crate) fn changes(
    session: &mut Session,
    args: &BaseArgs,
    base: &str,
) -> Result<Changes, CommandError> {
    let options = args.head(session)?;
    let found = pymono_scan::base(&options, &args.against(base));
    let (found, before, head) = match found {
        Ok(Base { commit: Some(commit), how }) => {
            let base = ScanOptions { head: Head::Revision(commit.clone()), ..options.clone() };
            let (before, head) = Reckoned::both(&base, &options);
            (Some((Some(commit), how)), before.map(Some), head)
        }
        Ok(Base { commit: None, how }) => (Some((None, how)), Ok(None), Reckoned::of(&options)),
        Err(error @ ScanError::Bare) => return Err(error.into()),
        Err(error) => (None, Err(error), Reckoned::of(&options)),
    };
    session.go_on()?;
    let head = head?;
    warn_all(session, &head)?;
    let (commit, how) = found.unzip();
    if let (Some(how), "auto") = (&how, base) {
        session.shell.status("Comparing", format!("with {how}"))?;
    }
    let (before, comparison) = match before {
        Ok(before) => {
            let comparison = head.since(before.as_ref());
            (before, comparison)
        }
        Err(error) if args.on_unknown == OnUnknown::Error => {
            return Err(CommandError::unknown_base(error));
        }
        Err(error) => {
            session.shell.warn(format!("every service is taken for affected: {error}"))?;
            (None, everything(&head, &error))
        }
    };
    Ok(Changes { base: commit.flatten(), before, head, comparison })
}

/// Takes all services for affected.
fn everything(head: &Reckoned, error: &ScanError) -> Comparison {
    let unknown = Reason::Unknown { why: error.to_string() };
    let services = head.inputs.keys().map(|path| (path.clone(), [unknown.clone()].into()));
    Comparison { services: services.collect(), ..Comparison::default() }
}
