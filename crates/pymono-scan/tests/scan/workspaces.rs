//! Which projects there are, as uv sees them.

use insta::assert_snapshot;
use pymono_names::TreePath;
use pymono_workspace::{BuildKind, Project};

use crate::repo::Repo;

const HATCH: &str =
    "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"";

fn needs(project: &Project) -> Vec<&str> {
    project.needs.iter().map(TreePath::as_str).collect()
}

#[test]
fn a_star_is_one_folder_for_members_and_any_number_for_exclude() {
    let repo = Repo::workspace("[\"./packages/**\"]\nexclude = [\"packages/x*\"]");
    for path in ["packages/a", "packages/a/deep", "packages/xa", "packages/xa/deep"] {
        repo.project(path, "[]", "");
    }
    repo.file("packages/pyproject.toml", "[project]\nname = 'p'");
    assert_eq!(repo.locked(), ["packages/a", "packages/a/deep"]);
    let repo = Repo::workspace("[\"packages/*\", \"one\"]");
    for path in ["packages/a", "packages/a/deep", "one", "two"] {
        repo.project(path, "[]", "");
    }
    assert_eq!(repo.locked(), ["one", "packages/a"]);
    // The others are projects all the same, of their own.
    assert_eq!(repo.paths(), ["one", "packages/a", "packages/a/deep", "two"]);
}

#[test]
fn what_is_hidden_unmanaged_or_ignored_is_passed_by() {
    let repo = Repo::workspace("[\"packages/*\"]");
    repo.project("packages/a", "[]", "").project("packages/b", "[]", "[tool.uv]\nmanaged = false");
    repo.file("packages/.cache/x", "")
        .file("packages/gone/__pycache__/x.pyc", "")
        .file("packages/README.md", "");
    assert_eq!(repo.locked(), ["packages/a"]);
}

