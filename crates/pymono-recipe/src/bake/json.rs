//! Targets of `docker-bake.json`.

use std::collections::BTreeMap;

use super::Written;
use crate::{
    RecipeError,
    build::{variables, with_value},
    document::{self, Node},
    expand::{Escape, expand},
};

pub(super) fn targets(text: &str) -> Result<BTreeMap<String, Written>, RecipeError> {
    let Some(document) = document::json(text)? else { return Ok(BTreeMap::new()) };
    let defaults = document.get("variable").map(Node::pairs).unwrap_or_default();
    let default = |name: &str| {
        let found = defaults.iter().find(|(known, _)| *known == name);
        found.and_then(|(_, it)| it.text_of("default")).map(str::to_owned)
    };
    let text = |it: &str| expand(it, Escape::Dollar, &default).text;
    let targets = document.get("target").map(Node::pairs).unwrap_or_default();
    Ok(targets.into_iter().map(|(name, node)| (name.to_owned(), target(node, &text))).collect())
}

fn target(node: &Node, text: &dyn Fn(&str) -> String) -> Written {
    let one = |key: &str| node.text_of(key).map(text);
    let all = |key: &str| {
        node.get(key).map(Node::texts).unwrap_or_default().iter().map(|it| text(it)).collect()
    };
    let pairs =
        |key: &str| node.get(key).map(|it| with_value(variables(it, text))).unwrap_or_default();
    Written::new(node.line, &one, &all, &pairs)
}
