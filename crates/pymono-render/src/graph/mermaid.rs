//! A graph as a Mermaid flowchart.

use super::{Graph, NodeKind};

/// Returns the flowchart; Markdown viewers draw it in a block of the language `mermaid`.
pub(super) fn mermaid(graph: &Graph) -> String {
    let numbers = graph.numbers();
    let mut text = String::from("flowchart LR\n");
    for (id, node) in &graph.nodes {
        let (open, close) = match node.kind {
            NodeKind::Service => ("([", "])"),
            NodeKind::Library => ("[", "]"),
            NodeKind::Stage => ("[[", "]]"),
        };
        text += &format!("  n{}{open}\"{}\"{close}\n", numbers[id.as_str()], escaped(id));
    }
    for (from, to) in &graph.edges {
        text += &format!("  n{} --> n{}\n", numbers[from.as_str()], numbers[to.as_str()]);
    }
    text
}

/// A label of the language: what would end it or be markup is written as an entity code.
fn escaped(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '#' | '<' | '>' | '&' | '`' => format!("#{};", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::sample, *};

    #[test]
    fn a_path_is_a_label_and_no_name() {
        insta::assert_snapshot!(mermaid(&sample()), @r#"
        flowchart LR
          n0["libs/base"]
          n1["libs/core"]
          n2["libs/spare"]
          n3(["services/#34;odd#34; #60;x#62;"])
          n4(["services/api"])
          n1 --> n0
          n3 --> n1
          n4 --> n0
          n4 --> n1
        "#);
    }
}
