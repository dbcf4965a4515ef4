//! What can go wrong before a process says anything itself.

use std::io;

use camino::Utf8PathBuf;
use thiserror::Error;

/// A process could not be started or waited for.
///
/// That a process ends with a failure is no error here: its status says so.
#[derive(Debug, Error)]
pub enum ExecError {
    /// The program is neither a file nor in a directory of `PATH`.
    #[error("`{program}` was not found")]
    NotFound {
        /// The program as it was asked for.
        program: Utf8PathBuf,
    },
    /// The directory to run in does not exist.
    #[error("`{program}` cannot run in `{cwd}`, which is no directory")]
    NoDirectory {
        /// The program as it was asked for.
        program: Utf8PathBuf,
        /// The directory to run in.
        cwd: Utf8PathBuf,
    },
    /// The operating system refused to start the program.
    #[error("failed to start `{program}`")]
    Spawn {
        /// The program as it was asked for.
        program: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program's output or end could not be awaited.
    #[error("lost sight of `{program}`")]
    Wait {
        /// The program as it was asked for.
        program: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program that answers requests ended, or could not be read, in the middle of an answer.
    #[error("`{command}` did not answer: {stderr}")]
    Answer {
        /// The command, as a shell takes it.
        command: String,
        /// What it wrote to standard error, trimmed.
        stderr: String,
        /// Why.
        source: io::Error,
    },
}

impl ExecError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { program } => {
                Some(format!("install `{program}`, or add the directory that holds it to `PATH`"))
            }
            _ => None,
        }
    }
}
