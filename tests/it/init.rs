//! `pymono init`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use pymono_tests::{Repo, Site, examples, projects::unbuilt};
use serde_json::Value;

/// Returns the projects as `pymono list --json` has them, without the reasons.
fn listed(site: &Site) -> String {
    let text = site.pymono(&["list", "--json"]).run().succeeded().stdout;
    let mut list: Value = serde_json::from_str(&text).unwrap();
    for project in list["projects"].as_array_mut().unwrap() {
        project["why"] = Value::Null;
    }
    list.to_string()
}

/// Writes the configuration: exactly what the dry run says, once, and the list stays the same.
fn settle(site: &Site) -> String {
    let repo = &site.repo;
    repo.commit();
    let before = listed(site);
    let diff = site.pymono(&["init", "--dry-run"]).run().succeeded().stdout;
    assert_eq!(repo.git(&["status", "--porcelain"]), "", "a dry run writes nothing");
    repo.write("../diff", &diff);
    repo.git(&["apply", "--allow-empty", "../diff"]);
    repo.commit();

    repo.git(&["checkout", "--quiet", "HEAD~1"]);
    let _ = site.pymono(&["init"]).run().succeeded();
    repo.git(&["add", "--all"]);
    assert_eq!(repo.git(&["diff", "--cached", "main"]), "", "what is written is what was shown");
    assert_eq!(listed(site), before);
    repo.git(&["checkout", "--quiet", "main"]);
    let again = site.pymono(&["init"]).run().succeeded();
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert!(again.stderr.contains("Unchanged"), "{}", again.stderr);
    diff
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn what_is_written_for_an_example_changes_nothing_in_its_list() {
    for example in std::fs::read_dir(examples()).unwrap() {
        let example = example.unwrap();
        // The templates for CI lie among them, and are no repository.
        if !example.path().join("pyproject.toml").is_file() {
            continue;
        }
        let name = example.file_name().into_string().unwrap();
        let diff = settle(&Site::new(Repo::example("init", &name)));
        assert!(diff.contains("+[tool.pymono]\n+command = ["), "{diff}");
    }
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn what_is_written_for_services_of_many_kinds_changes_nothing_in_their_list() {
    let repo = Repo::new("init", "");
    let app = "from flask import Flask\n\napp = Flask(__name__)\n";
    let (web, job) = (
        "dependencies = [\"flask\", \"gunicorn\"]\n",
        "# Said already.\n[tool.pymono]\n# Ours.\nport = 9000\n",
    );
    repo.write(
        "services/web/pyproject.toml",
        &unbuilt("web", &format!("{web}\n{job}\n[tool.x] # last\n")),
    );
    repo.write("services/web/app.py", app);
    repo.lock(&[]);
    repo.write("pip/requirements.txt", "flask==3.0.0\ngunicorn==23.0.0\n");
    repo.write("pip/app.py", app);
    repo.write("by-hand/requirements.txt", "flask==3.0.0\n");
    repo.write("by-hand/app.py", app);
    let dockerfile =
        "FROM python:3.13-slim\nCOPY . /srv\nEXPOSE 80\nCMD [\"python\", \"/srv/app.py\"]\n";
    repo.write("by-hand/Dockerfile", dockerfile);
    let diff = settle(&Site::new(repo));
    for line in [
        "+command = [\"gunicorn\"",
        "+# port = 80\n",
        "+dockerfile = \"Dockerfile\"\n",
        "+++ b/pip/pyproject.toml\n",
    ] {
        assert!(diff.contains(line), "{line} in {diff}");
    }
    assert!(!diff.lines().any(|line| line.starts_with('-') && !line.starts_with("---")), "{diff}");
}
