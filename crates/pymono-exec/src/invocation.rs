//! Commands as data.

use std::{
    ffi::{OsStr, OsString},
    fmt,
};

use camino::Utf8PathBuf;

/// A command that has not run yet.
///
/// It is plain data, so it can be shown, compared and recorded, and the process
/// it starts inherits nothing from this one: neither directory nor environment
/// nor standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program: a path, or a name to look up in the `PATH` of [`Self::env`].
    pub program: Utf8PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The directory that it runs in.
    pub cwd: Utf8PathBuf,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
}

impl Invocation {
    /// Returns the value of a variable of the process's environment, the last one if there are several.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_os_str())
    }

    /// Returns the line that runs this command from anywhere: `cd DIR && PROGRAM …`.
    pub fn in_directory(&self) -> impl fmt::Display + '_ {
        struct InDirectory<'a>(&'a Invocation);
        impl fmt::Display for InDirectory<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "cd {} && {}", quoted(self.0.cwd.as_str()), self.0)
            }
        }
        InDirectory(self)
    }
}

/// Writes the command as one line for a POSIX shell, without directory and environment.
///
/// The environment is left out because it may hold secrets.
impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(self.program.as_str()))?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

/// Returns `word` as a shell reads it back.
fn quoted(word: &str) -> String {
    // Only a NUL cannot be quoted, and no process can be started with one.
    shlex::try_quote(word).map_or_else(|_| word.replace('\0', "\u{fffd}"), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(args: &[&str]) -> Invocation {
        Invocation {
            program: "docker".into(),
            args: args.iter().map(ToString::to_string).collect(),
            cwd: "/my repo".into(),
            env: vec![("TOKEN".into(), "secret".into())],
        }
    }

    #[test]
    fn a_shell_reads_back_the_very_arguments() {
        let args = ["build", "it's", "a b", "$HOME", "", "--label", "x=\"y\"\n`z`", "!x"];
        let line = invocation(&args).to_string();
        let words = shlex::split(&line).unwrap();
        assert_eq!(words[1..], args);
    }

    #[test]
    fn a_shown_command_holds_no_environment() {
        let line = invocation(&["build"]).in_directory().to_string();
        assert_eq!(line, "cd '/my repo' && docker build");
    }

    #[test]
    fn the_last_of_two_values_counts() {
        let mut invocation = invocation(&[]);
        invocation.env.push(("TOKEN".into(), "other".into()));
        assert_eq!(invocation.var("TOKEN"), Some(OsStr::new("other")));
        assert_eq!(invocation.var("PATH"), None);
    }
}
