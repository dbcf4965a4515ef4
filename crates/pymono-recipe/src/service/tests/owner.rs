//! Whose an image is where its Dockerfile lies outside of projects.

use super::check;

#[test]
fn a_module_is_found_in_a_project_folder_that_is_its_package() {
    let text = |name: &str| {
        let copied = format!("FROM python:3.12 AS built\nCOPY core core\nCOPY {name} {name}\n");
        let run = "FROM python:3.12\nCOPY --from=built / /\nCMD [\"python\", \"-m\", ";
        format!("{copied}{run}\"{name}.serve\"]")
    };
    let (ranker, scorer) = (text("ranker"), text("scorer"));
    let tree = [
        ("python/ranker.Dockerfile", ranker.as_str()),
        ("python/ranker_grpc.Dockerfile", ranker.as_str()),
        ("python/second.Dockerfile", scorer.as_str()),
        ("python/core/pyproject.toml", "core"),
        ("python/core/serve.py", ""),
        ("python/ranker/pyproject.toml", "ranker"),
        ("python/ranker/serve.py", ""),
        ("python/scorer/pyproject.toml", "scorer"),
        ("python/scorer/serve.py", ""),
    ];
    check(
        &tree,
        &[
            "python/ranker ranker python/ranker.Dockerfile [python -m ranker.serve]",
            "python/ranker ranker_grpc python/ranker_grpc.Dockerfile [python -m ranker.serve]",
            "python/scorer scorer-second python/second.Dockerfile [python -m scorer.serve]",
        ],
    );
}
