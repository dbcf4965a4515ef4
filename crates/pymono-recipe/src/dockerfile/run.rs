//! What a `RUN` says: its mounts and its commands.

use crate::{
    launcher::{base_name, launched},
    shell::{self, ShellCommand},
};

/// A mount as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) from: Option<String>,
    pub(crate) source: String,
    pub(crate) target: String,
}

/// Reads the value of `--mount`; nothing for one that brings no files.
pub(crate) fn mount(text: &str) -> Option<Written> {
    let pairs = || text.split(',').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let value = |names: &[&str]| {
        let found = pairs().find(|(name, _)| names.contains(&name.trim()));
        found.map(|(_, value)| value.trim().to_owned())
    };
    let kind = value(&["type"]).unwrap_or_else(|| "bind".to_owned());
    let from = value(&["from"]);
    // A cache is empty unless it begins as a copy of something.
    if kind != "bind" && !(kind == "cache" && from.is_some()) {
        return None;
    }
    let source = value(&["source", "src"]).unwrap_or_else(|| ".".to_owned());
    Some(Written {
        from,
        source,
        target: value(&["target", "dst", "destination"]).unwrap_or_default(),
    })
}

/// Returns the commands of a script, without what only launches another.
pub(crate) fn commands(script: &str, line: usize) -> Vec<ShellCommand> {
    shell::commands(script, line).into_iter().flat_map(unwrapped).collect()
}

/// Takes `sudo`, `env A=b` and `sh -c "…"` away from around a command.
fn unwrapped(command: ShellCommand) -> Vec<ShellCommand> {
    let words: Vec<String> = command.words.iter().map(|it| it.text.clone()).collect();
    let mut start = words.len() - launched(&words).len();
    // `uv run` and its like are kept: what they run says less than that they install.
    if words.iter().take(start).any(|it| it == "run") {
        start = 0;
    }
    start += usize::from(words.get(start).is_some_and(|it| it == "sudo"));
    let ShellCommand { mut words, conditional } = command;
    words.drain(..start.min(words.len()));
    if let [program, flags, script, ..] = words.as_slice()
        && ["sh", "bash", "ash"].contains(&base_name(&program.text))
        && flags.text.starts_with('-')
        && flags.text.contains('c')
    {
        let inner = shell::commands(&script.text, script.line);
        let inherit =
            |it: ShellCommand| ShellCommand { conditional: it.conditional || conditional, ..it };
        return inner.into_iter().map(inherit).collect();
    }
    vec![ShellCommand { words, conditional }]
}
