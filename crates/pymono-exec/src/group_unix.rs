//! A child and all that it starts, as one process group.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus},
};

use rustix::{
    io::{Errno, retry_on_intr},
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};

use crate::run::Pipes;

/// A running child that leads a process group.
///
/// The child is reaped by [`Group::reap`] and not before, so its id, which is
/// the group's, cannot pass to a stranger while we may still send signals to it.
pub(crate) struct Group {
    child: Child,
    id: Pid,
}

impl Group {
    /// Starts `command` in a group of its own.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Self, Pipes)> {
        let mut child = command.process_group(0).spawn()?;
        let pipes = Pipes::of(&mut child);
        let id = Pid::from_child(&child);
        Ok((Self { child, id }, pipes))
    }

    /// Asks the group to end, as Ctrl-C in a terminal does.
    pub(crate) fn interrupt(&self) -> io::Result<()> {
        self.signal(Signal::INT)
    }

    /// Ends every process of the group.
    pub(crate) fn kill(&self) -> io::Result<()> {
        self.signal(Signal::KILL)
    }

    /// Waits for the child's end without reaping it.
    pub(crate) fn wait(&self) -> io::Result<()> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        retry_on_intr(|| waitid(WaitId::Pid(self.id), options))?;
        Ok(())
    }

    /// Reaps the child; no signal may be sent afterwards.
    pub(crate) fn reap(mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        match kill_process_group(self.id, signal) {
            // Nobody is left, or on macOS only the dead child is.
            Ok(()) | Err(Errno::SRCH | Errno::PERM) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
