//! A Dockerfile's instructions, one after the other, not yet understood.
//!
//! The parser is `parse-dockerfile`; here its borrowed syntax tree becomes the
//! few owned values that the rest needs, each with its line.

use parse_dockerfile::{
    Command as Parsed, Flag, HealthcheckArguments, Instruction as Read, RunInstruction, Source,
};

use super::{Health, mask};
use crate::{Command, Form, RecipeError, lines::Lines};

/// An instruction and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) line: usize,
    pub(crate) step: Step,
}

/// What an instruction says, its variables not yet replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    From { image: String, platform: Option<String>, name: Option<String> },
    Arg(Vec<(String, Option<String>)>),
    Env(Vec<(String, String)>),
    Transfer { from: Option<String>, sources: Vec<String>, destination: String, add: bool },
    Run { script: String, line: usize, flags: Vec<(String, String)> },
    Cmd(Command),
    Entrypoint(Command),
    Expose(Vec<String>),
    User(String),
    Workdir(String),
    Health(Option<Health>),
}

/// Reads the instructions of a Dockerfile.
pub(crate) fn parse(text: &str) -> Result<Vec<Instruction>, RecipeError> {
    let masked = mask::mask(text.trim_start_matches('\u{feff}'));
    let lines = Lines::of(&masked.text);
    let reader = Reader { lines: &lines, masked: &masked };
    let failed =
        |error: &parse_dockerfile::Error| RecipeError::new(error.line(), format!("{error:#}"));
    let parsed = parse_dockerfile::parse(&masked.text).map_err(|error| failed(&error))?;
    Ok(parsed.instructions.iter().filter_map(|it| reader.instruction(it)).collect())
}

struct Reader<'a> {
    lines: &'a Lines,
    masked: &'a mask::Masked,
}

impl Reader<'_> {
    fn instruction(&self, read: &Read<'_>) -> Option<Instruction> {
        let (start, step) = match read {
            Read::From(it) => (it.from.span.start, from(it)),
            Read::Arg(it) => (it.arg.span.start, Step::Arg(arguments(&it.arguments.value))),
            Read::Env(it) => (it.env.span.start, Step::Env(environment(&it.arguments.value))),
            Read::Copy(it) => {
                (it.copy.span.start, transfer(&it.options, &it.src, &it.dest.value, false))
            }
            Read::Add(it) => {
                (it.add.span.start, transfer(&it.options, &it.src, &it.dest.value, true))
            }
            Read::Run(it) => (it.run.span.start, self.run(it)),
            Read::Cmd(it) => (it.cmd.span.start, Step::Cmd(self.command(&it.arguments))),
            Read::Entrypoint(it) => {
                (it.entrypoint.span.start, Step::Entrypoint(self.command(&it.arguments)))
            }
            Read::Expose(it) => {
                let ports = it.arguments.iter().map(|it| it.value.to_string()).collect();
                (it.expose.span.start, Step::Expose(ports))
            }
            Read::User(it) => (it.user.span.start, Step::User(unquoted(&it.arguments.value))),
            Read::Workdir(it) => {
                (it.workdir.span.start, Step::Workdir(unquoted(&it.arguments.value)))
            }
            Read::Healthcheck(it) => {
                (it.healthcheck.span.start, Step::Health(self.health(&it.arguments)))
            }
            _ => return None,
        };
        Some(Instruction { line: self.lines.at(start), step })
    }

    fn command(&self, parsed: &Parsed<'_>) -> Command {
        match parsed {
            Parsed::Exec(words) => Command {
                line: self.lines.at(words.span.start),
                form: Form::Exec,
                words: words.value.iter().map(|it| it.value.to_string()).collect(),
            },
            Parsed::Shell(text) => Command {
                line: self.lines.at(text.span.start),
                form: Form::Shell,
                words: vec![joined(text.value)],
            },
            _ => Command { line: 1, form: Form::Exec, words: Vec::new() },
        }
    }

    fn health(&self, parsed: &HealthcheckArguments<'_>) -> Option<Health> {
        match parsed {
            HealthcheckArguments::Cmd { arguments, .. } => {
                Some(Health { test: self.command(arguments) })
            }
            _ => None,
        }
    }

    fn run(&self, run: &RunInstruction<'_>) -> Step {
        let flags = run.options.iter().map(flag).collect();
        let (script, line) = match (&run.arguments, run.here_docs.first()) {
            (Parsed::Exec(words), _) => {
                let words = words.value.iter().map(|it| it.value.as_ref());
                (shlex::try_join(words).unwrap_or_default(), self.lines.at(run.run.span.start))
            }
            (Parsed::Shell(_), Some(document)) => {
                (script_of_document(&document.value), self.lines.at(document.span.start))
            }
            (Parsed::Shell(text), None) => {
                (self.with_body(run.run.span.start, text.value), self.lines.at(text.span.start))
            }
            _ => (String::new(), 1),
        };
        Step::Run { script, line, flags }
    }

    /// Returns a script that can be split, with what a here-document feeds to a shell.
    fn with_body(&self, start: usize, text: &str) -> String {
        let script = continued(text);
        let program = text.split_ascii_whitespace().next().unwrap_or_default();
        let is_shell = ["sh", "bash", "ash", "dash", "zsh"]
            .contains(&program.rsplit('/').next().unwrap_or_default());
        match self.masked.bodies.get(&self.lines.at(start)).filter(|_| is_shell) {
            Some(body) => format!("{script}\n{body}"),
            None => script,
        }
    }
}

