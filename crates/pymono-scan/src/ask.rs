//! Asking programs.

use std::ffi::OsString;

use camino::Utf8Path;
use pymono_exec::{ExecError, Interrupt, Invocation};

use crate::ScanError;

/// Runs `program` in `root` and returns what it wrote; nothing if there is no such program.
pub(crate) fn ask(
    program: &str,
    args: &[&str],
    root: &Utf8Path,
    env: &[(OsString, OsString)],
) -> Result<Option<Vec<u8>>, ScanError> {
    let invocation = Invocation {
        program: program.into(),
        args: args.iter().map(ToString::to_string).collect(),
        cwd: root.to_owned(),
        env: env.to_vec(),
    };
    match invocation.output(&Interrupt::new()) {
        Ok(output) if output.status.success() => Ok(Some(output.stdout)),
        Ok(output) => Err(ScanError::Answer {
            command: invocation.to_string(),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }),
        Err(ExecError::NotFound { .. }) => Ok(None),
        Err(source) => Err(ScanError::Ask { program: program.to_owned(), source }),
    }
}
