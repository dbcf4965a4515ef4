//! Ctrl-C.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{BufRead, BufReader},
};

use pymono_tests::{
    Repo, Run, Site, Tool,
    projects::{BACKEND, in_tree},
    until,
};
use serde_json::Value;

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn an_interrupt_stops_every_build_and_leaves_nothing_behind() {
    let repo = Repo::new("interrupt", "");
    for name in ["a", "b", "c"] {
        let rest = format!(
            "\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n\n[tool.in-tree]\nsleeps = 600\n"
        );
        repo.write(&format!("services/{name}/pyproject.toml"), &in_tree(name, &rest));
        repo.write(&format!("services/{name}/_build/backend.py"), BACKEND);
        let text = format!("# {}\n", repo.unique());
        repo.write(&format!("services/{name}/src/{name}/__init__.py"), &text);
    }
    repo.lock(&[]);
    let site = Site::new(repo);
    let mark = format!("PYMONO_TEST_RUN={}", site.repo.unique());

    let build = site.pymono(&["build", "--all", "--jobs", "2", "--progress", "json"]);
    let mut child = build.env("PYMONO_TEST_RUN", site.repo.unique()).start();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut text = String::new();
    let mut waits_for = vec!["[pkg-a ", "[pkg-b "];
    while !waits_for.is_empty() {
        let line = lines.next().expect("the build ended before its long steps began");
        let event: Value = serde_json::from_str(&line).unwrap();
        let step = &event["step"];
        if step["state"] == "running" {
            waits_for.retain(|name| !step["name"].as_str().unwrap().starts_with(name));
        }
        text += &(line + "\n");
    }
    // pymono itself, its clients, and the plugins that those have started.
    assert!(marked(&mark).len() > 2, "{:?}", marked(&mark));

    Tool::new("kill").args(["-INT", &child.id().to_string()]).read();
    text.extend(lines.map(|line| line + "\n"));
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let run = Run::read(&text);
    assert_eq!(run.events.last().unwrap()["event"], "summary");
    for (service, outcome) in run.outcomes() {
        assert_eq!(outcome, "cancelled", "{service}");
    }
    until("the end of every child", || {
        let left = marked(&mark);
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    });
    let files = pymono_tests::tree(&site.repo.root(), &[".git"]);
    let half: Vec<_> = files
        .keys()
        .filter(|path| path.file_name().is_some_and(|name| name.starts_with(".pymono-")))
        .collect();
    assert!(half.is_empty(), "{half:?}");
}

/// Returns the command lines of the processes that have `mark` in their environment.
fn marked(mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        // Processes come and go meanwhile, and those of others are not ours to read.
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&line).replace('\0', " "));
        }
    }
    found
}
