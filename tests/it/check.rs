//! `pymono check`
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use pymono_tests::{
    Repo, Site,
    projects::{hatchling, sources},
};
use serde_json::Value;

/// Makes a repository with one of each thing that can be found; what it needs from an index is in its lock only.
fn odd() -> Repo {
    let repo = Repo::new("check", "");
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    repo.write("libs/core/src/core/__init__.py", "VALUE = 1\n");
    repo.write("libs/core/src/core/db.py", "");
    let run = "\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\nimage = \"same\"\n";
    let core = format!("dependencies = [\"core\"]\n\n{}{run}", sources(&["core"]));
    repo.write("services/api/pyproject.toml", &hatchling("api", &core));
    repo.write("services/api/src/api/__main__.py", "import os\nfrom core import db\n");
    repo.write("services/api/.env", "PASSWORD=not-one\n");
    repo.write("services/api/.env.example", "PASSWORD=\n");
    repo.write("services/web/pyproject.toml", &hatchling("web", run));
    repo.write("services/web/src/web/__main__.py", "import json\n\nfrom core.db import connect\n");
    let port = "\n[tool.pymono]\nport = 80\n";
    repo.write("services/mute/pyproject.toml", &hatchling("mute", port));
    repo.write("services/mute/src/mute/__init__.py", "");
    let script = "dependencies = [\"docopt==0.6.2\"]\n[project.scripts]\nbuilt = \"built:main\"\n";
    repo.write("services/built/pyproject.toml", &hatchling("built", script));
    repo.write("services/built/src/built/__init__.py", "def main(): ...\n");
    repo.write("jobs/loose/requirements.txt", "# Nothing here is locked.\nidna>=3\n");
    repo.write("jobs/loose/main.py", "import idna\n");
    repo.write("jobs/loose/pyproject.toml", "[tool.pymono]\ncommand = [\"python\", \"main.py\"]\n");
    repo.lock(&[]);
    repo.git(&["add", "--all", "--force"]);
    repo
}

/// Returns code, path and line of all findings.
fn findings(site: &Site, args: &[&str], code: i32) -> Vec<(String, String, Option<u64>)> {
    let args = [&["check", "--json"], args].concat();
    let finished = site.pymono(&args).run();
    assert_eq!(finished.code, Some(code), "{finished:?}");
    let json: Value = serde_json::from_str(&finished.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = json["findings"].as_array().unwrap().iter();
    let found = found.inspect(|it| assert!(it["hint"].is_string(), "{it}"));
    found.map(|it| (text(&it["code"]), text(&it["path"]), it["line"].as_u64())).collect()
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_check_names_the_place_of_everything_that_is_wrong_or_risky() {
    let site = Site::new(odd());
    let expected = [
        ("no-command", "services/mute", None),
        ("shared-image", "services/api", None),
        ("shared-image", "services/web", None),
        ("unlocked-requirement", "jobs/loose/requirements.txt", Some(2)),
        ("unlocked-build", "services/built", None),
        ("floating-base", ".", None),
        ("floating-base", ".", None),
        ("undeclared-import", "services/web/src/web/__main__.py", Some(3)),
        ("secret-in-context", "services/api/.env", None),
    ];
    let expected = expected.map(|(code, path, line)| (code.to_owned(), path.to_owned(), line));
    assert_eq!(findings(&site, &[], 1), expected);

    let text = site.pymono(&["check"]).run();
    let import = "services/web/src/web/__main__.py:3: undeclared-import: `services/web` imports `core.db.connect` of \
                  `libs/core`, which it does not depend on: a change there would not rebuild it\n    \
                  hint: add `libs/core` to the dependencies of `services/web`\n";
    assert!(text.stdout.contains(import), "{}", text.stdout);
    assert!(text.stderr.contains("error: the check has 9 findings"), "{}", text.stderr);

    // What is allowed is not told.
    let codes = ["no-command", "shared-image", "unlocked-build", "floating-base"];
    let codes =
        codes.iter().chain(&["undeclared-import", "secret-in-context", "unlocked-requirement"]);
    let allowed: Vec<&str> = codes.flat_map(|code| ["--allow", *code]).collect();
    assert_eq!(findings(&site, &allowed, 0), []);
    let misspelt = site.pymono(&["check", "--allow", "stale"]).run();
    assert_eq!(misspelt.code, Some(2));
    assert!(misspelt.stderr.contains("known are unplanned, no-lock"), "{}", misspelt.stderr);
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn a_check_reads_hand_written_dockerfiles() {
    let repo = Repo::empty("copies");
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    repo.write("libs/core/core.py", "");
    let needs = "dependencies = [\"core @ file:../../libs/core\"]";
    for name in ["api", "web", "mute"] {
        repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, needs));
    }
    // Only the manifest of the library, and a file that nobody has.
    let api = "FROM python:3.13-slim\nCOPY libs/core/pyproject.toml libs/core/\nCOPY services/api conf/gone.ini /api/\nCMD [\"python\", \"-m\", \"api\"]\n";
    let web = "FROM python:3.13-slim\nCOPY . .\nCMD [\"python\", \"-m\", \"web\"]\n";
    repo.write("compose.yaml", "services:\n  api: { build: { context: ., dockerfile: services/api/Dockerfile } }\n  web: { build: { context: ., dockerfile: services/web/Dockerfile } }\n");
    repo.write("services/api/Dockerfile", api);
    repo.write("services/web/Dockerfile", web);
    repo.write("services/mute/Dockerfile", "FROM python:3.13-slim\nCOPY libs /libs\n");
    let own =
        format!("{needs}\n[tool.pymono]\nimage = \"web\"\ndockerfile = {{ context = \"../..\" }}");
    repo.write("services/mute/pyproject.toml", &hatchling("mute", &own));
    let site = Site::new(repo);
    let expected = [
        ("no-command", "services/mute/Dockerfile", None),
        ("shared-image", "services/mute", None),
        ("shared-image", "services/web", None),
        ("floating-base", ".", None),
        ("missing-copy", "services/api/Dockerfile", None),
        ("missing-copy", "services/api/Dockerfile", Some(3)),
    ];
    let expected = expected.map(|(code, path, line)| (code.to_owned(), path.to_owned(), line));
    assert_eq!(findings(&site, &[], 1), expected);
    let text = site.pymono(&["check"]).run().stdout;
    for line in [
        "services/api/Dockerfile: missing-copy: `services/api` needs `libs/core`, of which nothing is copied\n",
        "services/api/Dockerfile:3: missing-copy: copies `conf/gone.ini`, which is not in the context `.`\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}
