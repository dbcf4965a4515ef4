//! Programs, run as a person would, in an environment that is the same on every machine.
#![expect(clippy::disallowed_methods, reason = "these processes are the tests' own")]

use std::{
    ffi::OsStr,
    fmt,
    io::{Seek, Write},
    process::{Child, Command, Stdio},
};

use camino::Utf8Path;

use crate::settings;

/// A program that was not started yet.
pub struct Tool {
    command: Command,
}

/// What came of a program.
#[derive(Debug)]
pub struct Finished {
    /// The command line.
    pub line: String,
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What its earlier runs wrote there, where it was run again.
    pub earlier: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Tool {
    /// Starts with a program and the short list of variables that every child gets.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.env_clear().envs(settings::environment()).stdin(Stdio::null());
        Self { command }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Runs it in this folder.
    #[must_use]
    pub fn cwd(mut self, folder: &Utf8Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Gives the process something to read from standard input.
    #[must_use]
    pub fn input(mut self, bytes: &[u8]) -> Self {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        self.command.stdin(file);
        self
    }

    /// Gives it a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end, whatever that is.
    ///
    /// The way to name servers and package indexes is not what is tested: what fails because
    /// of it, and says so, is run again.
    pub fn run(mut self) -> Finished {
        const MOST: usize = 4;
        let mut finished = self.run_once();
        for _ in 1..MOST {
            if finished.code == Some(0) || !finished.met_an_outage() {
                break;
            }
            let earlier = finished.earlier + &finished.stdout;
            finished = Finished { earlier, ..self.run_once() };
        }
        finished
    }

    fn run_once(&mut self) -> Finished {
        let output = self.command.output();
        let line = self.to_string();
        let output = output.unwrap_or_else(|error| panic!("`{line}` cannot be started: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Finished {
            line,
            code: output.status.code(),
            stdout: text(&output.stdout),
            earlier: String::new(),
            stderr: text(&output.stderr),
        }
    }

    /// Runs it and returns what it wrote to standard output; it must succeed.
    pub fn read(self) -> String {
        self.run().succeeded().stdout
    }

    /// Starts it, with standard output to be read.
    pub fn start(self) -> Child {
        self.start_with(Stdio::null())
    }

    /// Starts it with this standard input, and with standard output to be read.
    pub fn start_with(mut self, stdin: Stdio) -> Child {
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = self.command.spawn();
        child.unwrap_or_else(|error| panic!("`{self}` cannot be started: {error}"))
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [self.command.get_program()].into_iter().chain(self.command.get_args());
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        f.write_str(&words.join(" "))
    }
}

/// What resolvers and clients say when the way to a server is cut for a moment.
///
/// A refused connection or an unknown name is not among them: tests bring these about.
const OUTAGES: [&str; 7] = [
    "failed to lookup address information: Try again",
    "Temporary failure in name resolution",
    "Temporary failure resolving",
    ":http: [IP: ",
    "Could not resolve host",
    "connection timed out [IP: ",
    "spurious network error (1 tries remaining)",
];

impl Finished {
    fn met_an_outage(&self) -> bool {
        OUTAGES.iter().any(|words| self.stdout.contains(words) || self.stderr.contains(words))
    }

    /// Panics with the end of what it wrote unless it ended with this exit code.
    #[must_use]
    pub fn ended_with(self, code: i32) -> Self {
        assert!(
            self.code == Some(code),
            "`{}` ended with {:?} and not with {code}\n-- stdout\n{}\n-- stderr\n{}",
            self.line,
            self.code,
            end(&self.stdout),
            end(&self.stderr)
        );
        self
    }

    /// Panics with all that it wrote unless it succeeded.
    #[must_use]
    pub fn succeeded(self) -> Self {
        self.ended_with(0)
    }
}

/// Returns the last lines of a text: why a program failed stands at the end, behind a long log.
fn end(text: &str) -> String {
    const LINES: usize = 40;
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
