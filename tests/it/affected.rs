//! `pymono affected`: what differs between two trees, and why.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use pymono_tests::{
    Repo, Site,
    projects::{hatchling, sources},
};
use serde_json::{Value, json};

/// Two services, of which one stands on a library that stands on another one.
fn site() -> Site {
    let repo = Repo::new("affected", "");
    let service = |name: &str, dependencies: &str, more: &str| {
        let command = format!("[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n");
        let manifest = hatchling(name, &format!("dependencies = {dependencies}\n{command}{more}"));
        repo.write(&format!("services/{name}/pyproject.toml"), &manifest);
        for module in ["__init__", "__main__"] {
            repo.write(&format!("services/{name}/src/{name}/{module}.py"), "");
        }
    };
    service("api", "[\"core\"]", &sources(&["core"]));
    service("cron", "[\"six==1.16.0\"]", "");
    let core = format!("dependencies = [\"base\", \"idna==3.9\"]\n{}", sources(&["base"]));
    repo.write("libs/core/pyproject.toml", &hatchling("core", &core));
    repo.write("libs/core/src/core/__init__.py", "");
    repo.write("libs/base/pyproject.toml", &hatchling("base", "dependencies = []\n"));
    repo.write("libs/base/src/base/__init__.py", "");
    repo.lock(&[]);
    repo.commit();
    Site::new(repo)
}

fn affected(site: &Site) -> Value {
    let output = site.pymono(&["affected", "--base", "main", "--json"]).run().succeeded();
    serde_json::from_str(&output.stdout).unwrap()
}

/// Returns the reasons of each affected service, after an edit that is taken back again.
fn reasons(site: &Site, edit: impl FnOnce(&Repo)) -> Value {
    edit(&site.repo);
    let answer = affected(site);
    // It is the same whether an edit is committed or not.
    site.repo.git(&["checkout", "--quiet", "-b", "work"]);
    site.repo.commit();
    assert_eq!(affected(site), answer);
    site.repo.git(&["checkout", "--quiet", "main"]);
    let args = ["affected", "--base", "main", "--head", "work", "--json"];
    let of_head = site.pymono(&args).run().succeeded().stdout;
    assert_eq!(serde_json::from_str::<Value>(&of_head).unwrap(), answer);
    site.repo.git(&["branch", "--quiet", "-D", "work"]);
    let services = answer["services"].as_array().unwrap().iter();
    let services =
        services.map(|it| (it["path"].as_str().unwrap().to_owned(), it["reasons"].clone()));
    Value::Object(services.collect())
}