fn from(it: &parse_dockerfile::FromInstruction<'_>) -> Step {
    let platform = it.options.iter().map(flag).find(|(name, _)| name == "platform");
    Step::From {
        image: unquoted(&it.image.value),
        platform: platform.map(|(_, value)| value),
        name: it.as_.as_ref().map(|(_, name)| name.value.to_lowercase()),
    }
}

fn flag(flag: &Flag<'_>) -> (String, String) {
    let value = flag.value.as_ref().map(|it| unquoted(&it.value));
    (flag.name.value.to_string(), value.unwrap_or_default())
}

fn transfer(options: &[Flag<'_>], sources: &[Source<'_>], destination: &str, add: bool) -> Step {
    let from = options.iter().map(flag).find(|(name, _)| name == "from").map(|(_, value)| value);
    let sources = sources.iter().filter_map(|source| match source {
        Source::Path(path) => Some(unquoted(&path.value)),
        // What a here-document holds comes from the Dockerfile itself.
        _ => None,
    });
    Step::Transfer { from, sources: sources.collect(), destination: unquoted(destination), add }
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(text).to_owned()
}

/// Splits what follows `ARG`: names, with a default or without.
fn arguments(text: &str) -> Vec<(String, Option<String>)> {
    let split = |word: String| match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word, None),
    };
    words(text).into_iter().map(split).collect()
}

/// Splits what follows `ENV`: `NAME=value …`, or `NAME value` as it was written once.
fn environment(text: &str) -> Vec<(String, String)> {
    let first = text.split_ascii_whitespace().next().unwrap_or_default();
    if !first.contains('=') {
        let value = text.trim_start().strip_prefix(first).unwrap_or_default();
        return vec![(first.to_owned(), unquoted(value))];
    }
    let pair = |(name, value): (String, Option<String>)| Some((name, value?));
    arguments(text).into_iter().filter_map(pair).collect()
}

fn words(text: &str) -> Vec<String> {
    shlex::split(text).unwrap_or_else(|| text.split_ascii_whitespace().map(str::to_owned).collect())
}

/// Returns the lines of an instruction with a `\` at the end of each but the last;
/// comments and empty lines between them are part of no command.
fn continued(text: &str) -> String {
    let mut lines = text.lines().enumerate().map(|(at, line)| {
        let line = line.trim_end();
        if at > 0 && (line.is_empty() || line.trim_start().starts_with('#')) {
            return "\\".to_owned();
        }
        line.strip_suffix('`').map_or_else(|| line.to_owned(), |line| format!("{line}\\"))
    });
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |text, line| text + "\n" + &line)
}

/// Returns an instruction's text as one line.
fn joined(text: &str) -> String {
    let text = continued(text).replace("\\\n", " ");
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a here-document's commands; one for another program than a shell has none.
fn script_of_document(document: &str) -> String {
    let first = document.lines().next().unwrap_or_default();
    let other = first.starts_with("#!") && !first.contains("sh");
    if other { String::new() } else { document.to_owned() }
}
