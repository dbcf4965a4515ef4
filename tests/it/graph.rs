//! `pymono graph`

use std::collections::BTreeMap;

use pymono_tests::{Repo, Site};
use serde_json::Value;

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn a_graph_shows_which_project_needs_which() {
    let site = Site::new(Repo::shop("graph"));
    let graph = |args: &[&str]| {
        let args = [&["graph"], args].concat();
        site.pymono(&args).run().succeeded().stdout
    };
    let expected = "services/catalog (service: python -m catalog)\n\
                    └── libs/pricing (library: shop-pricing)\n    \
                    └── libs/models (library: shop-models)\n";
    assert!(graph(&[]).contains(expected), "{}", graph(&[]));

    // All forms show the same edges.
    let json: Value = serde_json::from_str(&graph(&["--format", "json"])).unwrap();
    let edges = json["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 11);
    for (format, arrow) in [("dot", " -> "), ("mermaid", " --> "), ("svg", "class=\"line\"")] {
        assert_eq!(graph(&["--format", format]).matches(arrow).count(), edges.len(), "{format}");
    }
    let nodes = json["nodes"].as_array().unwrap().iter();
    let kinds = nodes.map(|node| (node["id"].as_str().unwrap(), node["kind"].as_str().unwrap()));
    let kinds: BTreeMap<_, _> = kinds.collect();
    assert_eq!((kinds["libs/models"], kinds["services/admin"]), ("library", "service"));
    assert_eq!(kinds.len(), 9);
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn a_graph_of_stages_is_that_of_the_dockerfile() {
    let site = Site::new(Repo::shop("stages"));
    let text = site.pymono(&["graph", "--stages", "--format", "json"]).run().succeeded().stdout;
    let json: Value = serde_json::from_str(&text).unwrap();
    let dockerfile = std::fs::read_to_string(site.bake().join("Dockerfile")).unwrap();
    let stages = dockerfile.lines().filter(|line| line.starts_with("FROM "));
    assert_eq!(json["nodes"].as_array().unwrap().len(), stages.count());
    for edge in json["edges"].as_array().unwrap() {
        let (from, to) = (edge["from"].as_str().unwrap(), edge["to"].as_str().unwrap());
        let stage = dockerfile.split("\nFROM ").find(|text| {
            text.lines().next().is_some_and(|line| line.ends_with(&format!(" AS {from}")))
        });
        let stage = stage.unwrap();
        let stands = stage.starts_with(&format!("{to} AS "));
        assert!(stands || stage.contains(&format!("from={to}")), "{from} -> {to}: {stage}");
    }
}
