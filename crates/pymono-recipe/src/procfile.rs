//! Procfiles: processes by name.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use crate::{Command, Form, RecipeError, reference::regex};

/// A Procfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Procfile {
    /// The commands by the name of their process: `web`, `worker`, `release`.
    pub processes: BTreeMap<String, Command>,
}

impl Procfile {
    /// Reads a Procfile: `name: command` on each line, `#` before a comment.
    ///
    /// The rule for names is that of [foreman], which Heroku's format follows.
    ///
    /// [foreman]: https://ddollar.github.io/foreman/#PROCFILE
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        static LINE: LazyLock<Regex> = LazyLock::new(|| regex(r"^([A-Za-z0-9_-]+):\s*(.+)$"));
        let mut processes = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some(found) = LINE.captures(line) else {
                return Err(RecipeError::new(at + 1, "no process; a line is `name: command`"));
            };
            let words = vec![found[2].to_owned()];
            processes
                .insert(found[1].to_owned(), Command { form: Form::Shell, words, line: at + 1 });
        }
        Ok(Self { processes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn processes_are_commands_of_a_shell() {
        let file = "# two\r\nweb: gunicorn app:app --bind :$PORT\r\n\r\nrelease: python manage.py migrate\r\n";
        let processes = Procfile::parse(file).unwrap().processes;
        assert_eq!(processes["web"].to_string(), "gunicorn app:app --bind :$PORT");
        assert_eq!((processes["release"].form, processes["release"].line), (Form::Shell, 4));
    }

    #[test]
    fn a_line_that_is_no_process_is_named() {
        let error = Procfile::parse("web: x\nnonsense\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2: no process; a line is `name: command`");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,200}") {
            let _ = Procfile::parse(&text);
        }
    }
}
