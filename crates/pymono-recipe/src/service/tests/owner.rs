//! Whose an image is where its Dockerfile lies outside of projects.

use pymono_names::TreePath;

use super::{check, read, shown};

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

#[test]
fn a_folder_that_is_copied_with_what_is_started_is_the_image_s() {
    let text = "FROM python:3.12 AS built\nCOPY core core\nRUN pip install ./core\nFROM python:3.12\nCOPY --from=built /core /core\nCOPY ./loader /loader\nENTRYPOINT [\"/loader/bin/load\"]";
    let tree = [
        ("python/loader.Dockerfile", text),
        ("python/core/pyproject.toml", "core"),
        ("python/core/core.py", ""),
        ("python/loader/bin/load", ""),
    ];
    check(&tree, &["python/loader loader python/loader.Dockerfile [/loader/bin/load]"]);
    let image = &read(&tree).images[0];
    assert_eq!(image.copies.keys().map(TreePath::as_str).collect::<Vec<_>>(), ["python/core"]);
}

#[test]
fn what_takes_nothing_of_the_tree_is_no_image_of_the_project_around_it() {
    let engine = "FROM python:3.12\nRUN pip install engine\nCMD [\"python\", \"-m\", \"engine\"]";
    let tree = [
        ("pyproject.toml", "parts"),
        ("parts/core.py", ""),
        ("parts/engine/src/Dockerfile", engine),
        ("parts/engine/src/notes.md", ""),
    ];
    check(&tree, &[]);
    // Beside the manifest it may well install what that publishes.
    let beside = [("pyproject.toml", "engine"), ("Dockerfile", engine), ("engine.py", "")];
    check(&beside, &[". engine Dockerfile [python -m engine]"]);
}

#[test]
fn a_project_around_others_keeps_the_image_that_starts_its_own_code() {
    let text = |run: &str| {
        format!("FROM python:3.12\nWORKDIR /w\nCOPY shop shop\nCOPY libs/core libs/core\nCMD {run}")
    };
    let tree = |text: &str| {
        shown(&[
            ("pyproject.toml", "shop"),
            ("Dockerfile", text),
            ("shop/main.py", ""),
            ("libs/core/pyproject.toml", "core"),
            ("libs/core/core.py", ""),
        ])
    };
    for run in ["[\"python\", \"-m\", \"shop.main\"]", "[\"python\", \"shop/main.py\"]"] {
        let found = tree(&text(run));
        assert!(found[0].starts_with(". shop Dockerfile"), "{found:?}");
    }
}
