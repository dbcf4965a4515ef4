//! A child where there are no process groups: only the child itself can be ended.

use std::{
    io,
    process::{Child, Command, ExitStatus},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::run::Pipes;

/// How often a child is asked whether it has ended.
const POLL: Duration = Duration::from_millis(20);

/// A running child.
pub(crate) struct Group {
    child: Mutex<Child>,
}

impl Group {
    /// Starts `command`.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Self, Pipes)> {
        let mut child = command.spawn()?;
        let pipes = Pipes::of(&mut child);
        Ok((Self { child: Mutex::new(child) }, pipes))
    }

    /// Ends the child; there is no gentler way.
    pub(crate) fn interrupt(&self) -> io::Result<()> {
        self.kill()
    }

    /// Ends the child.
    pub(crate) fn kill(&self) -> io::Result<()> {
        self.child().kill()
    }

    /// Waits for the child's end.
    pub(crate) fn wait(&self) -> io::Result<()> {
        // The lock is free between two looks, for the one who wants to kill.
        while self.child().try_wait()?.is_none() {
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Returns the status of the child that has ended.
    pub(crate) fn reap(self) -> io::Result<ExitStatus> {
        self.child.into_inner().unwrap_or_else(PoisonError::into_inner).wait()
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
