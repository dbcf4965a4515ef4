//! Further files, versions and members that the configuration names.

use insta::assert_snapshot;
use pymono_names::TreePath;
use pymono_workspace::{GitVersion, Kind};

use crate::repo::Repo;

/// A service and a library, with code that git ignores.
fn repo(include: &str) -> Repo {
    let repo = Repo::workspace("[\"*/*\"]");
    repo.project("services/api", "[]", &format!("[tool.pymono]\nport = 1\n{include}"));
    repo.project("libs/core", "[]", "");
    repo.file(".gitignore", "gen/\n*.secret\n__pycache__/\n");
    repo.file("services/api/gen/a.py", "").file("services/api/gen/deep/b.py", "");
    repo.file("services/api/gen/__pycache__/a.pyc", "");
    repo.file("services/api/templates/x.html", "").file("config/prod.yaml", "");
    repo.tracked();
    repo
}

fn included(include: &str) -> String {
    let further = repo(include).get("services/api").further;
    let files = further.included.iter().map(|(file, place)| {
        let ignored = if further.ignored.contains(file) { " (ignored)" } else { "" };
        format!("{file} -> {place}{ignored}")
    });
    files.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_included_keeps_its_place_or_gets_one() {
    assert_snapshot!(included("include = [\"gen\", \"templates/*.html\", \"../../config/prod.yaml\"]"), @r"
    config/prod.yaml -> config/prod.yaml
    services/api/gen/a.py -> gen/a.py (ignored)
    services/api/gen/deep/b.py -> gen/deep/b.py (ignored)
    services/api/templates/x.html -> templates/x.html
    ");
    let places = "include = [{ from = \"gen/**/*.py\", to = \"lib\" }, { from = \"../../config\", to = \"/etc/api/\" }, { from = \"templates/x.html\", to = \"index.html\" }]";
    assert_snapshot!(included(places), @r"
    config/prod.yaml -> /etc/api/prod.yaml
    services/api/gen/a.py -> lib/a.py (ignored)
    services/api/gen/deep/b.py -> lib/deep/b.py (ignored)
    services/api/templates/x.html -> index.html
    ");
    assert_snapshot!(included("include = [\"gen/*.py\"]"), @"services/api/gen/a.py -> gen/a.py (ignored)");
}

#[test]
fn what_is_included_is_sent_by_name_and_nothing_else_that_is_ignored() {
    let repo = repo("include = [\"gen/deep\"]");
    let scan = repo.try_scan().unwrap();
    let file = "services/api/gen/deep/b.py".parse().unwrap();
    assert_eq!(scan.workspace.unsent.kept, [file]);
    assert!(scan.tree.has(&scan.workspace.unsent.kept[0]));
    assert!(!scan.tree.has(&"services/api/gen/a.py".parse().unwrap()));
    let identities = scan.tree.identities(&scan.workspace.unsent.kept).unwrap();
    assert_eq!(identities.len(), 1);
}

#[test]
fn what_is_not_there_is_warned_of_and_told() {
    let repo = repo("include = [\"made/x.py\"]");
    assert_eq!(repo.get("services/api").further.missing, ["services/api/made/x.py"]);
    assert_eq!(
        repo.warnings(),
        ["`include` of `services/api` has `services/api/made/x.py`, which is not there"]
    );
    let commit = repo.committed();
    let scan = repo.at(&commit).unwrap();
    assert!(scan.warnings.is_empty(), "{:?}", scan.warnings);
}

#[test]
fn a_revision_has_none_of_what_git_ignores() {
    let repo = repo("include = [\"gen\", \"templates\"]");
    let commit = repo.committed();
    let scan = repo.at(&commit).unwrap();
    let further = &scan.workspace.projects[&"services/api".parse().unwrap()].further;
    assert_eq!(further.included.len(), 1);
    assert!(further.ignored.is_empty() && further.missing.is_empty());
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_tree() {
    let repo = repo("include = [\"gen\"]");
    let elsewhere = Repo::new();
    elsewhere.file("x", "");
    let link = repo.root.join("services/api/gen/out");
    std::os::unix::fs::symlink(&elsewhere.root, &link).unwrap();
    let further = repo.get("services/api").further;
    let linked = |file: &&TreePath| file.as_str().contains("/out");
    let linked: Vec<_> = further.included.keys().filter(linked).map(TreePath::as_str).collect();
    assert_eq!(linked, ["services/api/gen/out"]);
    std::fs::rename(repo.root.join("services/api/gen"), elsewhere.root.join("gen")).unwrap();
    std::os::unix::fs::symlink(elsewhere.root.join("gen"), repo.root.join("services/api/gen"))
        .unwrap();
    let further = repo.get("services/api").further;
    let files: Vec<_> = further.included.keys().map(TreePath::as_str).collect();
    assert_eq!(files, ["services/api/gen"]);
}

#[test]
fn what_the_repository_includes_is_for_its_services() {
    let repo = repo("");
    repo.file("pymono.toml", "include = [\"config\"]\ninputs = [\"config/*.yaml\"]");
    let of = |path: &str| repo.get(path).further;
    assert_eq!(of("services/api").included.len(), 1);
    assert_eq!(of("services/api").inputs.len(), 1);
    assert_eq!(of("libs/core"), pymono_workspace::Further::default());
}

#[test]
fn a_library_includes_what_lies_in_its_folder_only() {
    let repo = repo("");
    repo.project("libs/core", "[]", "[tool.pymono]\ninclude = [\"gen\"]");
    repo.file("libs/core/gen/x.py", "");
    let library = repo.get("libs/core");
    assert_eq!((library.kind, library.further.included.len()), (Kind::Library, 1));
    repo.project("libs/core", "[]", "[tool.pymono]\ninclude = [\"../../config\"]");
    assert_snapshot!(repo.error(), @r"
    `libs/core/pyproject.toml`, line 6, key `tool.pymono.include`: `libs/core` is a library, and `config/prod.yaml` does not lie in its folder
    hint: include it in the services that need it
    ");
}

#[test]
fn a_version_is_a_projects_own_or_the_one_that_the_repository_gives_it() {
    let repo = repo("");
    let version = |path: &str| repo.get(path).settings.version;
    repo.file("pymono.toml", "version = \"1.0\"");
    assert_eq!(version("services/api").as_deref(), Some("1.0"));
    repo.project("libs/core", "[]", "[tool.pymono]\nversion = \"2.0\"");
    assert_eq!(version("libs/core").as_deref(), Some("2.0"));
    repo.file("pymono.toml", "version = { api = \"3.0\", \"libs/core\" = \"4.0\", none = \"1\" }");
    assert_eq!(version("services/api").as_deref(), Some("3.0"));
    assert_eq!(version("libs/core").as_deref(), Some("2.0"));
    assert_eq!(repo.warnings(), ["`version` has `none`, which is no project"]);
    repo.project("libs/core", "[]", "[tool.pymono]\nversion = { core = \"2.0\" }");
    assert_snapshot!(repo.error(), @r#"
    `libs/core/pyproject.toml`, line 6, key `tool.pymono.version`: invalid type: map, expected a string
    hint: `version` is a version in quotes, such as `"1.4.0"`; for the whole repository also a table of them, by project
    "#);
}

#[test]
fn a_build_asks_git_only_where_the_version_is_left_to_it() {
    let repo = Repo::workspace("[\"a\"]");
    let asks = |project: &str, requires: &str, more: &str| {
        let manifest = format!(
            "[project]\nname = \"a\"\n{project}\n[build-system]\nrequires = {requires}\n{more}"
        );
        repo.file("a/pyproject.toml", &manifest);
        let version = repo.get("a").build.unwrap().version_from_git;
        version.map(|GitVersion { tool, has_fallback }| (tool, has_fallback))
    };
    let dynamic = "dynamic = [\"version\"]";
    let some = |tool: &str, fallback| Some((tool.to_owned(), fallback));
    assert_eq!(asks(dynamic, "[\"setuptools-scm[toml]>=8\"]", ""), some("setuptools-scm", false));
    assert_eq!(asks("version = \"1\"", "[\"setuptools-scm\"]", ""), None);
    let scm = "[tool.setuptools_scm]\nfallback_version = \"0\"";
    assert_eq!(asks(dynamic, "[\"setuptools-scm\"]", scm), some("setuptools-scm", true));
    let vcs = "[tool.hatch.version]\nsource = \"vcs\"";
    assert_eq!(asks(dynamic, "[\"hatchling\", \"hatch-vcs\"]", vcs), some("hatch-vcs", false));
    let file = "[tool.hatch.version]\nsource = \"regex\"\npath = \"a.py\"";
    assert_eq!(asks(dynamic, "[\"hatchling\", \"hatch-vcs\"]", file), None);
    let fallback = format!("{vcs}\nfallback-version = \"0\"");
    assert_eq!(asks(dynamic, "[\"hatch-vcs\"]", &fallback), some("hatch-vcs", true));
    let pdm = "[tool.pdm.version]\nsource = \"scm\"";
    assert_eq!(asks(dynamic, "[\"pdm-backend\"]", pdm), some("pdm-backend", false));
    assert_eq!(asks(dynamic, "[\"pdm-backend\"]", ""), None);
    let off = "[tool.poetry-dynamic-versioning]\nenable = false";
    assert_eq!(asks(dynamic, "[\"poetry-dynamic-versioning\"]", off), None);
}

#[test]
fn where_members_are_named_others_are_there_only_where_something_needs_them() {
    let repo = Repo::workspace("[\"*/*\"]\n[tool.uv.sources]\ncore = { workspace = true }");
    repo.project("services/api", "[\"core\"]", "").project("libs/core", "[]", "");
    repo.project("tools/lint", "[]", "").project("services/api/sub", "[]", "");
    repo.file("pymono.toml", "members = [\"services/*\", \"apps/*\"]");
    assert_eq!(repo.paths(), ["libs/core", "services/api"]);
    assert_eq!(repo.get("libs/core").why, ["`members` does not name it"]);
    assert_eq!(repo.warnings(), ["`members` has `apps/*`, where no project is"]);
    repo.file("pymono.toml", "members = [\"**\"]\nexclude = [\"tools\"]");
    assert_eq!(repo.paths(), ["libs/core", "services/api", "services/api/sub"]);
}
