//! Values in the syntax of Dockerfile instructions.

use std::fmt;

use serde_json::json;

/// A `RUN` instruction: flags one a line, then one command.
#[derive(Debug)]
pub(crate) struct Run {
    flags: Vec<String>,
    command: String,
}

impl Run {
    /// Starts with a command.
    pub(crate) fn new(command: impl Into<String>) -> Self {
        Self { flags: Vec::new(), command: command.into() }
    }

    /// Puts another command in place of it.
    pub(crate) fn map(mut self, change: impl FnOnce(&str) -> String) -> Self {
        self.command = change(&self.command);
        self
    }

    /// Takes the network away from the command.
    pub(crate) fn without_network(mut self) -> Self {
        self.flags.push("--network=none".to_owned());
        self
    }

    /// Mounts something, in the words of `--mount`.
    pub(crate) fn mount(mut self, mount: impl fmt::Display) -> Self {
        self.flags.push(format!("--mount={mount}"));
        self
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RUN ")?;
        for flag in &self.flags {
            write!(f, "{flag} \\\n    ")?;
        }
        writeln!(f, "{}", self.command)
    }
}

/// A command in exec form: a JSON array.
pub(crate) fn exec(command: &[String]) -> String {
    // `Value` prints arrays without spaces; a person reads them better with one.
    let words = command.iter().map(|word| json!(word).to_string());
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

/// A value of `ENV` or `LABEL` in double quotes, in which nothing is expanded.
pub(crate) fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    format!("\"{escaped}\"")
}

/// A word of a shell command.
pub(crate) fn shell(word: &str) -> String {
    // Only a NUL cannot be quoted, and no URL or path that was parsed has one.
    shlex::try_quote(word).map_or_else(|_| word.replace('\0', ""), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_printed_as_json() {
        let command = ["sh", "-c", "echo \"a b\""].map(str::to_owned);
        assert_eq!(exec(&command), r#"["sh", "-c", "echo \"a b\""]"#);
    }

    #[test]
    fn nothing_in_a_value_is_expanded() {
        assert_eq!(quoted(r#"a\b "$HOME""#), r#""a\\b \"\$HOME\"""#);
    }
}
