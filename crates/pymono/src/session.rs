//! All that a command may see of the outside world.

use std::{ffi::OsString, io::Read};

use camino::Utf8PathBuf;
use pymono_exec::Interrupt;
use pymono_names::TreePath;
use pymono_report::Shell;

use crate::error::CommandError;

/// The outside world of one command: no command reads the environment, the
/// current directory or a stream by any other way.
pub(crate) struct Session {
    /// The root of the tree.
    pub(crate) root: Utf8PathBuf,
    /// The folder that the user is in, from which paths of the command line are seen.
    pub(crate) folder: TreePath,
    /// The configuration file, where the command line names one.
    pub(crate) config: Option<Utf8PathBuf>,
    /// The environment that child processes get.
    pub(crate) env: Vec<(OsString, OsString)>,
    /// Where output goes.
    pub(crate) shell: Shell,
    /// What commands may be told by another program.
    pub(crate) input: Box<dyn Read + Send>,
    /// Whether the user wants to stop.
    pub(crate) interrupt: Interrupt,
}

impl Session {
    /// Returns an error if the user wants to stop: commands ask before they write or start anything.
    pub(crate) fn go_on(&self) -> Result<(), CommandError> {
        if self.interrupt.requested() { Err(CommandError::interrupted()) } else { Ok(()) }
    }
}
