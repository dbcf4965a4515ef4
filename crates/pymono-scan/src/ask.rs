//! Asking programs.

use std::ffi::OsString;

use camino::Utf8Path;
use pymono_exec::{ExecError, Interrupt, Invocation};

use crate::ScanError;

/// How other programs are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Programs<'a> {
    /// Their environment.
    pub(crate) env: &'a [(OsString, OsString)],
    /// The request that ends them, and the scan.
    pub(crate) interrupt: &'a Interrupt,
}

impl Programs<'_> {
    /// Runs `program` in `root` and returns what it wrote; nothing if there is no such program.
    pub(crate) fn ask(
        &self,
        program: &str,
        args: &[&str],
        root: &Utf8Path,
    ) -> Result<Option<Vec<u8>>, ScanError> {
        let invocation = Invocation {
            program: program.into(),
            args: args.iter().map(ToString::to_string).collect(),
            cwd: root.to_owned(),
            env: self.env.to_vec(),
        };
        let answer = invocation.output(self.interrupt);
        self.go_on()?;
        match answer {
            Ok(output) if output.status.success() => Ok(Some(output.stdout)),
            Ok(output) => Err(ScanError::Answer {
                command: invocation.to_string(),
                stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            }),
            Err(ExecError::NotFound { .. }) => Ok(None),
            Err(source) => Err(ScanError::Ask { program: program.to_owned(), source }),
        }
    }

    /// Fails once the scan shall end.
    pub(crate) fn go_on(&self) -> Result<(), ScanError> {
        if self.interrupt.requested() { Err(ScanError::Interrupted) } else { Ok(()) }
    }
}
