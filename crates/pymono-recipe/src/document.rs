//! YAML and JSON documents, each node with its line.
//!
//! Built on `granit-parser`'s events: what an alias names is shared and not
//! copied, and a document that is too deep or too large when its aliases are
//! followed is refused, so that no file can exhaust memory or stack.

use std::{collections::BTreeMap, rc::Rc};

use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde::de::IgnoredAny;

use crate::RecipeError;

/// How deep a document may be.
const DEPTH: usize = 64;
/// How many nodes it may have, those behind aliases counted each time.
const SIZE: usize = 200_000;

/// A node of a document.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its line, counted from one.
    pub(crate) line: usize,
    value: Value,
    depth: usize,
    size: usize,
}

#[derive(Debug)]
enum Value {
    Null,
    Scalar(String),
    List(Vec<Rc<Node>>),
    Map(Vec<(String, Rc<Node>)>),
}

/// Reads all documents of a text; JSON is YAML too.
pub(crate) fn documents(text: &str) -> Result<Vec<Rc<Node>>, RecipeError> {
    let mut loader = Loader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| RecipeError::new(error.marker().line(), error.info().clone()))?;
        loader.add(event, span)?;
    }
    Ok(loader.documents)
}

/// Reads the first document of a text; nothing where there is none.
pub(crate) fn document(text: &str) -> Result<Option<Rc<Node>>, RecipeError> {
    Ok(documents(text)?.into_iter().next())
}

/// Reads a JSON text; its errors are those of a JSON parser, which knows their line better.
pub(crate) fn json(text: &str) -> Result<Option<Rc<Node>>, RecipeError> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        return Err(RecipeError::new(error.line(), message));
    }
    document(text)
}

/// A list or a mapping that is being read.
struct Open {
    line: usize,
    anchor: usize,
    list: bool,
    nodes: Vec<Rc<Node>>,
}

#[derive(Default)]
struct Loader {
    documents: Vec<Rc<Node>>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Rc<Node>>,
}

impl Loader {
    fn add(&mut self, event: Event<'_>, span: Span) -> Result<(), RecipeError> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let null = style == ScalarStyle::Plain
                    && ["", "~", "null", "Null", "NULL"].contains(&&*text);
                let value = if null { Value::Null } else { Value::Scalar(text.into_owned()) };
                self.close(line, anchor, value)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(line, anchor, true),
            Event::MappingStart(_, anchor, _) => self.begin(line, anchor, false),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value =
                    if open.list { Value::List(open.nodes) } else { Value::Map(pairs(open.nodes)) };
                self.close(open.line, open.anchor, value)
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node =
                    node.ok_or_else(|| RecipeError::new(line, "an alias names what contains it"))?;
                self.put(node);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, line: usize, anchor: usize, list: bool) -> Result<(), RecipeError> {
        if self.open.len() >= DEPTH {
            return Err(RecipeError::new(line, format!("more than {DEPTH} levels in each other")));
        }
        self.open.push(Open { line, anchor, list, nodes: Vec::new() });
        Ok(())
    }

    fn close(&mut self, line: usize, anchor: usize, value: Value) -> Result<(), RecipeError> {
        let within: Vec<&Rc<Node>> = match &value {
            Value::List(nodes) => nodes.iter().collect(),
            Value::Map(pairs) => pairs.iter().map(|(_, node)| node).collect(),
            _ => Vec::new(),
        };
        let depth = 1 + within.iter().map(|it| it.depth).max().unwrap_or(0);
        let size = within.iter().fold(1_usize, |sum, it| sum.saturating_add(it.size));
        if depth > DEPTH || size > SIZE {
            return Err(RecipeError::new(line, "its aliases make it too large to be read"));
        }
        let node = Rc::new(Node { line, value, depth, size });
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.put(node);
        Ok(())
    }

    fn put(&mut self, node: Rc<Node>) {
        match self.open.last_mut() {
            Some(open) => open.nodes.push(node),
            None => self.documents.push(node),
        }
    }
}

fn pairs(nodes: Vec<Rc<Node>>) -> Vec<(String, Rc<Node>)> {
    let mut nodes = nodes.into_iter();
    let mut pairs = Vec::new();
    while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
        // Keys that are no text mean nothing in the files that are read here.
        pairs.extend(key.text().map(|key| (key.to_owned(), value)));
    }
    pairs
}

