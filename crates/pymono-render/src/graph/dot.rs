//! A graph in the language of Graphviz.

use super::{Graph, NodeKind};

/// Returns the graph as a `digraph`, drawn from left to right.
pub(super) fn dot(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph pymono {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\"];\n",
    );
    for (id, node) in &graph.nodes {
        let label = quoted(format!("{}\n{}", node.name, node.below(id)).trim_end());
        text += &format!("  {} [label={label}, fillcolor=\"{}\"];\n", quoted(id), color(node.kind));
    }
    for (from, to) in &graph.edges {
        text += &format!("  {} -> {};\n", quoted(from), quoted(to));
    }
    text + "}\n"
}

fn color(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Service => "#dbeafe",
        NodeKind::Library => "#dcfce7",
        NodeKind::Stage => "#f3f4f6",
    }
}

/// A string of the language: only a quote and a backslash have a meaning in it.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::{super::tests::sample, *};

    #[test]
    fn nodes_come_before_edges() {
        insta::assert_snapshot!(dot(&sample()), @r##"
        digraph pymono {
          rankdir=LR;
          node [shape=box, style="rounded,filled", fontname="Helvetica"];
          "libs/base" [label="base\nlibs/base", fillcolor="#dcfce7"];
          "libs/core" [label="core\nlibs/core", fillcolor="#dcfce7"];
          "libs/spare" [label="spare\nlibs/spare", fillcolor="#dcfce7"];
          "services/\"odd\" <x>" [label="odd\nservices/\"odd\" <x>", fillcolor="#dbeafe"];
          "services/api" [label="api\nservices/api", fillcolor="#dbeafe"];
          "libs/core" -> "libs/base";
          "services/\"odd\" <x>" -> "libs/core";
          "services/api" -> "libs/base";
          "services/api" -> "libs/core";
        }
        "##);
    }
}
