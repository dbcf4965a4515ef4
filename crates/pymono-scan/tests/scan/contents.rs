//! What files hold, as far as it can reach images.

use std::fs;

use pymono_workspace::{ContentId, Contents};

use crate::repo::Repo;

fn contents(repo: &Repo) -> Contents {
    of(&repo.options())
}

fn of(options: &pymono_scan::ScanOptions) -> Contents {
    let scan = pymono_scan::scan(options).unwrap();
    let paths: Vec<_> =
        scan.workspace.projects.values().flat_map(|project| &project.sources).collect();
    pymono_scan::contents(options, &scan.tree, &scan.workspace, paths).unwrap()
}

fn at(repo: &Repo, revision: &str) -> Contents {
    let head = pymono_scan::Head::Revision(revision.to_owned());
    of(&pymono_scan::ScanOptions { head, ..repo.options() })
}

/// Returns what counts of the manifest of a project with this `[build-system]` and these tables.
fn manifest(backend: &str, tables: &str) -> Option<ContentId> {
    let (module, package) = backend.split_once(' ').unwrap();
    let repo = Repo::new();
    let system =
        format!("[build-system]\nrequires = [\"{package}\"]\nbuild-backend = \"{module}\"\n");
    repo.project("a", "[\"six\"]", &format!("{system}{tables}"));
    let contents = contents(&repo);
    contents.manifests.get(&"a/pyproject.toml".parse().unwrap()).cloned()
}

const BACKENDS: [(&str, &str); 6] = [
    ("hatchling.build hatchling", "[tool.hatch.build.targets.wheel]\npackages = [\"src/a\"]\n"),
    ("flit_core.buildapi flit_core>=3.4", "[tool.flit.module]\nname = \"b\"\n"),
    ("uv_build uv_build>=0.9", "[tool.uv.build-backend]\nmodule-root = \"\"\n"),
    (
        "poetry.core.masonry.api poetry-core",
        "[tool.poetry]\npackages = [{ include = \"a\", from = \".\" }]\n",
    ),
    ("pdm.backend pdm-backend", "[tool.pdm.build]\nincludes = [\"a\"]\n"),
    ("setuptools.build_meta setuptools", "[tool.setuptools.packages.find]\nwhere = [\".\"]\n"),
];

#[test]
fn what_no_backend_reads_of_a_manifest_does_not_count() {
    let unread =
        "[dependency-groups]\ndev = [\"pytest\"]\n[tool.ruff]\nline-length = 100\n# said\n";
    for (backend, table) in BACKENDS {
        let plain = manifest(backend, "");
        assert!(plain.is_some(), "{backend}");
        assert_eq!(manifest(backend, unread), plain, "{backend}");
        let told = manifest(backend, table);
        assert!(told.is_some() && told != plain, "{backend}");
        assert_eq!(manifest(backend, &format!("{table}{unread}")), told, "{backend}");
        let scripts = manifest(backend, "[project.scripts]\na = \"a:main\"\n");
        assert!(scripts.is_some() && scripts != plain, "{backend}");
    }
    let poetry = "poetry.core.masonry.api poetry-core";
    let group = "[tool.poetry.group.dev.dependencies]\npytest = \"*\"\n";
    let named = "[tool.poetry]\npackages = [{ include = \"b\" }]\n";
    assert_eq!(manifest(poetry, &format!("{named}{group}")), manifest(poetry, named));
}

#[test]
fn a_manifest_that_may_be_in_what_is_built_counts_as_it_is() {
    for (backend, tables) in [
        ("hatchling.build hatchling", "[tool.hatch.build.targets.wheel]\npackages = [\".\"]\n"),
        ("hatchling.build hatchling", "[tool.hatch.build.targets.wheel]\ninclude = [\"*.toml\"]\n"),
        (
            "hatchling.build hatchling",
            "[tool.hatch.build.targets.wheel.force-include]\n\"pyproject.toml\" = \"a/p.toml\"\n",
        ),
        ("hatchling.build hatchling<1.20", ""),
        ("poetry.core.masonry.api poetry-core", "[tool.poetry]\ninclude = [\"*\"]\n"),
        ("setuptools.build_meta setuptools", "[tool.setuptools]\npackage-dir = { a = \".\" }\n"),
        ("flit_core.buildapi flit_core", "[tool.flit.external-data]\ndirectory = \".\"\n"),
        ("uv_build uv_build", "[tool.uv.build-backend.data]\ndata = \".\"\n"),
        // What can run code of the project's own can read anything.
        ("own own", ""),
    ] {
        assert_eq!(manifest(backend, tables), None, "{backend} {tables}");
    }
}

#[test]
fn locks_are_never_sent_and_files_are_by_their_kind() {
    let repo = Repo::workspace("[\"a\"]");
    repo.project("a", "[]", "").file("a/uv.lock", "").file("a/run", "").file(".gitignore", "x\n");
    repo.file("a/x", "").run("ln", &["-s", "run", "a/link"]);
    repo.run("chmod", &["+x", "a/run"]);
    let first = repo.committed();
    let found = contents(&repo);
    assert_eq!(found, at(&repo, &first));
    let kinds: Vec<_> = found
        .files
        .iter()
        .map(|(file, id)| format!("{file}: {}", id.0.split(' ').next().unwrap()))
        .collect();
    // A lock that is left over in a member pins nothing, and is a file like others.
    let expected =
        ["a/link: link", "a/pyproject.toml: file", "a/run: executable", "a/uv.lock: file"];
    assert_eq!(kinds, expected);
}

#[test]
fn a_submodule_is_the_commit_that_is_checked_out_and_what_is_changed_in_it() {
    let other = Repo::new();
    other.file("code.py", "ONE = 1\n");
    other.committed();
    let repo = Repo::workspace("[\"a\"]");
    repo.project("a", "[]", "").tracked();
    let url = format!("file://{}", other.top());
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "a/sub"]);
    repo.committed();
    let sub = |contents: &Contents| contents.submodules[&"a/sub".parse().unwrap()].0.clone();
    let clean = sub(&contents(&repo));
    assert_eq!(clean, other.git(&["rev-parse", "HEAD"]).trim());
    assert_eq!(sub(&at(&repo, "HEAD")), clean);
    assert!(!contents(&repo).files.keys().any(|file| file.as_str().starts_with("a/sub")));

    repo.file("a/sub/code.py", "ONE = 2\n");
    let changed = sub(&contents(&repo));
    assert_ne!(changed, clean);
    repo.file("a/sub/code.py", "ONE = 3\n");
    assert_ne!(sub(&contents(&repo)), changed);
    repo.file("a/sub/code.py", "ONE = 1\n");
    assert_eq!(sub(&contents(&repo)), clean);

    // Where it is not checked out, what git has for it counts.
    repo.git(&["submodule", "--quiet", "deinit", "--force", "a/sub"]);
    fs::read_dir(repo.top().join("a/sub")).unwrap();
    assert_eq!(sub(&contents(&repo)), clean);
}
