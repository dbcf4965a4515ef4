//! Pictures of a repository: which project needs which, and how images stand on stages.

mod dot;
mod json;
mod layout;
mod mermaid;
mod projects;
mod stages;
mod svg;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use json::GraphJson;

/// In which form a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphFormat {
    /// A tree of lines for a terminal.
    Text,
    /// The language of Graphviz.
    Dot,
    /// A Mermaid flowchart, as Markdown viewers draw it.
    Mermaid,
    /// A drawing that stands for itself.
    Svg,
    /// JSON for programs.
    Json,
}

/// Things and what each of them needs.
///
/// Every end of an edge is a node, so the forms need not handle dangling ones:
/// the only ways to a graph are [`Graph::of_projects`] and [`Graph::of_stages`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    nodes: BTreeMap<String, Node>,
    edges: BTreeSet<(String, String)>,
}

/// A thing in a graph; its identity is the key that it has there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    kind: NodeKind,
    /// What it is called.
    name: String,
    /// What is worth knowing of it, in a few words; may be empty.
    note: String,
}

/// What a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NodeKind {
    Service,
    Library,
    Stage,
}

impl Node {
    /// Returns what a drawing says below the name: the identity where that is another, else the note.
    fn below<'a>(&'a self, id: &'a str) -> &'a str {
        if self.name == id { &self.note } else { id }
    }
}

impl NodeKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Library => "library",
            Self::Stage => "stage",
        }
    }
}

impl Graph {
    /// Makes a graph; edges to what is no node are left out, and so are those to itself.
    fn new(nodes: BTreeMap<String, Node>, edges: BTreeSet<(String, String)>) -> Self {
        let both = |(from, to): &(String, String)| {
            from != to && nodes.contains_key(from) && nodes.contains_key(to)
        };
        let edges = edges.into_iter().filter(both).collect();
        Self { nodes, edges }
    }

    /// Returns the graph as text; it ends with a line break.
    pub fn render(&self, format: GraphFormat) -> String {
        match format {
            GraphFormat::Text => text::text(self),
            GraphFormat::Dot => dot::dot(self),
            GraphFormat::Mermaid => mermaid::mermaid(self),
            GraphFormat::Svg => svg::svg(self),
            GraphFormat::Json => json::json(self),
        }
    }

    /// Returns what a node needs, in order.
    fn needs<'a>(&'a self, from: &'a str) -> impl Iterator<Item = &'a str> {
        let start = (from.to_owned(), String::new());
        let own = self.edges.range(start..).take_while(move |(other, _)| other == from);
        own.map(|(_, to)| to.as_str())
    }

    /// Returns a number for each node, for languages in which a path is no name.
    fn numbers(&self) -> BTreeMap<&str, usize> {
        self.nodes.keys().enumerate().map(|(number, id)| (id.as_str(), number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn node(kind: NodeKind, name: &str, note: &str) -> Node {
        Node { kind, name: name.into(), note: note.into() }
    }

    /// Two services on a library, which stands on another; and one that needs nothing.
    pub(super) fn sample() -> Graph {
        let nodes = [
            ("libs/base", node(NodeKind::Library, "base", "")),
            ("libs/core", node(NodeKind::Library, "core", "")),
            ("libs/spare", node(NodeKind::Library, "spare", "")),
            ("services/api", node(NodeKind::Service, "api", "uvicorn api.main:app")),
            ("services/\"odd\" <x>", node(NodeKind::Service, "odd", "")),
        ];
        let edges = [
            ("libs/core", "libs/base"),
            ("services/\"odd\" <x>", "libs/core"),
            ("services/api", "libs/base"),
            ("services/api", "libs/core"),
            ("services/api", "nowhere"),
        ];
        Graph::new(
            nodes.map(|(id, node)| (id.to_owned(), node)).into(),
            edges.map(|(from, to)| (from.to_owned(), to.to_owned())).into(),
        )
    }

    #[test]
    fn an_edge_to_nothing_is_none() {
        assert_eq!(sample().edges.len(), 4);
        let needs: Vec<_> = sample().needs("services/api").map(str::to_owned).collect();
        assert_eq!(needs, ["libs/base", "libs/core"]);
    }
}
