//! Programs that answer one request after another.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use crate::{
    ExecError, Interrupt, Invocation,
    group::Group,
    run::{end_on_request, read_to_end},
};

/// A request that surely fits into a pipe, so that writing it does not wait for the program to read.
const FITS: usize = 4096;

/// A program that runs for as long as it has somebody to answer to.
///
/// It reads requests from its standard input and writes answers to its standard
/// output. Dropping this ends it and whatever it has started; so does the
/// request of the [`Interrupt`] that it was started under, and then what waits
/// for an answer gets an error.
pub struct Dialogue {
    command: String,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    group: Option<Arc<Group>>,
    watch: Option<JoinHandle<()>>,
    over: Arc<AtomicBool>,
    interrupt: Interrupt,
}

impl Invocation {
    /// Starts the command, to ask it for answers.
    pub fn converse(&self, interrupt: &Interrupt) -> Result<Dialogue, ExecError> {
        let (group, pipes) = self.spawn(Stdio::piped())?;
        let lost = || ExecError::Wait {
            program: self.program.clone(),
            source: io::ErrorKind::BrokenPipe.into(),
        };
        let stdout = pipes.stdout.ok_or_else(lost)?;
        let mut stderr = pipes.stderr.ok_or_else(lost)?;
        let (group, over) = (Arc::new(group), Arc::new(AtomicBool::new(false)));
        let watch = {
            let (group, interrupt, over) = (group.clone(), interrupt.clone(), over.clone());
            thread::spawn(move || end_on_request(&group, &interrupt, &over))
        };
        Ok(Dialogue {
            command: self.to_string(),
            stdin: pipes.stdin,
            stdout: BufReader::new(stdout),
            stderr: Some(thread::spawn(move || read_to_end(&mut stderr).unwrap_or_default())),
            group: Some(group),
            watch: Some(watch),
            over,
            interrupt: interrupt.clone(),
        })
    }
}

impl Dialogue {
    /// Writes a request of any length and lets `read` read the answer to it, and no more than that.
    ///
    /// # Errors
    ///
    /// The program has ended, or `read` failed. After that it answers no more.
    pub fn ask<T>(
        &mut self,
        request: &[u8],
        read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
    ) -> Result<T, ExecError> {
        let Self { stdin, stdout, group, .. } = self;
        let (Some(stdin), Some(group)) = (stdin, group) else {
            return Err(self.failed(io::ErrorKind::BrokenPipe.into()));
        };
        let mut write = || stdin.write_all(request).and_then(|()| stdin.flush());
        let answer = if request.len() <= FITS {
            write().and_then(|()| read(stdout))
        } else {
            // The program may answer before it has read all, and wait until that is read.
            thread::scope(|scope| {
                let writer = scope.spawn(write);
                let answer = read(stdout);
                if answer.is_err() {
                    // Else the writer might wait for a program that reads no more.
                    let _ = group.kill();
                }
                let written =
                    writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                answer.and_then(|answer| written.map(|()| answer))
            })
        };
        answer.map_err(|source| self.failed(source))
    }

    /// Ends the program and returns the error that tells why.
    fn failed(&mut self, source: io::Error) -> ExecError {
        self.end();
        let stderr = self.stderr.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        let stderr = String::from_utf8_lossy(&stderr).trim().to_owned();
        ExecError::Answer { command: self.command.clone(), stderr, source }
    }

    fn end(&mut self) {
        self.stdin = None;
        let Some(group) = self.group.take() else { return };
        // What cannot be killed has ended already.
        let _ = group.kill();
        self.interrupt.ring(|| self.over.store(true, Ordering::SeqCst));
        if let Some(watch) = self.watch.take() {
            // It only waits, and cannot panic.
            let _ = watch.join();
        }
        if let Some(group) = Arc::into_inner(group) {
            // How it ended says nothing: it was ended.
            let _ = group.reap();
        }
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialogue").field("command", &self.command).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(unix)]
#[path = "dialogue_tests.rs"]
mod tests;