/// What somebody does to a repository.
type Edit = fn(&Repo);

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn every_edit_affects_whom_it_concerns_and_says_why() {
    let site = site();
    let head = site.repo.git(&["rev-parse", "HEAD"]);
    let nothing = json!({ "version": 1, "base": head.trim(), "services": [], "removed": [] });
    assert_eq!(affected(&site), nothing);

    let via = ["services/api", "libs/core", "libs/base"];
    let new = "libs/base/src/base/new.py";
    assert_eq!(
        reasons(&site, |repo| repo.write(new, "")),
        json!({ "services/api": [
            { "kind": "dependency", "package": "libs/base", "via": via, "path": new },
        ] })
    );
    let pin = json!({
        "kind": "pin", "package": "idna", "via": via[..2], "from": "3.9", "to": "3.10",
    });
    let bumped = reasons(&site, |repo| {
        repo.replace("libs/core/pyproject.toml", "idna==3.9", "idna==3.10");
        repo.lock(&[]);
    });
    let manifest = json!({
        "kind": "dependency", "package": "libs/core", "via": via[..2],
        "path": "libs/core/pyproject.toml",
    });
    assert_eq!(bumped, json!({ "services/api": [manifest, pin] }));
    assert_eq!(
        reasons(&site, |repo| {
            repo.replace("services/cron/pyproject.toml", "command", "apt = [\"tini\"]\ncommand");
        }),
        json!({ "services/cron": [{ "kind": "config", "key": "apt" }] })
    );
    assert_eq!(
        reasons(&site, |repo| repo.replace("pyproject.toml", "3.13", "3.12")),
        json!({ "services/api": python(), "services/cron": python() })
    );
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn settings_of_one_service_affect_it_alone() {
    let site = site();
    let manifest = "services/cron/pyproject.toml";
    site.repo.write("deploy/site.css", "a");
    site.repo.commit();
    let keys = [
        (
            "build-steps",
            "build-steps = [\"echo\"]",
            json!([{ "kind": "config", "key": "build-steps" }]),
        ),
        (
            "libc",
            "libc = \"musl\"\nbase-image = \"python:3.13-slim\"",
            json!([{ "kind": "config", "key": "libc" }]),
        ),
    ];
    for (key, line, expected) in keys {
        let found = reasons(&site, |repo| {
            repo.replace(manifest, "command", &format!("{line}\ncommand"));
        });
        let found = &found.as_object().unwrap()["services/cron"];
        for reason in expected.as_array().unwrap() {
            assert!(found.as_array().unwrap().contains(reason), "{key}: {found}");
        }
    }
    for line in ["include = [\"../../deploy/*.css\"]", "inputs = [\"../../deploy\"]"] {
        site.repo.replace(manifest, "command", &format!("{line}\ncommand"));
        site.repo.commit();
        let other = reasons(&site, |repo| repo.write("deploy/site.css", "b"));
        let file = json!([{ "kind": "source", "path": "deploy/site.css" }]);
        assert_eq!(other, json!({ "services/cron": file }), "{line}");
        site.repo.replace(manifest, &format!("{line}\ncommand"), "command");
        site.repo.commit();
    }
    // Steps see the manifest as it lies there, comments and all.
    site.repo.replace(manifest, "command", "build-steps = [\"echo\"]\ncommand");
    site.repo.commit();
    let seen = reasons(&site, |repo| {
        repo.write(manifest, &format!("# ours\n{}", repo.read(manifest)));
    });
    assert_eq!(seen, json!({ "services/cron": [{ "kind": "source", "path": manifest }] }));
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_matrix_has_exactly_the_affected() {
    let site = site();
    let paths = |args: &[&str]| {
        let output = site.pymono(&[&["matrix"], args].concat()).run().succeeded();
        let matrix: Value = serde_json::from_str(&output.stdout).unwrap();
        let jobs = matrix["include"].as_array().unwrap().iter();
        json!(jobs.map(|job| job["paths"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(paths(&["--base", "main"]), json!([]));
    assert_eq!(paths(&["--all"]), json!([["services/api"], ["services/cron"]]));
    assert_eq!(paths(&["--all", "--shards", "1"]), json!([["services/api", "services/cron"]]));
    site.repo.write("libs/base/src/base/new.py", "");
    assert_eq!(paths(&["--base", "main", "--shards", "4"]), json!([["services/api"]]));
    // What cannot be built is never left out in silence.
    site.repo.replace("services/cron/pyproject.toml", "command = ", "apk = [\"tini\"]\ncommand = ");
    let refused = site.pymono(&["matrix", "--base", "main"]).run().ended_with(3);
    assert!(refused.stdout.is_empty() && refused.stderr.contains("services/cron"), "{refused:?}");
}

fn python() -> Value {
    let base = json!({ "kind": "base", "from": "python:3.13-slim", "to": "python:3.12-slim" });
    json!([{ "kind": "python", "from": "3.13", "to": "3.12" }, base])
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn what_reaches_no_image_affects_nobody() {
    let site = site();
    let edits: [(&str, Edit); 5] = [
        ("a group for development", |repo| {
            let groups = "[dependency-groups]\ndev = [\"packaging\"]\n[project]";
            repo.replace("libs/core/pyproject.toml", "[project]", groups);
            repo.lock(&[]);
        }),
        ("another member", |repo| {
            repo.write(
                "libs/new/pyproject.toml",
                &hatchling("new", "dependencies = [\"attrs\"]\n"),
            );
            repo.lock(&[]);
        }),
        ("a comment in a lock", |repo| {
            repo.write("uv.lock", &format!("# seen\n{}", repo.read("uv.lock")));
        }),
        ("a file at the root", |repo| repo.write("README.md", "Hello")),
        ("another tool", |repo| {
            let manifest = repo.read("services/api/pyproject.toml");
            let other = format!("# ours\n{manifest}\n[tool.ruff]\nline-length = 100\n");
            repo.write("services/api/pyproject.toml", &other);
        }),
    ];
    for (what, edit) in edits {
        assert_eq!(reasons(&site, edit), json!({}), "{what}");
    }
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn an_included_file_that_git_ignores_is_named_each_time() {
    let site = site();
    site.repo.write(".gitignore", "made.py\n");
    let manifest = site.repo.read("libs/core/pyproject.toml");
    let include = "\n[tool.pymono]\ninclude = [\"src/core/made.py\"]\n";
    site.repo.write("libs/core/pyproject.toml", &format!("{manifest}{include}"));
    site.repo.write("libs/core/src/core/made.py", "");
    site.repo.commit();
    let (via, made) = (["services/api", "libs/core"], "libs/core/src/core/made.py");
    let output = site.pymono(&["affected", "--base", "HEAD", "--json"]).run().succeeded();
    let answer: Value = serde_json::from_str(&output.stdout).unwrap();
    let reason = json!({ "kind": "dependency", "package": "libs/core", "via": via, "path": made });
    let services = answer["services"].as_array().unwrap();
    assert_eq!(services.iter().map(|it| &it["reasons"]).collect::<Vec<_>>(), [&json!([reason])]);
    let warning = format!("`{made}` is included, but git ignores it: no base has it");
    assert!(output.stderr.contains(&warning), "{}", output.stderr);
    // Two revisions have it neither, and so nothing to be warned of.
    let between = ["affected", "--base", "HEAD", "--head", "HEAD"];
    let output = site.pymono(&between).run().succeeded();
    assert!(output.stdout.starts_with("0 of 2 services"), "{}", output.stdout);
    assert!(!output.stderr.contains("git ignores"), "{}", output.stderr);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn services_that_come_go_and_move_are_told() {
    let site = site();
    let moved = reasons(&site, |repo| {
        repo.git(&["mv", "services/cron", "services/clock"]);
        repo.replace("uv.lock", "services/cron", "services/clock");
    });
    assert_eq!(moved, json!({ "services/clock": [{ "kind": "added" }] }));
    site.repo.git(&["rm", "-r", "--quiet", "services/cron"]);
    site.repo.lock(&[]);
    assert_eq!(affected(&site)["removed"], json!(["services/cron"]));
    let said = site.pymono(&["affected", "--base", "main"]).run().succeeded().stdout;
    assert!(said.contains("services/cron is no service any more"), "{said}");
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_base_that_cannot_be_read_is_an_error_or_everything() {
    let site = site();
    site.repo.write("services/api/pyproject.toml", "not toml");
    site.repo.commit();
    site.repo.git(&["checkout", "--quiet", "HEAD~1", "--", "services"]);
    let args = ["affected", "--base", "HEAD", "--json"];
    let refused = site.pymono(&args).run().ended_with(3);
    assert!(
        refused.stdout.is_empty() && refused.stderr.contains("it cannot be told"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("--on-unknown=all"), "{}", refused.stderr);
    let all = site.pymono(&[&args[..], &["--on-unknown=all"]].concat()).run().succeeded();
    assert!(all.stderr.contains("every service is taken for affected"), "{}", all.stderr);
    let all: Value = serde_json::from_str(&all.stdout).unwrap();
    let kinds = all["services"].as_array().unwrap().iter().map(|it| &it["reasons"][0]["kind"]);
    assert_eq!(kinds.collect::<Vec<_>>(), ["unknown", "unknown"]);
    // A base that is not there at all is no other case.
    let gone = site.pymono(&["affected", "--base", "gone"]).run().ended_with(3);
    assert!(gone.stderr.contains("git knows no revision `gone` here"), "{}", gone.stderr);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn exactly_the_affected_are_built() {
    let site = site();
    let (finished, _) = site.try_build(&["--changed=main"]);
    assert!(finished.succeeded().stderr.contains("Nothing to build"));
    site.repo.write("libs/base/src/base/new.py", "");
    let (finished, run) = site.try_build(&["--changed=main"]);
    let finished = finished.succeeded();
    assert_eq!(run.outcomes().into_keys().collect::<Vec<_>>(), ["api"]);
    let why = "services/api: libs/base/src/base/new.py (services/api → libs/core → libs/base)";
    assert!(finished.stderr.contains(why), "{}", finished.stderr);
    // One that is affected and cannot be built is an error; one that is not affected is none.
    site.repo.write("services/cron/src/cron/new.py", "");
    let command = "command = [\"python\", \"-m\", \"cron\"]\n";
    site.repo.replace("services/cron/pyproject.toml", command, "skip = false\n");
    std::fs::remove_file(site.repo.root().join("services/cron/src/cron/__main__.py")).unwrap();
    let (finished, run) = site.try_build(&["--changed=main"]);
    let finished = finished.ended_with(3);
    assert_eq!(run.outcomes().into_keys().collect::<Vec<_>>(), ["api"], "{finished:?}");
    site.repo.commit();
    let (finished, _) = site.try_build(&["--changed=main"]);
    assert!(finished.succeeded().stderr.contains("Nothing to build"));
    // Without a base of its own, a run outside of CI needs a remote.
    let refused = site.pymono(&["build", "--changed"]).run().ended_with(3).stderr;
    assert!(refused.contains("no remote with a default branch"), "{refused}");
    let all = site.pymono(&["build", "--changed", "--on-unknown=all", "--dry-run"]);
    let all = all.run().succeeded();
    assert!(all.stdout.contains("--target api"), "{all:?}");
    assert!(all.stderr.contains("every service is taken for affected"), "{all:?}");
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_service_is_told_with_what_changed_and_the_layers_that_are_made_anew() {
    let site = site();
    let why = |args: &[&str]| {
        let output = site.pymono(&[&["why", "api", "--json"], args].concat()).run().succeeded();
        serde_json::from_str::<Value>(&output.stdout).unwrap()
    };
    let before = why(&[]);
    let inputs = before["inputs"].as_object().unwrap();
    for piece in ["pin idna", "edge libs/base", "python", "config command", "uv image"] {
        assert!(inputs.contains_key(piece), "{piece}: {before}");
    }
    assert!(!inputs.contains_key("pin six"), "{before}");
    let same = why(&["--base", "main"]);
    assert_eq!((&same["fingerprint"], &same["changed"]), (&before["fingerprint"], &json!([])));

    let changed = "libs/base/src/base/new.py";
    site.repo.write(changed, "");
    let after = why(&["--base", "main"]);
    assert_ne!(after["fingerprint"], before["fingerprint"]);
    assert_eq!(after["changed"], json!([format!("dependency libs/base: {changed}")]));
    assert_eq!(after["reasons"][0]["path"], changed);
    let layers = after["layers"].as_array().unwrap().iter();
    let anew = layers.filter(|layer| layer["rebuilt"] == true).map(|layer| &layer["name"]);
    assert_eq!(anew.collect::<Vec<_>>(), ["pkg-base"]);
    let said = site.pymono(&["why", "services/api", "--base", "main"]).run().succeeded().stdout;
    assert!(said.contains("    pkg-base: made anew\n    "), "{said}");
    assert!(said.contains(&format!("* dependency libs/base: {changed}: file ")), "{said}");
}