impl Node {
    /// Returns the text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// Returns what a list holds; nothing for another node.
    pub(crate) fn items(&self) -> &[Rc<Self>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the pairs of a mapping, with those that it [merges] in after its own.
    ///
    /// [merges]: https://yaml.org/type/merge.html
    pub(crate) fn pairs(&self) -> Vec<(&str, &Self)> {
        let Value::Map(pairs) = &self.value else { return Vec::new() };
        let (merged, own): (Vec<_>, Vec<_>) = pairs.iter().partition(|(key, _)| key == "<<");
        let mut all: Vec<(&str, &Self)> =
            own.into_iter().map(|(key, node)| (key.as_str(), &**node)).collect();
        for (_, node) in merged {
            let nodes =
                if node.items().is_empty() { std::slice::from_ref(node) } else { node.items() };
            for (key, node) in nodes.iter().flat_map(|it| it.pairs()) {
                if !all.iter().any(|(known, _)| *known == key) {
                    all.push((key, node));
                }
            }
        }
        all
    }

    /// Returns the value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        if let Value::Map(pairs) = &self.value
            && let Some((_, node)) = pairs.iter().rev().find(|(known, _)| known == key)
        {
            return Some(node);
        }
        self.pairs().into_iter().find(|(known, _)| *known == key).map(|(_, node)| node)
    }

    /// Returns the value behind several keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the text of a key's value.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Returns the texts of a list, or a single text as a list of one.
    pub(crate) fn texts(&self) -> Vec<String> {
        let own = |text: &str| text.to_owned();
        match self.text() {
            Some(text) => vec![own(text)],
            None => self.items().iter().filter_map(|it| it.text().map(own)).collect(),
        }
    }

    /// Returns true for a list.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Rc<Node> {
        document(text).unwrap().unwrap()
    }

    #[test]
    fn merged_keys_come_after_own_ones() {
        let node = read("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 0\n");
        let merged = node.get("z").unwrap();
        assert_eq!(["a", "b", "c"].map(|key| merged.text_of(key).unwrap()), ["0", "2", "4"]);
        assert_eq!(merged.get("a").unwrap().line, 5);
        assert_eq!(merged.get("<<").map(|it| it.line), Some(4));
    }

    #[test]
    fn json_is_read_with_its_lines() {
        let node = json("{\n\t\"a\": [1, \"x\\u00e9\"],\n\t\"b\": null\n}").unwrap().unwrap();
        assert_eq!(node.get("a").unwrap().texts(), ["1", "xé"]);
        assert_eq!((node.get("a").unwrap().line, node.text_of("b")), (2, None));
    }

    #[test]
    fn a_document_that_grows_without_end_is_refused() {
        let level = |at: usize| format!("a{at}: &a{at} [*a{0}, *a{0}, *a{0}, *a{0}]\n", at - 1);
        let bomb = "a0: &a0 [x]\n".to_owned() + &(1..40).map(level).collect::<String>();
        assert!(documents(&bomb).unwrap_err().to_string().contains("too large"));
        assert!(documents(&"[".repeat(100)).is_err());
        assert!(documents(&("- ".repeat(50_000) + "x")).is_err());
        assert!(documents("a: &a [*a]").is_err());
    }

    #[test]
    fn a_bracket_may_close_where_its_key_begins() {
        let node = read("api:\n  command: [\n    \"a\",\n    b\n  ]\n  ports: {\n    x: 1\n  }\n");
        assert_eq!(node.at(&["api", "command"]).unwrap().texts(), ["a", "b"]);
        assert_eq!(node.at(&["api", "ports"]).unwrap().text_of("x"), Some("1"));
    }

    #[test]
    fn errors_name_their_line() {
        assert_eq!(documents("a: 1\nb: ]\nc: 2").unwrap_err().line, 2);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)[-a&*:<{}\\[\\]|>'\"#\\n \\t,?!%.]{0,200}") {
            let _ = documents(&text).map(|all| all.iter().map(|it| it.pairs().len()).sum::<usize>());
        }
    }
}
