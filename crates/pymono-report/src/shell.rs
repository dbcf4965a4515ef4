//! The one object that owns standard output and standard error.

use std::{
    error::Error,
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};
use pymono_names::Login;
use thiserror::Error;

/// Columns that the verb of a status line takes.
const VERB_WIDTH: usize = 12;

/// The width of a terminal that does not tell.
const USUAL_WIDTH: u16 = 80;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const NEUTRAL: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// How much to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Results, failures and errors.
    Quiet,
    /// What happens, too.
    #[default]
    Normal,
    /// Everything, the logs of builds too.
    Verbose,
}

/// When to use color, as the user asks on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the environment says of color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColorEnv {
    /// `NO_COLOR` is set and not empty (<https://no-color.org>).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and neither empty nor `0`.
    pub clicolor_force: bool,
}

/// How a shell looks and how much it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShellOptions {
    /// How much to say.
    pub verbosity: Verbosity,
    /// When to use color.
    pub color: ColorChoice,
    /// What the environment says of color.
    pub env: ColorEnv,
    /// The width in columns of the terminal that standard error is, if it is one.
    pub terminal: Option<u16>,
}

/// Output has nowhere to go.
#[derive(Debug, Error)]
#[error("failed to write output")]
pub struct OutputError(#[from] io::Error);

impl OutputError {
    /// Returns true if the reader has gone away, as `| head` does; there is nobody to tell then.
    pub fn is_broken_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Standard output for data, standard error for talk.
pub struct Shell {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    verbosity: Verbosity,
    color: bool,
    terminal: Option<u16>,
}

impl Shell {
    /// Returns a shell that writes to the two given.
    pub fn new(
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
        options: &ShellOptions,
    ) -> Self {
        let ShellOptions { verbosity, color, env, terminal } = *options;
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !env.no_color && (env.clicolor_force || terminal.is_some()),
        };
        Self { stdout, stderr, verbosity, color, terminal }
    }

    /// Returns the shell of this process; what standard error is, is looked up and replaces the option.
    pub fn of_process(options: &ShellOptions) -> Self {
        let width =
            || console::Term::stderr().size_checked().map_or(USUAL_WIDTH, |(_, columns)| columns);
        let terminal = io::stderr().is_terminal().then(width);
        Self::new(
            Box::new(io::stdout()),
            Box::new(io::stderr()),
            &ShellOptions { terminal, ..*options },
        )
    }

    /// Returns how much to say.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Returns the width of the terminal that standard error is, or nothing if it is none.
    pub fn terminal(&self) -> Option<u16> {
        self.terminal
    }

    /// Writes `data` to standard output, with a line's end if it lacks one.
    pub fn print(&mut self, data: impl Display) -> Result<(), OutputError> {
        let data = data.to_string();
        let end = if data.is_empty() || data.ends_with('\n') { "" } else { "\n" };
        write!(self.stdout, "{data}{end}")?;
        Ok(self.stdout.flush()?)
    }

    /// Says what was done: a verb in a column of its own, and what it was done to.
    pub fn status(&mut self, verb: &str, message: impl Display) -> Result<(), OutputError> {
        if self.verbosity == Verbosity::Quiet {
            Ok(())
        } else {
            self.status_in(GOOD, verb, message)
        }
    }

    /// Says that something deserves attention.
    pub fn warn(&mut self, message: impl Display) -> Result<(), OutputError> {
        if self.verbosity == Verbosity::Quiet {
            return Ok(());
        }
        let label = self.paint(WARNING, "warning");
        self.say(format_args!("{label}: {message}"))
    }

    /// Says that something went wrong: the error, its causes, and what to do about it.
    pub fn error(&mut self, error: &dyn Error, hint: Option<&str>) -> Result<(), OutputError> {
        let label = self.paint(BAD, "error");
        self.say(format_args!("{label}: {error}"))?;
        let mut cause = error.source();
        while let Some(error) = cause {
            self.say(format_args!("  caused by: {error}"))?;
            cause = error.source();
        }
        let Some(hint) = hint else { return Ok(()) };
        let label = self.paint(NEUTRAL, "hint");
        self.say(format_args!("\n{label}: {hint}"))
    }

    /// Writes one line to standard error, without the login of any URL in it.
    pub fn say(&mut self, line: impl Display) -> Result<(), OutputError> {
        writeln!(self.stderr, "{}", Login::without_any(&line.to_string()))?;
        Ok(self.stderr.flush()?)
    }

    /// Writes a status line whatever the verbosity.
    pub(crate) fn status_in(
        &mut self,
        style: Style,
        verb: &str,
        message: impl Display,
    ) -> Result<(), OutputError> {
        let verb = self.paint(style, &format!("{verb:>VERB_WIDTH$}"));
        self.say(format_args!("{verb} {message}"))
    }

    /// Returns `text` in `style`, where color is wanted.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

impl std::fmt::Debug for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shell").field("verbosity", &self.verbosity).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A stream that keeps what is written to it.
    #[derive(Clone, Default)]
    pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Buffer {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A stream whose reader has gone.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns a shell and what it writes to standard output and standard error.
    pub(crate) fn buffered(options: ShellOptions) -> (Shell, Buffer, Buffer) {
        let (stdout, stderr) = (Buffer::default(), Buffer::default());
        (Shell::new(Box::new(stdout.clone()), Box::new(stderr.clone()), &options), stdout, stderr)
    }

    #[derive(Debug, Error)]
    #[error("the workspace at `.` is inconsistent")]
    struct Outer(#[source] Inner);

    #[derive(Debug, Error)]
    #[error("failed to read `a/pyproject.toml`")]
    struct Inner(#[from] io::Error);

    #[test]
    fn an_error_is_told_with_its_causes_and_what_to_do() {
        let (mut shell, _, stderr) = buffered(ShellOptions::default());
        let error = Outer(Inner(io::Error::other("permission denied")));
        shell.error(&error, Some("make it readable")).unwrap();
        insta::assert_snapshot!(stderr.text(), @r"
        error: the workspace at `.` is inconsistent
          caused by: failed to read `a/pyproject.toml`
          caused by: permission denied

        hint: make it readable
        ");
    }

    #[test]
    fn verbs_end_in_one_column() {
        let (mut shell, stdout, stderr) = buffered(ShellOptions::default());
        shell.status("Planned", "6 services").unwrap();
        shell.warn("tags float").unwrap();
        shell.print("data").unwrap();
        assert_eq!(stderr.text(), "     Planned 6 services\nwarning: tags float\n");
        assert_eq!(stdout.text(), "data\n");
    }

    #[test]
    fn a_quiet_shell_tells_errors_and_data_only() {
        let options = ShellOptions { verbosity: Verbosity::Quiet, ..ShellOptions::default() };
        let (mut shell, stdout, stderr) = buffered(options);
        shell.status("Planned", "6 services").unwrap();
        shell.warn("tags float").unwrap();
        shell.print("data\n").unwrap();
        shell.error(&io::Error::other("x"), None).unwrap();
        assert_eq!((stdout.text().as_str(), stderr.text().as_str()), ("data\n", "error: x\n"));
    }

    #[test]
    fn color_is_used_where_it_is_wanted() {
        let colored = |color, no_color, clicolor_force, terminal| {
            let env = ColorEnv { no_color, clicolor_force };
            buffered(ShellOptions { verbosity: Verbosity::Normal, color, env, terminal }).0.color
        };
        assert!(colored(ColorChoice::Auto, false, false, Some(80)));
        assert!(!colored(ColorChoice::Auto, false, false, None));
        assert!(!colored(ColorChoice::Auto, true, true, Some(80)));
        assert!(colored(ColorChoice::Auto, false, true, None));
        assert!(colored(ColorChoice::Always, true, false, None));
        assert!(!colored(ColorChoice::Never, false, true, Some(80)));
    }

    #[test]
    fn a_reader_that_has_gone_is_an_error_of_its_own() {
        let mut shell = Shell::new(Box::new(Closed), Box::new(Closed), &ShellOptions::default());
        assert!(shell.print("x").unwrap_err().is_broken_pipe());
        assert!(shell.status("Planned", "x").unwrap_err().is_broken_pipe());
    }
}
