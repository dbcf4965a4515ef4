//! What an ignore file keeps from a hand-written Dockerfile is not in its image, and so in no fingerprint.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use pymono_tests::{Repo, Site};
use serde_json::Value;

/// Files of a context, none of which decides by itself what the image is.
const FILES: [&str; 22] = [
    "main.py",
    "README.md",
    "notes.txt",
    "a b.txt",
    "docs/index.md",
    "docs/deep/page.md",
    "docs/keep.md",
    "src/app/__init__.py",
    "src/app/core.py",
    "src/app/core.pyc",
    "src/app/tests/test_core.py",
    "src/app/tests/data/one.json",
    "src/tests/test_app.py",
    "tests/test_all.py",
    "x.txt/y",
    "build/out.bin",
    "nested/build/out.bin",
    "data/1.csv",
    "data/12.csv",
    "data/a.csv",
    ".hidden",
    "sub/.hidden",
];

/// Ignore files with all that they can say.
const RULES: [&str; 9] = [
    "# nothing\n\n",
    "*\n!src\n!main.py\n",
    "docs\n!docs/keep.md\n**/tests\n**/*.py[co]\n",
    "**\n!**/*.py\nsrc/app/tests\n",
    "/build\n./notes.txt\ndata/?.csv\nx.txt/\n  README.md  \n",
    "**/build\n!nested/build\n.hidden\n",
    "data/[0-9]*.csv\n!data/12.csv\na b.txt\n",
    "src/**/data\nsrc/*/core.*\n!src/app/core.py\n",
    "*/*\n!*/index.md\n**/.hidden\n",
];

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_an_ignore_file_keeps_from_a_build_does_not_count() {
    let repo = Repo::empty("ignored");
    let unique = repo.unique().to_owned();
    repo.write("web/requirements.txt", "");
    for file in FILES {
        repo.write(&format!("web/{file}"), &format!("# {file} {unique}\n"));
    }
    let dockerfile = "FROM python:3.13-slim\nCOPY . /app\nCMD [\"python\", \"/app/main.py\"]\n";
    repo.write("web/Dockerfile", dockerfile);
    repo.commit();
    let site = Site::new(repo);
    for rules in RULES.iter().map(ToString::to_string).chain(shuffled()) {
        assert_counts_what_is_sent(&site, &rules);
    }
}

/// Returns ignore files that have some of all lines, in another order.
fn shuffled() -> impl Iterator<Item = String> {
    let lines: Vec<&str> = RULES.iter().flat_map(|rules| rules.lines()).collect();
    (1..=30_usize).map(move |seed| {
        let places = (0..5).map(|at| (seed * 7_919 + at * seed * 31 + at * 104_729) % lines.len());
        places.map(|place| format!("{}\n", lines[place])).collect()
    })
}

fn assert_counts_what_is_sent(site: &Site, rules: &str) {
    site.repo.write("web/.dockerignore", rules);
    let sent = site.docker.sent(&site.repo.root().join("web"), rules);
    let sent = sent.into_keys().map(String::from).filter(|file| FILES.contains(&file.as_str()));
    let told = site.pymono(&["why", "web", "--json"]).read();
    let told: Value = serde_json::from_str(&told).unwrap();
    let pieces = told["inputs"].as_object().unwrap();
    let counts = |file: &&&str| {
        let named = format!(" web/{file}");
        pieces.keys().any(|piece| piece.ends_with(&named))
    };
    let counted = FILES.iter().filter(counts).map(ToString::to_string);
    assert_eq!(counted.collect::<BTreeSet<_>>(), sent.collect(), "{rules}");
}
