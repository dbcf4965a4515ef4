//! `pymono affected --paths`: which services some files concern.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use pymono_tests::{
    Repo, Site,
    projects::{hatchling, sources},
};
use serde_json::{Value, json};

/// A service on a library, one on its own, and one that a Dockerfile builds.
fn site() -> Site {
    let repo = Repo::new("paths", "");
    let service = |name: &str, more: &str| {
        let command = format!("{more}[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n");
        repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &command));
        repo.write(&format!("services/{name}/src/{name}/__init__.py"), "");
    };
    service("api", &format!("dependencies = [\"core\"]\n{}", sources(&["core"])));
    service("cron", "dependencies = [\"six==1.16.0\"]\n");
    repo.write("libs/core/pyproject.toml", &hatchling("core", "dependencies = [\"idna==3.9\"]\n"));
    repo.write("libs/core/src/core/__init__.py", "");
    repo.write(
        "tools/web/Dockerfile",
        "FROM python:3.13-slim\nCOPY app.py /\nCMD [\"python\", \"/app.py\"]\n",
    );
    repo.write("tools/web/app.py", "print(1)\n");
    repo.write("tools/web/notes.md", "");
    repo.write(".gitignore", "*.log\n");
    repo.write("README.md", "");
    repo.lock(&[]);
    repo.commit();
    Site::new(repo)
}

/// Returns the services that the paths which are read concern, with their reasons.
fn concerned(site: &Site, args: &[&str], input: &str) -> Value {
    let tool = site.pymono(&[&["affected", "--json", "--paths"], args].concat());
    let output = tool.input(input.as_bytes()).run().succeeded();
    let answer: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&answer["base"], &answer["removed"]), (&Value::Null, &json!([])));
    let services = answer["services"].as_array().unwrap().iter();
    let rows = services.map(|it| (it["path"].as_str().unwrap().to_owned(), it["reasons"].clone()));
    Value::Object(rows.collect())
}

fn names(services: &Value) -> BTreeSet<&str> {
    services.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_file_concerns_those_that_have_it_and_says_how() {
    let site = site();
    let module = "libs/core/src/core/__init__.py";
    let via = ["services/api", "libs/core"];
    let reason = |path: &str| json!([{ "kind": "dependency", "package": "libs/core", "via": via, "path": path }]);
    assert_eq!(concerned(&site, &[module], ""), json!({ "services/api": reason(module) }));
    // One that is gone, or is not there yet, is what its folder's project has.
    let gone = "libs/core/src/core/gone.py";
    assert_eq!(concerned(&site, &[gone], ""), json!({ "services/api": reason(gone) }));
    // Absolute paths, folders, and what stands beside the folder that the user is in.
    let absolute = site.repo.root().join("libs");
    for path in [absolute.as_str(), "libs/", "services/../libs/core"] {
        assert_eq!(names(&concerned(&site, &[path], "")), ["services/api"].into(), "{path}");
    }
    let cron = site.repo.root().join("services/cron");
    let below = site.pymono(&["affected", "--paths", "pyproject.toml", "../../README.md"]);
    let below = below.args(["-C", cron.as_str()]).run().succeeded();
    assert!(below.stdout.starts_with("services/cron\n    services/cron/pyproject.toml\n1 of 3"));
    let dockerfile =
        json!({ "tools/web": [{ "kind": "dockerfile", "path": "tools/web/Dockerfile" }] });
    assert_eq!(concerned(&site, &["tools/web/Dockerfile", "tools/web/notes.md"], ""), dockerfile);
    // What no image has concerns nobody; a lock and the root's manifest all that are locked by them.
    assert_eq!(concerned(&site, &["README.md"], ""), json!({}));
    let of_lock = concerned(&site, &["uv.lock"], "");
    assert_eq!(names(&of_lock), ["services/api", "services/cron"].into());
    assert_eq!(names(&concerned(&site, &["pyproject.toml"], "")).len(), 3);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn what_cannot_be_understood_is_never_taken_for_nothing() {
    let site = site();
    let refused = |args: &[&str], input: &[u8], words: &str| {
        let tool = site.pymono(&[&["affected", "--paths"], args].concat());
        let refused = tool.input(input).run().ended_with(2);
        assert!(refused.stdout.is_empty() && refused.stderr.contains(words), "{refused:?}");
    };
    refused(&["../other"], b"", "`../other` lies outside of the repository");
    refused(&["/etc/passwd"], b"", "lies outside of the repository");
    refused(&["-"], b"\"libs/core/\\303\\244.py\"\n", "give `-z` to it");
    refused(&["-"], b"libs/core/\xff.py\n", "is no path of a file");
    refused(&["README.md", "--base", "main"], b"", "cannot be used with");
    let unusual = "libs/core/src/core/ä \"b\"\n.py\0README.md\0";
    assert_eq!(names(&concerned(&site, &["-", "-z"], unusual)), ["services/api"].into());
    // Where the tree has no such file, that is said: it may be a slip.
    site.repo.write("services/api/out.log", "");
    let tool = site.pymono(&["affected", "--paths", "services/api/out.log", "srvices/api/x.py"]);
    let output = tool.run().succeeded();
    assert!(output.stderr.contains("`services/api/out.log` is ignored by git"), "{output:?}");
    assert!(output.stderr.contains("`srvices/api/x.py` is not in the tree"), "{output:?}");
    assert!(output.stdout.starts_with("0 of 3"), "{output:?}");
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn nobody_is_affected_whom_the_changed_files_do_not_concern() {
    type Edit = fn(&Repo);
    let edits: [(&str, Edit); 8] = [
        ("a new module", |it| it.write("libs/core/src/core/new.py", "")),
        ("a module is gone", |it| {
            it.git(&["rm", "--quiet", "services/cron/src/cron/__init__.py"]);
        }),
        ("a folder moves", |it| drop(it.git(&["mv", "services/cron", "services/clock"]))),
        ("a pin", |it| {
            it.replace("libs/core/pyproject.toml", "idna==3.9", "idna==3.10");
            it.lock(&[]);
        }),
        ("the Python of all", |it| it.write(".python-version", "3.12\n")),
        ("the Python of one", |it| it.write("services/api/.python-version", "3.12\n")),
        ("an ignore file", |it| it.write("tools/web/.dockerignore", "*.md\n")),
        ("a configuration", |it| it.write("pymono.toml", "python = \"3.12\"\n")),
    ];
    for (what, edit) in edits {
        let site = site();
        edit(&site.repo);
        site.repo.git(&["add", "--all"]);
        let changed = site.repo.git(&["diff", "--name-only", "--no-renames", "-z", "HEAD"]);
        let concerned = concerned(&site, &["-", "-z"], &changed);
        let output = site.pymono(&["affected", "--base", "HEAD", "--json"]).run().succeeded();
        let answer: Value = serde_json::from_str(&output.stdout).unwrap();
        let affected = answer["services"].as_array().unwrap().iter();
        let affected: BTreeSet<&str> = affected.map(|it| it["path"].as_str().unwrap()).collect();
        let missed: Vec<_> = affected.difference(&names(&concerned)).copied().collect();
        assert!(missed.is_empty(), "{what}: {missed:?}, {concerned}");
    }
}
