//! What `pymono init` would write.

use std::{collections::BTreeMap, fs};

use insta::assert_snapshot;
use pymono_names::TreePath;
use pymono_scan::{Proposals, Unplaced, propose};
use pymono_workspace::{Kind, Project};

use crate::repo::Repo;

const APP: &str = "from flask import Flask\napp = Flask(__name__)\n";

/// What of each project a listing shows, but for the reasons.
fn shown(repo: &Repo) -> BTreeMap<TreePath, Project> {
    let mut projects = repo.scan().projects;
    for project in projects.values_mut() {
        project.why.clear();
        // Where it comes from, the configuration or the code, is what is to differ.
        project.settings.command = None;
        project.settings.port = None;
    }
    projects
}

/// Writes what is proposed; the projects stay what they are, and nothing more is proposed then.
fn settled(repo: &Repo) -> Proposals {
    let before = shown(repo);
    let proposals = propose(&repo.try_scan().unwrap()).unwrap();
    for (path, file) in &proposals.files {
        assert_eq!(fs::read_to_string(repo.top().join(path.as_str())).ok(), file.before);
        repo.file(path.as_str(), &file.after);
    }
    assert_eq!(shown(repo), before);
    let again = propose(&repo.try_scan().unwrap()).unwrap();
    assert_eq!(again.files, BTreeMap::new());
    proposals
}

fn text(repo: &Repo, path: &str) -> String {
    fs::read_to_string(repo.top().join(path)).unwrap()
}

