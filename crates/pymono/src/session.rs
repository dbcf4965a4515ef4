//! All that a command may see of the outside world.

use std::ffi::OsString;

use camino::Utf8PathBuf;
use pymono_exec::Interrupt;
use pymono_report::Shell;

/// The outside world of one command: no command reads the environment, the
/// current directory or a stream by any other way.
pub(crate) struct Session {
    /// The root of the tree.
    pub(crate) root: Utf8PathBuf,
    /// The configuration file, where the command line names one.
    pub(crate) config: Option<Utf8PathBuf>,
    /// The environment that child processes get.
    pub(crate) env: Vec<(OsString, OsString)>,
    /// Where output goes.
    pub(crate) shell: Shell,
    /// Whether the user wants to stop.
    pub(crate) interrupt: Interrupt,
}
