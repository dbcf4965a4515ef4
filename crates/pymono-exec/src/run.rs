//! Running commands to their end.

use std::{
    io::{self, BufRead, BufReader, Read},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Instant,
};

use camino::Utf8PathBuf;

use crate::{ExecError, Interrupt, Invocation, group::Group};

/// Lines that may wait for the callback before the process has to.
const LINES_IN_FLIGHT: usize = 1024;

/// All that a process left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

/// Where a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The ends of a process's pipes that are ours.
pub(crate) struct Pipes {
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
}

impl Pipes {
    /// Takes the pipes of a child that was just started.
    pub(crate) fn of(child: &mut Child) -> Self {
        Self { stdin: child.stdin.take(), stdout: child.stdout.take(), stderr: child.stderr.take() }
    }
}

impl Invocation {
    /// Runs the command to its end and returns all that it wrote.
    pub fn output(&self, interrupt: &Interrupt) -> Result<Output, ExecError> {
        let (output, status) = self.supervise(interrupt, |mut stdout, mut stderr, _| {
            thread::scope(|scope| {
                let reader = scope.spawn(move || read_to_end(&mut stderr));
                let stdout = read_to_end(&mut stdout)?;
                let stderr =
                    reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
                Ok((stdout, stderr))
            })
        })?;
        let (stdout, stderr) = output;
        Ok(Output { status, stdout, stderr })
    }

    /// Runs the command to its end and hands each line that it writes to `on_line`, on this thread.
    ///
    /// Lines come without their end; what is no UTF-8 is replaced. It returns
    /// when the command has ended and nobody can write to its output any more,
    /// so no line is lost. Lines of one source keep their order; between the
    /// two there is none.
    pub fn stream(
        &self,
        interrupt: &Interrupt,
        on_line: &mut dyn FnMut(Source, &str),
    ) -> Result<ExitStatus, ExecError> {
        let ((), status) = self.supervise(interrupt, |stdout, stderr, kill| {
            let (sender, lines) = sync_channel(LINES_IN_FLIGHT);
            thread::scope(|scope| {
                let to_stdout = sender.clone();
                scope.spawn(move || send_lines(stdout, Source::Stdout, &to_stdout));
                scope.spawn(move || send_lines(stderr, Source::Stderr, &sender));
                // A panic of the callback would else wait for the readers, and they for the process.
                let _kill = kill;
                lines.into_iter().try_for_each(|line: io::Result<(Source, String)>| {
                    let (source, line) = line?;
                    on_line(source, &line);
                    Ok(())
                })
            })
        })?;
        Ok(status)
    }

    /// Starts the command, lets `read` read its output, and ends it when interrupted.
    fn supervise<T>(
        &self,
        interrupt: &Interrupt,
        read: impl FnOnce(ChildStdout, ChildStderr, KillOnPanic<'_>) -> io::Result<T>,
    ) -> Result<(T, ExitStatus), ExecError> {
        let wait_error = |source| ExecError::Wait { program: self.program.clone(), source };
        let (group, pipes) = self.spawn(Stdio::null())?;
        let outputs = pipes.stdout.zip(pipes.stderr);
        let (stdout, stderr) =
            outputs.ok_or_else(|| wait_error(io::ErrorKind::BrokenPipe.into()))?;

        let over = AtomicBool::new(false);
        let result = thread::scope(|scope| {
            scope.spawn(|| end_on_request(&group, interrupt, &over));
            // Dropped by a panic in `read` too, which would else wait for the thread above for ever.
            let _end = End { group: &group, interrupt, over: &over };
            let value = read(stdout, stderr, KillOnPanic(&group))?;
            group.wait()?;
            Ok(value)
        });
        let status = group.reap();
        Ok((result.map_err(wait_error)?, status.map_err(wait_error)?))
    }

    /// Starts the command, with pipes from its output and its errors.
    pub(crate) fn spawn(&self, stdin: Stdio) -> Result<(Group, Pipes), ExecError> {
        let program = self.locate()?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that starts processes"
        )]
        let mut command = Command::new(program);
        command.args(&self.args).current_dir(&self.cwd).env_clear().envs(self.env.iter().cloned());
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        Group::spawn(&mut command)
            .map_err(|source| ExecError::Spawn { program: self.program.clone(), source })
    }

    /// Returns the program's file, by the `PATH` that the process itself will have.
    fn locate(&self) -> Result<Utf8PathBuf, ExecError> {
        let program = self.program.clone();
        if !self.cwd.is_dir() {
            return Err(ExecError::NoDirectory { program, cwd: self.cwd.clone() });
        }
        which::which_in(&program, self.var("PATH"), &self.cwd)
            .ok()
            .and_then(|path| Utf8PathBuf::from_path_buf(path).ok())
            .ok_or(ExecError::NotFound { program })
    }
}

/// Ends the group when a panic passes by.
struct KillOnPanic<'a>(&'a Group);

impl Drop for KillOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            // What cannot be killed has ended already.
            let _ = self.0.kill();
        }
    }
}

/// Ends the watching thread, and after a request whatever is left of the group.
struct End<'a> {
    group: &'a Group,
    interrupt: &'a Interrupt,
    over: &'a AtomicBool,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        if self.interrupt.requested() {
            // What cannot be killed has ended already.
            let _ = self.group.kill();
        }
        self.interrupt.ring(|| self.over.store(true, Ordering::SeqCst));
    }
}

/// Waits for a request or the process's end; on a request, ends the group as the module `interrupt` tells.
pub(crate) fn end_on_request(group: &Group, interrupt: &Interrupt, over: &AtomicBool) {
    let is_over = || over.load(Ordering::SeqCst);
    interrupt.wait(None, || is_over() || interrupt.requested());
    if is_over() {
        return;
    }
    let deadline = Instant::now() + interrupt.grace();
    let gently = group.interrupt();
    if gently.is_ok() {
        interrupt.wait(Some(deadline), || is_over() || interrupt.level() > 1);
    }
    if !is_over() {
        // What cannot be killed has ended already.
        let _ = group.kill();
    }
}

pub(crate) fn read_to_end(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Sends every line of `pipe`, the last one even if it is not ended.
fn send_lines(pipe: impl Read, source: Source, lines: &SyncSender<io::Result<(Source, String)>>) {
    let mut pipe = BufReader::new(pipe);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let line = match pipe.read_until(b'\n', &mut bytes) {
            Ok(0) => return,
            Ok(_) => Ok((source, without_end(&bytes))),
            Err(error) => Err(error),
        };
        let last = line.is_err();
        if lines.send(line).is_err() || last {
            return;
        }
    }
}

fn without_end(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).into_owned()
}

#[cfg(test)]
#[cfg(unix)]
#[path = "run_tests.rs"]
mod tests;
