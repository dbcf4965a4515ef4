//! A graph for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::Graph;

/// A graph as it is printed for programs.
#[derive(JsonSchema, Serialize)]
pub struct GraphJson<'a> {
    version: u32,
    nodes: Vec<NodeJson<'a>>,
    edges: Vec<EdgeJson<'a>>,
}

#[derive(JsonSchema, Serialize)]
struct NodeJson<'a> {
    id: &'a str,
    #[schemars(extend("enum" = ["library", "service", "stage"]))]
    kind: &'static str,
    name: &'a str,
    note: &'a str,
}

#[derive(JsonSchema, Serialize)]
struct EdgeJson<'a> {
    from: &'a str,
    to: &'a str,
}

/// Returns the nodes and edges, sorted.
pub(super) fn json(graph: &Graph) -> String {
    let nodes = graph.nodes.iter().map(|(id, node)| NodeJson {
        id,
        kind: node.kind.as_str(),
        name: &node.name,
        note: &node.note,
    });
    let edges = graph.edges.iter().map(|(from, to)| EdgeJson { from, to });
    let json = GraphJson { version: 1, nodes: nodes.collect(), edges: edges.collect() };
    // Only a map with keys that are no strings could make this fail.
    serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"
}
