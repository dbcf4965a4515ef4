//! Commands of containers, and what they start.

use std::fmt;

use crate::{
    launcher::{base_name, launched},
    programs::kind,
    shell,
};

/// How a command is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A list of words, started as it is.
    Exec,
    /// One text, started by a shell.
    Shell,
}

/// What a container starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Command {
    /// How it is written.
    pub form: Form,
    /// The words; in shell form the text is the only one.
    pub words: Vec<String>,
    /// The line that says it, counted from one.
    pub line: usize,
}

/// What a command starts in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Starts {
    /// Python, or a program that is written in it.
    Python,
    /// A script or a program of which nothing is known.
    Unknown,
    /// A program that is not Python.
    Other,
}

impl Command {
    /// Returns the words that the engine starts: a shell before what is in shell form.
    pub fn exec(&self) -> Vec<String> {
        match self.form {
            Form::Exec => self.words.clone(),
            Form::Shell => {
                let text = self.words.first().cloned().unwrap_or_default();
                vec!["/bin/sh".to_owned(), "-c".to_owned(), text]
            }
        }
    }

    /// Returns true where nothing is started: `CMD []`.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(String::is_empty)
    }

    /// Returns what it starts, seen through shells, launchers and environments.
    ///
    /// What only prepares does not count. What only waits starts nothing, so that is not Python.
    pub fn starts(&self) -> Starts {
        let simple = self.simple();
        let texts = simple.iter().map(|words| words.iter().map(String::as_str).collect::<Vec<_>>());
        let kinds: Vec<Starts> = texts.filter_map(|words| kind(&words)).collect();
        let strongest = [Starts::Python, Starts::Other].into_iter().find(|it| kinds.contains(it));
        let weakest =
            if kinds.is_empty() && !self.is_empty() { Starts::Other } else { Starts::Unknown };
        strongest.unwrap_or(weakest)
    }

    /// Returns the commands in it, each without what only launches another.
    pub fn simple(&self) -> Vec<Vec<String>> {
        let text = match self.form {
            Form::Exec => match shell_text(&self.words) {
                Some(text) => text.to_owned(),
                None => return vec![launched(&self.words).to_vec()],
            },
            Form::Shell => self.words.concat(),
        };
        let own = |command: &shell::ShellCommand| {
            command.texts().into_iter().map(str::to_owned).collect()
        };
        let commands: Vec<Vec<String>> =
            shell::commands(&text, self.line).iter().map(own).collect();
        commands.iter().map(|words| launched(words).to_vec()).filter(|it| !it.is_empty()).collect()
    }
}

impl fmt::Display for Command {
    /// Writes it as one would in a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Shell => f.write_str(&self.words.concat()),
            Form::Exec => {
                let words = self.words.iter().map(String::as_str);
                f.write_str(&shlex::try_join(words).unwrap_or_else(|_| self.words.join(" ")))
            }
        }
    }
}

/// Returns the text of `sh -c TEXT`, behind launchers or not.
fn shell_text(words: &[String]) -> Option<&str> {
    let [program, flags, text, ..] = launched(words) else { return None };
    let is_shell = ["sh", "bash", "ash", "dash"].contains(&base_name(program));
    (is_shell && flags.starts_with('-') && flags.contains('c')).then_some(text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(words: &[&str]) -> Command {
        let words = words.iter().map(|it| (*it).to_owned()).collect();
        Command { form: Form::Exec, words, line: 1 }
    }

    fn shell(text: &str) -> Command {
        Command { form: Form::Shell, words: vec![text.to_owned()], line: 1 }
    }

    #[test]
    fn launchers_are_seen_through() {
        let python = ["python", "main.py"];
        for words in [
            &["/usr/bin/tini", "--", "python", "main.py"][..],
            &["poetry", "run", "python", "main.py"],
            &["uv", "run", "--package", "api", "python", "main.py"],
            &["env", "A=1", "gosu", "app", "python", "main.py"],
            &["sh", "-c", "exec python main.py"],
        ] {
            assert_eq!(exec(words).simple(), [python], "{words:?}");
        }
    }

    #[test]
    fn what_is_started_decides() {
        assert_eq!(shell("cd x && exec gunicorn app:app").starts(), Starts::Python);
        assert_eq!(shell("python manage.py migrate && ./start.sh").starts(), Starts::Python);
        assert_eq!(exec(&["python3.12", "-m", "api"]).starts(), Starts::Python);
        assert_eq!(exec(&["node", "server.js"]).starts(), Starts::Other);
        assert_eq!(exec(&["/start.sh"]).starts(), Starts::Unknown);
        assert_eq!(exec(&[]).starts(), Starts::Unknown);
        assert_eq!(shell("cd x && A=1 && ./start.sh").starts(), Starts::Unknown);
        assert_eq!(shell("ls -la; tail -f /dev/null").starts(), Starts::Other);
        assert_eq!(exec(&["bash"]).starts(), Starts::Other);
    }
}
