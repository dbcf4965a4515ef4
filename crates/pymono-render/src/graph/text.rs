//! A graph as lines for a terminal.

use std::collections::BTreeSet;

use super::{Graph, Node, NodeKind};

/// Returns a tree for each node that nothing needs: services first, then the rest.
///
/// What was shown with all that it needs is not shown so again, but marked `(*)`.
pub(super) fn text(graph: &Graph) -> String {
    let needed: BTreeSet<&str> = graph.edges.iter().map(|(_, to)| to.as_str()).collect();
    let mut nodes: Vec<(&String, &Node)> = graph.nodes.iter().collect();
    nodes.sort_by_key(|(id, node)| (needed.contains(id.as_str()), node.kind, *id));
    let mut lines = Lines { graph, text: String::new(), shown: BTreeSet::new() };
    for (id, node) in nodes {
        // A service is a tree of its own, whoever needs it; so is what is only in a circle.
        let is_root = !needed.contains(id.as_str()) || node.kind == NodeKind::Service;
        if is_root || !lines.shown.contains(id.as_str()) {
            lines.tree(id, "", "");
        }
    }
    lines.text
}

struct Lines<'a> {
    graph: &'a Graph,
    text: String,
    shown: BTreeSet<&'a str>,
}

impl<'a> Lines<'a> {
    /// Adds a node after `first` and all that it needs after `rest`.
    fn tree(&mut self, id: &'a str, first: &str, rest: &str) {
        let Some(node) = self.graph.nodes.get(id) else { return };
        let needs: Vec<&str> = self.graph.needs(id).collect();
        let again = !self.shown.insert(id) && !needs.is_empty();
        let mark = if again { " (*)" } else { "" };
        self.text += &format!("{first}{}{mark}\n", label(id, node));
        if again {
            return;
        }
        for (place, need) in needs.iter().enumerate() {
            let (branch, below) = if place + 1 == needs.len() {
                ("└── ", "    ")
            } else {
                ("├── ", "│   ")
            };
            self.tree(need, &format!("{rest}{branch}"), &format!("{rest}{below}"));
        }
    }
}

fn label(id: &str, Node { kind, name, note }: &Node) -> String {
    let mut facts = vec![kind.as_str().to_owned()];
    // A path mostly ends with the name.
    if id != name && !id.ends_with(&format!("/{name}")) {
        facts.push(name.clone());
    }
    facts.extend((!note.is_empty()).then(|| note.clone()));
    format!("{id} ({})", facts.join(": "))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{node, sample};
    use super::*;

    #[test]
    fn what_was_shown_is_not_shown_again() {
        insta::assert_snapshot!(text(&sample()), @r#"
        services/"odd" <x> (service: odd)
        └── libs/core (library)
            └── libs/base (library)
        services/api (service: uvicorn api.main:app)
        ├── libs/base (library)
        └── libs/core (library) (*)
        libs/spare (library)
        "#);
    }

    #[test]
    fn a_circle_ends() {
        let nodes = ["a", "b"].map(|id| (id.to_owned(), node(NodeKind::Library, id, "")));
        let edges = [("a", "b"), ("b", "a")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        let graph = Graph::new(nodes.into(), edges.into());
        assert_eq!(text(&graph), "a (library)\n└── b (library)\n    └── a (library) (*)\n");
    }
}