#[test]
fn comments_and_order_stay_as_they_are() {
    let repo = Repo::workspace("[\"api\"]");
    repo.file("api/app.py", APP).file(
        "api/pyproject.toml",
        "# The manifest.\n\n[tool.ruff]   # first\nline-length = 100\n\n\
         [project]\nversion = '1'\nname = \"api\" # who\ndependencies = [\n  \"flask\", # why\n  \"gunicorn\",\n]\n\n\
         [tool.other]\n# the end\n",
    );
    let proposals = settled(&repo);
    assert_eq!(proposals.services[0].keys, ["command", "port"]);
    assert_snapshot!(text(&repo, "api/pyproject.toml"), @r#"
    # The manifest.

    [tool.ruff]   # first
    line-length = 100

    [project]
    version = '1'
    name = "api" # who
    dependencies = [
      "flask", # why
      "gunicorn",
    ]

    [tool.other]
    # the end

    [tool.pymono]
    command = ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
    port = 8000
    "#);
}

#[test]
fn what_is_configured_stays_and_the_rest_is_added_to_it() {
    for (table, after) in [
        (
            "[tool.pymono] # ours\nport = 9000 # told\n\n[tool.x]\n",
            "port = 9000 # told\ncommand = [",
        ),
        ("[tool]\npymono = { port = 9000 }\n", "pymono = { port = 9000, command = ["),
        ("[tool]\npymono.port = 9000\n", "pymono.port = 9000\npymono.command = ["),
    ] {
        let repo = Repo::workspace("[\"api\"]");
        repo.project("api", "[\"flask\", \"gunicorn\"]", table).file("api/app.py", APP);
        assert_eq!(settled(&repo).services[0].keys, ["command"]);
        let text = text(&repo, "api/pyproject.toml");
        assert!(text.contains(after), "{text}");
    }
}

#[test]
fn lines_end_as_they_did() {
    let repo = Repo::workspace("[\"api\"]");
    let manifest =
        "[project]\r\nname = \"api\"\r\nversion = \"1\"\r\ndependencies = [\"flask\"]\r\n";
    repo.file("api/pyproject.toml", manifest).file("api/app.py", APP);
    settled(&repo);
    let text = text(&repo, "api/pyproject.toml");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(text.starts_with(manifest) && text.len() > manifest.len(), "{text}");
}

#[test]
fn a_dockerfile_stays_how_the_image_is_built_and_is_offered_as_settings() {
    let repo = Repo::workspace("[\"api\"]");
    repo.project("api", "[\"flask\"]", "").file("api/app.py", APP).file(
        "api/Dockerfile",
        "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y libpq5\n\
         ENV MODE=fast PATH=/x:$PATH PIP_NO_CACHE_DIR=1\nCOPY . /srv\nUSER 1000\nEXPOSE 5000\n\
         CMD [\"uv\", \"run\", \"python\", \"app.py\"]\n",
    );
    settled(&repo);
    let text = text(&repo, "api/pyproject.toml");
    let added = text.split_once("[tool.pymono]").unwrap().1.trim_start();
    assert_snapshot!(added, @r#"
    # In place of `dockerfile`, for an image that pymono generates:
    # base-image = "python:3.12-slim"
    # apt = ["libpq5"]
    # command = ["python", "app.py"]
    # port = 5000
    # env = { MODE = "fast" }
    # user = 1000
    dockerfile = "Dockerfile"
    "#);
    // What is offered can be taken as it stands.
    let taken = text.replace("# In place", "In place").replace("# ", "");
    let lines = taken.lines().filter(|line| !line.starts_with("In place"));
    let taken: String = lines
        .filter(|line| !line.starts_with("dockerfile"))
        .map(|line| format!("{line}\n"))
        .collect();
    repo.file("api/pyproject.toml", &taken);
    let api = repo.get("api");
    assert_eq!((api.kind, api.images.len(), api.launch.port), (Kind::Service, 0, Some(5000)));
    assert_eq!(api.launch.command.unwrap(), ["python", "app.py"]);
}

#[test]
fn several_dockerfiles_are_named_and_so_is_a_context_elsewhere() {
    let repo = Repo::workspace("[\"services/api\"]");
    repo.project("services/api", "[\"flask\"]", "").file("services/api/app.py", APP);
    let from = "FROM python:3.12-slim\nCOPY services/api /srv\nCMD [\"python\", \"/srv/app.py\"]\n";
    repo.file("services/api/Dockerfile", from);
    repo.file("compose.yaml", "services:\n  api:\n    build:\n      context: .\n      dockerfile: services/api/Dockerfile\n");
    settled(&repo);
    let text = text(&repo, "services/api/pyproject.toml");
    assert!(
        text.contains("dockerfile = { path = \"Dockerfile\", context = \"../..\" }\n"),
        "{text}"
    );
}

#[test]
fn a_service_without_a_manifest_of_its_own_gets_a_file_for_the_settings() {
    let repo = Repo::new();
    repo.file("a/requirements.txt", "flask\ngunicorn\n").file("a/app.py", APP);
    repo.file("b/requirements.txt", "flask\ngunicorn\n").file("b/app.py", APP);
    settled(&repo);
    let text = text(&repo, "a/pyproject.toml");
    assert!(text.starts_with("[tool.pymono]\ncommand = ["), "{text}");
}

#[test]
fn one_project_is_configured_where_the_repository_is() {
    let requirements = |repo: &Repo| {
        repo.file("requirements.txt", "flask\ngunicorn\n").file("app.py", APP);
    };
    let repo = Repo::new();
    requirements(&repo);
    settled(&repo);
    assert!(text(&repo, "pymono.toml").starts_with("command = ["));
    let repo = Repo::new();
    requirements(&repo);
    repo.file("pymono.toml", "# ours\npython = \"3.12\"\n\n[env] # theirs\nA = \"1\"\n# end\n");
    settled(&repo);
    let (start, end) =
        ("# ours\npython = \"3.12\"\ncommand = [", "\n\n[env] # theirs\nA = \"1\"\n# end\n");
    let text_of_home = text(&repo, "pymono.toml");
    assert!(text_of_home.starts_with(start) && text_of_home.ends_with(end), "{text_of_home}");
    let repo = Repo::new();
    requirements(&repo);
    repo.file("pymono.toml", "# Nothing is said yet.");
    settled(&repo);
    assert!(text(&repo, "pymono.toml").starts_with("# Nothing is said yet.\n\ncommand = ["));
}

#[test]
fn nothing_is_said_that_would_hold_for_other_services() {
    // The root declares a project: what is for one service is its own.
    let repo = Repo::workspace("[\"a\"]");
    repo.project("a", "[\"flask\", \"gunicorn\"]", "").file("a/app.py", APP).file("app.py", APP);
    repo.file(
        "pyproject.toml",
        "[project]\nname = \"root\"\nversion = \"1\"\ndependencies = [\"flask\", \"gunicorn\"]\n\
         [tool.uv.workspace]\nmembers = [\"a\"]\n",
    );
    let proposals = settled(&repo);
    assert!(proposals.services.iter().all(|it| it.file.is_ok()), "{:?}", proposals.services);
    // It does not, or another home would be passed by.
    let cargo = "[workspace]\nmembers = []\n[workspace.metadata.pymono]\npython = \"3.12\"\n";
    for (name, text) in [("requirements.txt", "flask\ngunicorn\n"), ("Cargo.toml", cargo)] {
        let repo = Repo::new();
        repo.project("a", "[\"flask\"]", "").file("a/app.py", APP).file("app.py", APP);
        if name == "Cargo.toml" {
            repo.project(".", "[\"flask\"]", "");
        }
        repo.file(name, text);
        let proposals = settled(&repo);
        assert_eq!(proposals.services[0].file, Err(Unplaced::Shared), "{name}");
        assert!(proposals.services[1].file.is_ok());
    }
}

#[test]
fn a_table_that_cannot_be_gone_on_with_is_left_alone() {
    let repo = Repo::workspace("[\"api\"]");
    let manifest = "tool = { x = 1 }\n[project]\nname = \"api\"\nversion = \"1\"\ndependencies = [\"flask\"]\n";
    repo.file("api/pyproject.toml", manifest).file("api/app.py", APP);
    assert_eq!(settled(&repo).services[0].file, Err(Unplaced::Closed));
}

#[test]
#[cfg(unix)]
fn a_link_to_a_manifest_stays_one() {
    let repo = Repo::new();
    repo.project("real", "[\"flask\"]", "").project("b", "[]", "").file("b/app.py", APP);
    fs::rename(repo.top().join("real/pyproject.toml"), repo.top().join("real/shared.toml"))
        .unwrap();
    fs::create_dir_all(repo.top().join("a")).unwrap();
    repo.file("a/app.py", APP);
    std::os::unix::fs::symlink("../real/shared.toml", repo.top().join("a/pyproject.toml")).unwrap();
    let proposals = propose(&repo.try_scan().unwrap()).unwrap();
    let files: Vec<&str> = proposals.files.keys().map(TreePath::as_str).collect();
    assert_eq!(files, ["b/pyproject.toml", "real/shared.toml"]);
}
