//! Splits shell scripts into the commands that they run.
//!
//! This is no shell: it knows where a command begins and ends, what is quoted,
//! and what runs only under a condition. Any text has an answer.

/// One command of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShellCommand {
    /// Its words, without quotes, redirections and keywords before it.
    pub(crate) words: Vec<Word>,
    /// Whether it stands in an `if` or a `case`.
    pub(crate) conditional: bool,
}

/// A word and the line that it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl ShellCommand {
    /// Returns the words as strings.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.text.as_str()).collect()
    }
}

/// Splits a script whose first line is `line` into its commands.
pub(crate) fn commands(script: &str, line: usize) -> Vec<ShellCommand> {
    let mut splitter = Splitter { line, ..Splitter::default() };
    let mut rest = script.chars().peekable();
    while let Some(next) = rest.next() {
        splitter.take(next, &mut rest);
    }
    splitter.end_command();
    splitter.commands
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

#[derive(Default)]
struct Splitter {
    line: usize,
    /// The word that is being read, and the line on which it began.
    word: Option<Word>,
    command: ShellCommand,
    commands: Vec<ShellCommand>,
    /// How many `if` and `case` are open.
    conditions: usize,
    /// Whether the next word is where a redirection goes.
    redirected: bool,
}

impl Splitter {
    fn take(&mut self, next: char, rest: &mut Rest<'_>) {
        match next {
            '\n' => {
                self.end_command();
                self.line += 1;
            }
            ' ' | '\t' | '\r' => self.end_word(),
            '\\' => self.escaped(rest),
            '\'' | '"' => self.quoted(next, rest),
            '#' if self.word.is_none() => while rest.next_if(|it| *it != '\n').is_some() {},
            '&' if self.redirected || rest.peek() == Some(&'>') => {}
            ';' | '|' | '&' | '(' | ')' => self.end_command(),
            '<' | '>' => self.redirect(rest),
            '$' if rest.peek() == Some(&'(') => self.substituted(rest),
            '$' if rest.peek() == Some(&'{') => self.variable(rest),
            next => self.push(next),
        }
    }

    fn push(&mut self, next: char) {
        let line = self.line;
        self.word.get_or_insert_with(|| Word { text: String::new(), line }).text.push(next);
        self.line += usize::from(next == '\n');
    }

    fn escaped(&mut self, rest: &mut Rest<'_>) {
        match rest.next() {
            // A line that goes on.
            Some('\n') => self.line += 1,
            // Kept, so that nobody takes it for a variable.
            Some('$') => "\\$".chars().for_each(|it| self.push(it)),
            Some(next) => self.push(next),
            None => {}
        }
    }

    fn quoted(&mut self, quote: char, rest: &mut Rest<'_>) {
        let line = self.line;
        self.word.get_or_insert_with(|| Word { text: String::new(), line });
        while let Some(next) = rest.next() {
            match next {
                next if next == quote => return,
                '\\' if quote == '"' => self.escaped(rest),
                next => self.push(next),
            }
        }
    }

    /// Reads `$(…)` as part of a word: what it gives is not known.
    fn substituted(&mut self, rest: &mut Rest<'_>) {
        self.push('$');
        let mut open = 0_usize;
        for next in rest.by_ref() {
            self.push(next);
            match next {
                '(' => open += 1,
                ')' if open <= 1 => return,
                ')' => open -= 1,
                _ => {}
            }
        }
    }

    fn variable(&mut self, rest: &mut Rest<'_>) {
        self.push('$');
        for next in rest.by_ref() {
            self.push(next);
            if next == '}' {
                return;
            }
        }
    }

    fn redirect(&mut self, rest: &mut Rest<'_>) {
        // The number before it is the descriptor that is redirected.
        if self.word.as_ref().is_some_and(|word| word.text.chars().all(|it| it.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        while rest.next_if(|it| matches!(it, '<' | '>' | '&' | '-')).is_some() {}
        self.redirected = true;
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if std::mem::take(&mut self.redirected) {
            return;
        }
        if self.command.words.is_empty() && self.keyword(&word.text) {
            return;
        }
        self.command.words.push(word);
    }

    /// Takes note of a keyword before a command; returns whether it is one.
    fn keyword(&mut self, word: &str) -> bool {
        match word {
            "if" | "case" => self.conditions += 1,
            "fi" | "esac" => self.conditions = self.conditions.saturating_sub(1),
            "then" | "else" | "elif" | "do" | "done" | "while" | "until" | "!" | "{" | "}" => {}
            _ => return false,
        }
        true
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirected = false;
        let mut command = std::mem::take(&mut self.command);
        command.conditional = self.conditions > 0;
        if !command.words.is_empty() {
            self.commands.push(command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, want: &[&[&str]]) {
        let found = commands(script, 1);
        let texts: Vec<Vec<&str>> = found.iter().map(ShellCommand::texts).collect();
        assert_eq!(texts, want, "{script}");
    }

    #[test]
    fn commands_end_at_operators_and_line_breaks() {
        check("a b && c || d; e | f &\ng", &[&["a", "b"], &["c"], &["d"], &["e"], &["f"], &["g"]]);
        check("(cd x && make)", &[&["cd", "x"], &["make"]]);
        check("a \\\n  b # not this\nc", &[&["a", "b"], &["c"]]);
    }

    #[test]
    fn quotes_join_and_redirections_vanish() {
        check(r#"pip install "a>=1" 'b c' d\ e"#, &[&["pip", "install", "a>=1", "b c", "d e"]]);
        check("run x > out.txt 2>&1 && y &> z", &[&["run", "x"], &["y"]]);
        check("echo $(date; id) ${A:-b c}", &[&["echo", "$(date; id)", "${A:-b c}"]]);
    }

    #[test]
    fn what_stands_in_an_if_is_conditional() {
        let found = commands("a; if [ x ]; then b; fi; c", 1);
        let conditional: Vec<bool> = found.iter().map(|it| it.conditional).collect();
        assert_eq!(conditional, [false, true, true, false]);
    }

    #[test]
    fn words_know_their_line() {
        let found = commands("a \\\n  b\nc", 7);
        let lines: Vec<usize> = found.iter().flat_map(|it| &it.words).map(|it| it.line).collect();
        assert_eq!(lines, [7, 8, 9]);
    }
}
