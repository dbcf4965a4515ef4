//! What several kinds of recipes say alike about a build and a container.

use std::collections::BTreeMap;

use crate::{Arguments, Command, Form, document::Node};

/// A build that a recipe asks for. Paths are as written, seen from the recipe's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// The context, as written; `.` where none is named.
    pub context: String,
    /// The Dockerfile, as written and seen from where the recipe sees it.
    pub dockerfile: Option<String>,
    /// The stage that is built; the last one where none is named.
    pub target: Option<String>,
    /// Build arguments that have a value.
    pub args: Arguments,
    /// Further contexts by name: a path, `target:NAME`, `service:NAME` or an image.
    pub contexts: BTreeMap<String, String>,
    /// The line that asks for it.
    pub line: usize,
}

/// Returns the pairs of a mapping, or of a list of `NAME=value`; without a value where there is none.
pub(crate) fn variables(
    node: &Node,
    text: &dyn Fn(&str) -> String,
) -> BTreeMap<String, Option<String>> {
    let listed = node.items().iter().filter_map(|it| {
        let line = text(it.text()?);
        Some(match line.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (line, None),
        })
    });
    let mapped = node.pairs();
    let mapped = mapped.into_iter().map(|(name, it)| (name.to_owned(), it.text().map(text)));
    listed.chain(mapped).collect()
}

/// Returns those variables that have a value.
pub(crate) fn with_value(variables: BTreeMap<String, Option<String>>) -> Arguments {
    variables.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns a command: a list of words, or a text that is split as a shell would, but started without one.
pub(crate) fn command(node: &Node, text: &dyn Fn(&str) -> String) -> Option<Command> {
    let words = match node.text() {
        Some(line) => split(&text(line)),
        None if node.is_list() => node.texts().iter().map(|it| text(it)).collect(),
        None => return None,
    };
    Some(Command { form: Form::Exec, words, line: node.line })
}

/// Splits a line into words; one that cannot be split is a shell's.
pub(crate) fn split(line: &str) -> Vec<String> {
    shlex::split(line).unwrap_or_else(|| vec!["sh".to_owned(), "-c".to_owned(), line.to_owned()])
}