#[test]
fn a_member_without_a_manifest_is_an_error_as_it_is_for_uv() {
    let repo = Repo::workspace("[\n  \"packages/*\"]");
    assert_snapshot!(repo.file("packages/a/x.py", "").error(), @r#"
    workspace member `packages/a` has no `pyproject.toml`; `pyproject.toml`, line 3, key `tool.uv.workspace.members` has `packages/*`
    hint: add a `pyproject.toml` to `packages/a`, or exclude it: `exclude = ["packages/a"]` below `[tool.uv.workspace]`
    "#);
    assert_snapshot!(repo.file("packages/a/pyproject.toml", "[tool.ruff]").error(), @r"
    workspace member `packages/a` has no `[project]` in its `pyproject.toml`; `pyproject.toml`, line 3, key `tool.uv.workspace.members` has `packages/*`
    hint: add `[project]` with a `name` to `packages/a/pyproject.toml`, or exclude `packages/a`
    ");
    repo.project("packages/a", "[]", "[tool.uv.workspace]\nmembers = []");
    assert_snapshot!(repo.error(), @r"
    `packages/a/pyproject.toml`, line 5, key `tool.uv.workspace`: `.` is a workspace already, and workspaces cannot be nested
    hint: remove `[tool.uv.workspace]` from `packages/a/pyproject.toml`, or exclude it
    ");
}

#[test]
fn two_members_cannot_have_one_name() {
    let repo = Repo::workspace("[\"*/a\"]");
    repo.project("x/a", "[]", "").project("y/a", "[]", "");
    assert_snapshot!(repo.error(), @r"
    `x/a` and `y/a` are both named `a`, in one workspace
    hint: rename one of them
    ");
}

#[test]
fn a_root_with_a_project_is_a_member_and_its_files_are_its_own() {
    let repo = Repo::workspace("[\"libs/*\"]");
    repo.project(".", "[\"lib_a\"]", "[tool.uv.workspace]\nmembers = [\"libs/*\"]\n[tool.uv.sources]\nlib-a = { workspace = true }");
    repo.project("libs/lib-a", "[]", HATCH)
        .file("src/root/__init__.py", "")
        .file("libs/notes.md", "");
    let root = repo.get(".");
    assert_eq!(needs(&root), ["libs/lib-a"]);
    let sources: Vec<&str> = root.sources.iter().map(TreePath::as_str).collect();
    assert_eq!(sources, ["libs/notes.md", "pyproject.toml", "src"]);
    assert_eq!(root.lock.unwrap().as_str(), "uv.lock");
}

#[test]
fn path_sources_lead_to_further_projects_and_on_to_theirs() {
    let repo = Repo::workspace("[\"services/*\"]");
    repo.project("services/api", "[\"far >= 1\", \"wheel-only\"]", "[tool.uv.sources]\nfar = [{ path = \"../../elsewhere/far\", marker = \"sys_platform == 'linux'\" }]\nwheel-only = { path = \"x.whl\" }");
    repo.project(
        "elsewhere/far",
        "[\"further\"]",
        "[tool.uv.sources]\nfurther = { path = \"../further\", editable = true }",
    );
    repo.file("elsewhere/further/setup.py", "import setuptools");
    assert_eq!(repo.paths(), ["elsewhere/far", "elsewhere/further", "services/api"]);
    assert_eq!(needs(&repo.get("services/api")), ["elsewhere/far"]);
    let further = repo.get("elsewhere/further");
    assert_eq!((further.name.as_ref(), further.lock), ("further", None));
    assert_eq!(further.build.unwrap().kind, BuildKind::Native);
}

#[test]
fn the_sources_of_the_root_hold_for_members_unless_they_have_their_own() {
    let repo = Repo::workspace("[\"libs/*\"]\n[tool.uv.sources]\ncore = { workspace = true }");
    repo.project("libs/core", "[]", HATCH).project("libs/a", "[\"core\"]", HATCH);
    repo.project(
        "libs/b",
        "[\"core\"]",
        "[tool.uv.sources]\ncore = { index = \"x\", marker = \"sys_platform == 'win32'\" }",
    );
    assert_eq!(needs(&repo.get("libs/a")), ["libs/core"]);
    assert_eq!(needs(&repo.get("libs/b")), [""; 0]);
}

#[test]
fn a_source_that_leads_out_of_the_tree_is_an_error_where_an_image_needs_it() {
    let repo = Repo::workspace("[\"api\"]");
    let sources = "[tool.uv.sources]\nlib = { path = \"../../lib\" }";
    repo.project("api", "[\"lib\"]", sources);
    assert_snapshot!(repo.error(), @r"
    `api/pyproject.toml`, line 6, key `tool.uv.sources.lib`: `../../lib` lies outside of the repository
    hint: an image can only be built from what lies in the repository; scan a folder that holds both (`-C`)
    ");
    repo.project("api", "[]", &format!("[dependency-groups]\ndev = [\"lib\"]\n{sources}"));
    assert_eq!(
        repo.warnings(),
        [
            "`api/pyproject.toml`, line 8, key `tool.uv.sources.lib`: `../../lib` lies outside of the repository"
        ]
    );
}

#[test]
fn a_workspace_source_that_is_no_member_is_an_error() {
    let repo = Repo::workspace("[\"api\"]");
    repo.project("api", "[\"lib\"]", "[tool.uv.sources]\nlib = { workspace = true }");
    assert_snapshot!(repo.error(), @r"
    `api/pyproject.toml`, line 6, key `tool.uv.sources.lib`: no member of the workspace is named `lib`
    hint: add its folder to `members`, or remove the source
    ");
}

#[test]
fn locks_in_several_folders_are_several_workspaces() {
    let repo = Repo::new();
    for path in ["a", "b"] {
        repo.project(path, "[\"core\"]", "[tool.uv.sources]\ncore = { path = \"../core\" }");
        repo.file(&format!("{path}/uv.lock"), path);
    }
    repo.project("core", "[]", HATCH).file("orphan/uv.lock", "");
    let workspace = repo.scan();
    let locks: Vec<_> =
        workspace.locks.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(locks, [("a/uv.lock", "a"), ("b/uv.lock", "b")]);
    assert_eq!(repo.paths(), ["a", "b", "core"]);
    assert_eq!(
        repo.warnings(),
        ["`orphan/uv.lock` is not used: there is no `pyproject.toml` beside it"]
    );
}

#[test]
fn without_a_build_system_only_what_others_depend_on_is_built() {
    let repo = Repo::workspace(
        "[\"*\"]\n[tool.uv.sources]\nlib = { workspace = true }\nflat = { path = \"flat\", package = false }",
    );
    repo.project("app", "[\"lib\", \"flat\"]", "")
        .project("lib", "[]", "")
        .project("flat", "[]", "");
    repo.project("forced", "[]", "[tool.uv]\npackage = true").project(
        "never",
        "[]",
        &format!("{HATCH}\n[tool.uv]\npackage = false"),
    );
    let built: Vec<_> = repo
        .scan()
        .projects
        .into_values()
        .map(|project| (project.path.to_string(), project.build.map(|build| build.backend)))
        .collect();
    let legacy = || Some("setuptools.build_meta:__legacy__".to_owned());
    let expected =
        [("app", None), ("flat", None), ("forced", legacy()), ("lib", legacy()), ("never", None)];
    assert_eq!(built, expected.map(|(path, backend)| (path.to_owned(), backend)));
}

#[test]
fn a_build_that_may_run_foreign_code_is_not_pure() {
    let system = |requires: &str, backend: &str, more: &str| {
        format!("[build-system]\nrequires = {requires}\nbuild-backend = \"{backend}\"\n{more}")
    };
    let pure = [
        system("[\"hatchling>=1\"]", "hatchling.build", ""),
        system("[\"flit_core >=3\"]", "flit_core.buildapi", ""),
        system("[\"uv_build\"]", "uv_build", ""),
        system("[\"poetry-core\"]", "poetry.core.masonry.api", ""),
        system("[\"pdm-backend\"]", "pdm.backend", ""),
        system("[\"setuptools\", \"wheel\"]", "setuptools.build_meta", ""),
        system("[\"hatchling\", \"hatch-vcs\"]", "hatchling.build", ""),
        system("[\"setuptools\", \"setuptools-scm\"]", "setuptools.build_meta", ""),
    ];
    let native = [
        system(
            "[\"hatchling\"]",
            "hatchling.build",
            "[tool.hatch.build.targets.wheel.hooks.custom]",
        ),
        system("[\"hatchling\", \"hatch-fancy-pypi-readme\"]", "hatchling.build", ""),
        system(
            "[\"poetry-core\"]",
            "poetry.core.masonry.api",
            "[tool.poetry.build]\nscript = \"b.py\"",
        ),
        system("[\"pdm-backend\"]", "pdm.backend", "[tool.pdm.build]\nrun-setuptools = true"),
        system("[\"setuptools\", \"cython\"]", "setuptools.build_meta", ""),
        system("[\"setuptools\"]", "setuptools.build_meta", "[[tool.setuptools.ext-modules]]"),
        system("[\"setuptools\"]", "own", "backend-path = [\".\"]"),
        system("[\"scikit-build-core\"]", "scikit_build_core.build", ""),
    ];
    let rust = [
        system("[\"maturin>=1\"]", "maturin", ""),
        system("[\"setuptools\", \"setuptools-rust\"]", "setuptools.build_meta", ""),
    ];
    let repo = Repo::workspace("[\"a\"]");
    for (kind, systems) in
        [(BuildKind::Pure, &pure[..]), (BuildKind::Native, &native), (BuildKind::Rust, &rust)]
    {
        for text in systems {
            assert_eq!(repo.project("a", "[]", text).get("a").build.unwrap().kind, kind, "{text}");
        }
    }
    repo.project("a", "[]", &pure[5]).file("a/setup.py", "");
    assert_eq!(repo.get("a").build.unwrap().kind, BuildKind::Native);
}

#[test]
fn what_a_build_requires_are_requirements() {
    let repo = Repo::workspace("[\"a\"]");
    let error = |text: &str| {
        let system = format!("[build-system]\nrequires = [\n  \"hatchling\",\n  {text},\n]");
        repo.project("a", "[]", &system).error()
    };
    let errors = [
        "\"\"\"x\nRUN id\"\"\"",
        "\"x\\u001b\"",
        "\"x; rm -rf /\"",
        "\"--index-url=x\"",
        "\"\"",
        "\"x; ä\"",
    ];
    assert_snapshot!(errors.map(error).join("\n"), @r"
    `a/pyproject.toml`, line 8, key `build-system.requires`: `x\nRUN id` is no requirement: it has a control character
    hint: write a name and, where needed, its versions, such as `hatchling>=1.27`
    `a/pyproject.toml`, line 8, key `build-system.requires`: `x\u{1b}` is no requirement: it has a control character
    hint: write a name and, where needed, its versions, such as `hatchling>=1.27`
    `a/pyproject.toml`, line 8, key `build-system.requires`: `x; rm -rf /` is no requirement: Expected a quoted string or a valid marker name, found `rm`
    hint: write a name and, where needed, its versions, such as `hatchling>=1.27`
    `a/pyproject.toml`, line 8, key `build-system.requires`: `--index-url=x` is no requirement: `--index-url` is no name
    hint: write a name and, where needed, its versions, such as `hatchling>=1.27`
    `a/pyproject.toml`, line 8, key `build-system.requires`: `` is no requirement: a name is missing
    hint: write a name and, where needed, its versions, such as `hatchling>=1.27`
    `a/pyproject.toml`, line 8, key `build-system.requires`: `x; ä` is no requirement: it has letters that are not ASCII
    hint: write a name and, where needed, its versions, such as `hatchling>=1.27`
    ");
    let fine = [
        "setuptools >= 40.8.0",
        "x[y] ~= 1.0 ; python_version < '3.9'",
        "x @ https://e.org/x-1.zip",
    ];
    for text in fine {
        let system = format!("[build-system]\nrequires = [\"{text}\"]");
        assert_eq!(repo.project("a", "[]", &system).get("a").build.unwrap().requires, [text]);
    }
}

#[test]
fn the_names_of_what_production_requires_are_normalised() {
    let repo = Repo::workspace("[\"a\"]");
    let more = "[project.optional-dependencies]\nx = [\"extra\"]\n[dependency-groups]\ndev = [\"pytest\"]\n[tool.pymono]\nextras = [\"x\"]";
    repo.project(
        "a",
        "[\"Flask_Cors>=1\", \"b[c]; sys_platform == 'win32'\", \"d @ https://e.org/d.zip\"]",
        more,
    );
    let requirements = repo.get("a").requirements;
    let names: Vec<_> = requirements.iter().map(|declared| declared.name.as_ref()).collect();
    assert_eq!(names, ["b", "d", "flask-cors"]);
}

#[test]
fn a_broken_manifest_is_an_error_with_its_place() {
    let repo = Repo::workspace("[\"a\"]");
    assert_snapshot!(repo.file("a/pyproject.toml", "[project]\nname = \"a\"\ndependencies = [1]").error(), @r"
    `a/pyproject.toml`, line 3, key `project.dependencies`: invalid type: integer `1`, expected a string
    hint: correct the value of `project.dependencies` in `a/pyproject.toml`
    ");
    assert_snapshot!(repo.file("a/pyproject.toml", "[project]\nname = \"a").error(), @r#"
    `a/pyproject.toml`, line 2: invalid basic string, expected `"`
    hint: `a/pyproject.toml` is not TOML: look there, and on the line before, for a missing quote, bracket or `=`
    "#);
    assert_snapshot!(repo.file("a/pyproject.toml", "[project]\nname = \"a b\"").error(), @r#"
    `a/pyproject.toml`, line 2, key `project.name`: Not a valid package or extra name: "a b". Names must start and end with a letter or digit and may only contain -, _, ., and alphanumeric characters.
    hint: correct the value of `project.name` in `a/pyproject.toml`
    "#);
}

#[test]
fn a_project_without_a_lock_is_a_project_all_the_same() {
    let repo = Repo::new();
    assert_snapshot!(repo.file("README.md", "").warnings().join("\n"), @"there is no Python project in the tree: no `pyproject.toml`, `setup.py`, `Pipfile` or `requirements.txt` (one that git ignores does not count)");
    repo.project("a", "[]", "");
    assert_eq!((repo.warnings(), repo.get("a").lock), (vec![], None));
}

#[test]
fn a_member_is_pinned_by_its_workspace_even_if_a_lock_lies_beside_it() {
    let repo = Repo::workspace("[\"a\"]");
    repo.project("a", "[]", "").file("a/uv.lock", "stale");
    assert_eq!(repo.get("a").lock.unwrap().as_str(), "uv.lock");
    assert_eq!(
        repo.warnings(),
        ["`a/uv.lock` is not used: the workspace in `.` has it as a member"]
    );
}
