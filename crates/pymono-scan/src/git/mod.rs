//! What git says about a repository.

mod attributes;
mod config;
mod difference;
mod objects;

use std::ffi::OsString;

use camino::{Utf8Path, Utf8PathBuf};
use pymono_exec::{Dialogue, ExecError, Interrupt, Invocation};

use crate::{ScanError, ask::Programs};

pub(crate) use attributes::Attributes;
pub(crate) use config::Config;
pub(crate) use difference::Difference;
pub(crate) use objects::Objects;

/// Git in one folder: of a working tree, or of a repository without one.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    folder: Utf8PathBuf,
    env: Vec<(OsString, OsString)>,
    interrupt: Interrupt,
}

impl Git {
    /// Returns git as it answers in `folder`.
    pub(crate) fn new(folder: &Utf8Path, programs: &Programs<'_>) -> Self {
        let env = programs.env.iter().filter(|(name, _)| !of_a_hook(name)).cloned();
        // A look at the tree must not keep others from their work on it.
        let quiet = (OsString::from("GIT_OPTIONAL_LOCKS"), OsString::from("0"));
        Self {
            folder: folder.to_owned(),
            env: env.chain([quiet]).collect(),
            interrupt: programs.interrupt.clone(),
        }
    }

    /// Returns the same with one more variable in its environment.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut git = self.clone();
        git.env.push((name.into(), value.into()));
        git
    }

    /// Runs git and returns what it wrote; nothing if there is no git.
    pub(crate) fn try_ask(&self, args: &[&str]) -> Result<Option<Vec<u8>>, ScanError> {
        let programs = Programs { env: &self.env, interrupt: &self.interrupt };
        programs.ask("git", args, &self.folder)
    }

    /// Runs git and returns what it wrote.
    pub(crate) fn ask(&self, args: &[&str]) -> Result<Vec<u8>, ScanError> {
        let missing = || ExecError::NotFound { program: "git".into() };
        self.try_ask(args)?
            .ok_or_else(|| ScanError::Ask { program: "git".into(), source: missing() })
    }

    /// Starts git, to ask it for one thing after another.
    pub(crate) fn converse(&self, args: &[&str]) -> Result<Dialogue, ScanError> {
        let invocation = Invocation {
            program: "git".into(),
            args: args.iter().map(ToString::to_string).collect(),
            cwd: self.folder.clone(),
            env: self.env.clone(),
        };
        invocation.converse(&self.interrupt).map_err(|source| self.failed(source))
    }

    /// Returns the error of a dialogue; one that was interrupted is none of git's.
    pub(crate) fn failed(&self, source: ExecError) -> ScanError {
        if self.interrupt.requested() {
            return ScanError::Interrupted;
        }
        ScanError::Ask { program: "git".into(), source }
    }
}

/// Returns the id of the commit that git knows by `name`.
pub(crate) fn commit(git: &Git, name: &str) -> Result<String, ScanError> {
    let wanted = format!("{name}^{{commit}}");
    let answer = git.ask(&["rev-parse", "--verify", "--end-of-options", &wanted]);
    let id = answer.map_err(|error| match error {
        ScanError::Answer { .. } => {
            let shallow = git.ask(&["rev-parse", "--is-shallow-repository"]);
            let shallow = shallow.is_ok_and(|answer| answer.starts_with(b"true"));
            ScanError::Revision { name: name.to_owned(), shallow }
        }
        other => other,
    })?;
    Ok(String::from_utf8_lossy(&id).trim().to_owned())
}

/// Returns true for the variables that git sets for its hooks: they name the
/// repository from another folder than ours, and an index that is not its own.
fn of_a_hook(name: &OsString) -> bool {
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"].iter().any(|known| name == known)
}

/// Returns the entries of a listing in which each ends with a NUL.
pub(crate) fn entries(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let entry = move |end| &output[std::mem::replace(&mut start, end + 1)..end];
    memchr::memchr_iter(0, output).map(entry).filter(|entry| !entry.is_empty())
}
