//! Other programs, run so that a failure tells what was run and what it said.

use std::ffi::OsStr;
use std::fmt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::{interrupt, wait};

/// How many last lines of a program's output an error repeats.
const LAST_LINES: usize = 20;

/// A program with its arguments, not started yet.
pub(crate) struct Tool(Command);

impl Tool {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self(Command::new(program))
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(key, value);
        self
    }

    pub(crate) fn envs(mut self, env: impl IntoIterator<Item = (String, String)>) -> Self {
        self.0.envs(env);
        self
    }

    pub(crate) fn cwd(mut self, directory: impl AsRef<std::path::Path>) -> Self {
        self.0.current_dir(directory);
        self
    }

    /// Feeds the program with `input`, another program's output or a file.
    pub(crate) fn stdin(mut self, input: impl Into<Stdio>) -> Self {
        self.0.stdin(input);
        self
    }

    /// Runs on the terminal of the chore; whether it succeeded.
    pub(crate) fn passes(mut self) -> Result<bool> {
        let status = self.0.status().with_context(|| self.failed_to_start())?;
        interrupt::check()?;
        Ok(status.success())
    }

    /// Runs on the terminal of the chore and has to succeed.
    pub(crate) fn run(self) -> Result<()> {
        let shown = self.to_string();
        ensure!(self.passes()?, "`{shown}` failed; its own output says why");
        Ok(())
    }

    /// Runs without a word and returns what it printed; an error repeats it.
    pub(crate) fn read(mut self) -> Result<String> {
        let output = self.0.output().with_context(|| self.failed_to_start())?;
        interrupt::check()?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let said = if stderr.trim().is_empty() { stdout.as_str() } else { stderr.as_ref() };
            bail!("`{self}` failed with {}; it said:\n{}", output.status, last_lines(said));
        }
        Ok(stdout)
    }

    /// Runs without a word and has to succeed.
    pub(crate) fn quiet(self) -> Result<()> {
        self.read().map(drop)
    }

    /// Whether it could be started and succeeded. Says nothing either way.
    pub(crate) fn succeeds(mut self) -> bool {
        self.silence().0.status().is_ok_and(|status| status.success())
    }

    /// Like [`Tool::succeeds`], but the answer is no when `limit` is over.
    pub(crate) fn succeeds_within(mut self, limit: Duration) -> Result<bool> {
        let Ok(mut child) = self.silence().0.spawn() else { return Ok(false) };
        let status = wait::until(limit, || Ok(child.try_wait()?));
        if !matches!(status, Ok(Some(_))) {
            child.kill()?;
            child.wait()?;
        }
        Ok(status?.is_some_and(|status| status.success()))
    }

    /// Starts it with everything that it prints going to `log`.
    pub(crate) fn spawn_into(mut self, log: std::fs::File) -> Result<Child> {
        let errors = log.try_clone().context("failed to share the log")?;
        self.0.stdin(Stdio::null()).stdout(log).stderr(errors);
        self.0.spawn().with_context(|| self.failed_to_start())
    }

    /// Starts it with its output as a pipe, to feed another program.
    pub(crate) fn spawn_piped(mut self) -> Result<Child> {
        self.0.stdout(Stdio::piped());
        self.0.spawn().with_context(|| self.failed_to_start())
    }

    fn silence(&mut self) -> &mut Self {
        self.0.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self
    }

    fn failed_to_start(&self) -> String {
        format!("failed to start `{}`; is it installed and on PATH?", self.program())
    }

    fn program(&self) -> String {
        self.0.get_program().to_string_lossy().into_owned()
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program())?;
        self.0.get_args().try_for_each(|arg| write!(f, " {}", arg.to_string_lossy()))
    }
}

/// The end of a log, each line indented.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let first = lines.len().saturating_sub(LAST_LINES);
    lines[first..].iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_log_is_repeated() {
        let log: String = (0..100).map(|line| format!("line {line}\n")).collect();
        let end = last_lines(&log);
        assert!(end.starts_with("  line 80\n"), "{end}");
        assert!(end.ends_with("  line 99"), "{end}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error = Tool::new("no-such-program-here").read().unwrap_err();
        assert!(format!("{error:#}").contains("`no-such-program-here`"), "{error:#}");
    }
}
