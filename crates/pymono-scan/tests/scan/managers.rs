//! Projects of every manager: which there are, what locks them, and what they need.

use pymono_names::TreePath;
use pymono_workspace::{Kind, Manager, Project};

use crate::repo::Repo;

const POETRY: &str =
    "[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n";

/// Returns the folder, name, manager and lock of every project, a line each.
fn listed(repo: &Repo) -> String {
    let line = |project: Project| {
        let lock = project.lock.map_or("-".to_owned(), |lock| lock.to_string());
        let manager = project.manager.map_or("-", Manager::as_str);
        format!("{}: {} {manager} {lock}\n", project.path, project.name)
    };
    repo.scan().projects.into_values().map(line).collect()
}

fn needs(repo: &Repo, path: &str) -> Vec<String> {
    repo.get(path).needs.iter().map(ToString::to_string).collect()
}

fn poetry(name: &str, dependencies: &str) -> String {
    format!(
        "[tool.poetry]\nname = \"{name}\"\n[tool.poetry.dependencies]\npython = \"^3.11\"\n{dependencies}\n{POETRY}"
    )
}

#[test]
fn every_kind_of_manifest_makes_a_project() {
    let repo = Repo::new();
    repo.file("a-poetry/pyproject.toml", &poetry("of-poetry", "")).file("a-poetry/poetry.lock", "");
    repo.project("b-pdm", "[]", "[tool.pdm]").file("b-pdm/pdm.lock", "");
    repo.file("c-pipenv/Pipfile", "[packages]").file("c-pipenv/Pipfile.lock", "{}");
    repo.file("d-pip/requirements.txt", "flask").file("d-pip/app.py", "");
    repo.project(
        "e-hatch",
        "[]",
        "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"",
    );
    repo.project(
        "f-flit",
        "[]",
        "[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"",
    );
    repo.file("g-setup/setup.py", "from setuptools import setup\nsetup(name='Of_Setup')");
    repo.file("h-cfg/setup.cfg", "[metadata]\nname = of-cfg\n");
    repo.project("i-bare", "[]", "")
        .project("j-locked", "[]", "[tool.uv]")
        .file("j-locked/pylock.toml", "");
    repo.project(
        "k-maturin",
        "[]",
        "[build-system]\nrequires = [\"maturin\"]\nbuild-backend = \"maturin\"",
    );
    insta::assert_snapshot!(listed(&repo), @r"
    a-poetry: of-poetry poetry a-poetry/poetry.lock
    b-pdm: b-pdm pdm b-pdm/pdm.lock
    c-pipenv: c-pipenv pipenv c-pipenv/Pipfile.lock
    d-pip: d-pip pip d-pip/requirements.txt
    e-hatch: e-hatch hatch -
    f-flit: f-flit flit -
    g-setup: of-setup setuptools -
    h-cfg: of-cfg setuptools -
    i-bare: i-bare uv -
    j-locked: j-locked uv j-locked/pylock.toml
    k-maturin: k-maturin maturin -
    ");
}

#[test]
fn what_configures_tools_or_documents_or_is_another_s_is_no_project() {
    let repo = Repo::new();
    repo.file("pyproject.toml", "[tool.ruff]\n[tool.poetry.group.dev.dependencies]\nruff = \"*\"");
    repo.file("setup.cfg", "[flake8]\nmax-line-length = 100");
    repo.file("dev-requirements.txt", "ruff").file("requirements-dev.txt", "pytest");
    repo.file("docs/requirements.txt", "sphinx").file("docs/index.md", "");
    repo.project("vendor/six", "[]", "").project("web/node_modules/gyp", "[]", "");
    repo.project(".github/actions/people", "[]", "");
    repo.file("{{cookiecutter.name}}/pyproject.toml", "[project]\nname = \"x\"");
    repo.file("template/pyproject.toml", "[project]\nname = \"{{ name }}\"");
    repo.file("services/_template/pyproject.toml", "[project]\nname = \"__NAME__\"");
    repo.file("tests/data/torn/pyproject.toml", "[project");
    assert_eq!(repo.paths(), [""; 0]);
    let nothing = "there is no Python project in the tree";
    let warnings = repo.warnings();
    assert!(matches!(&warnings[..], [only] if only.starts_with(nothing)), "{warnings:?}");
}

#[test]
fn a_manifest_that_cannot_be_read_is_an_error_where_a_lock_lies_beside_it() {
    let repo = Repo::new();
    repo.project("fine", "[]", "").file("torn/pyproject.toml", "[project");
    assert_eq!(repo.paths(), ["fine"]);
    assert!(repo.warnings()[0].starts_with("`torn` is left out: "), "{:?}", repo.warnings());
    let error = repo.file("torn/poetry.lock", "").error();
    assert!(error.starts_with("`torn/pyproject.toml`, line 1"), "{error}");
}

#[test]
fn of_several_manifests_the_locked_one_counts_then_the_standard_one() {
    let repo = Repo::new();
    repo.project("a", "[]", "[tool.poetry]").file("a/Pipfile", "[packages]\n");
    repo.file("a/requirements.txt", "x").file("a/setup.py", "setup(name='other')");
    insta::assert_snapshot!(listed(&repo), @"a: a poetry a/requirements.txt");
    repo.file("a/Pipfile.lock", "{}");
    insta::assert_snapshot!(listed(&repo), @"a: a pipenv a/Pipfile.lock");
    repo.file("a/poetry.lock", "").file("a/pdm.lock", "");
    insta::assert_snapshot!(listed(&repo), @"a: a poetry a/poetry.lock");
    repo.file("b/requirements.txt", "x").file("b/setup.py", "setup(name='named')");
    assert_eq!(repo.get("b").name.as_ref(), "named");
}

#[test]
fn a_module_that_is_called_setup_makes_no_project_of_its_folder() {
    let repo = Repo::new();
    repo.project("shop", "[]", "").file("shop/shop/app.py", "");
    repo.file("shop/shop/steps/setup.py", "from . import tables\n\n\ndef setup(app):\n    ...\n");
    assert_eq!(repo.paths(), ["shop"]);
}

#[test]
fn production_requirements_are_found_and_those_for_development_are_not() {
    let repo = Repo::new();
    let lock = || repo.get("a").lock.map(|lock| lock.to_string());
    repo.file("a/app.py", "").file("a/requirements/dev.txt", "-r base.txt");
    assert_eq!(repo.paths(), [""; 0]);
    for (file, best) in [
        ("requirements-prod.txt", "requirements-prod.txt"),
        ("requirements/base.txt", "requirements/base.txt"),
        ("requirements/prod.txt", "requirements/prod.txt"),
        ("requirements.txt", "requirements.txt"),
        ("requirements-test.txt", "requirements.txt"),
    ] {
        repo.file(&format!("a/{file}"), "x");
        assert_eq!(lock(), Some(format!("a/{best}")));
    }
}

#[test]
fn folders_are_edges_in_the_words_of_every_tool() {
    let repo = Repo::new();
    for name in ["core", "base"] {
        repo.project(&format!("libs/{name}"), "[]", "");
    }
    repo.file(
        "svc/poetry/pyproject.toml",
        &poetry("p", "core = { path = \"../../libs/core\", develop = true }\n[tool.poetry.group.dev.dependencies]\nbase = { path = \"../../libs/base\" }"),
    );
    repo.project("svc/pdm", "[\"core @ file:///${PROJECT_ROOT}/../../libs/core\"]", "[tool.pdm.dev-dependencies]\nlocal = [\"-e file:///${PROJECT_ROOT}/../../libs/base#egg=base\"]");
    repo.file("svc/pipenv/Pipfile", "[packages]\ncore = { path = \"../../libs/core\", editable = true }\n[dev-packages]\nbase = { path = \"../../libs/base\" }");
    repo.file("svc/pip/requirements.txt", "-r more.txt\n-e ../../libs/core[x]\n")
        .file("svc/pip/app.py", "");
    repo.file("svc/pip/more.txt", "./../../libs/base\n./x-1.0-py3-none-any.whl\n");
    repo.file(
        "svc/setup/setup.cfg",
        "[metadata]\nname = s\n[options]\ninstall_requires =\n    core @ file:../../libs/core\n",
    );
    assert_eq!(needs(&repo, "svc/poetry"), ["libs/core"]);
    // PDM takes what is editable in groups for development only.
    assert_eq!(needs(&repo, "svc/pdm"), ["libs/base", "libs/core"]);
    assert_eq!(needs(&repo, "svc/pipenv"), ["libs/core"]);
    assert_eq!(needs(&repo, "svc/pip"), ["libs/base", "libs/core"]);
    assert_eq!(needs(&repo, "svc/setup"), ["libs/core"]);
}

#[test]
fn a_plain_range_of_poetry_s_is_met_from_the_folder_that_a_group_names() {
    let repo = Repo::new();
    let dev = "[tool.poetry.group.dev.dependencies]\nshop-core = { path = \"../core\", develop = true }\nbase = { path = \"../base\" }\n";
    repo.file("a/pyproject.toml", &poetry("a", &format!("shop_core = \"*\"\n{dev}")));
    let own = "shop_core = { version = \"*\", source = \"shop\" }\n";
    repo.file("b/pyproject.toml", &poetry("b", &format!("{own}{dev}")));
    repo.file("core/pyproject.toml", &poetry("shop-core", "")).file("core/shop_core/db.py", "");
    repo.file("base/pyproject.toml", &poetry("base", "")).file("base/base/db.py", "");
    assert_eq!(needs(&repo, "a"), ["core"]);
    assert!(needs(&repo, "b").is_empty());
}

#[test]
fn a_group_that_is_selected_brings_its_folders_with_those_it_includes() {
    let repo = Repo::new();
    repo.project("core", "[]", "");
    let groups = "[tool.poetry.group.run]\ninclude-groups = [\"inner\"]\n[tool.poetry.group.inner.dependencies]\ncore = { path = \"../core\" }\n";
    repo.file("a/pyproject.toml", &poetry("a", groups));
    assert_eq!(needs(&repo, "a"), [""; 0]);
    let selected = format!("{}[tool.pymono]\ngroups = [\"run\"]\n", poetry("a", groups));
    assert_eq!(needs(repo.file("a/pyproject.toml", &selected), "a"), ["core"]);
}

#[test]
fn a_name_alone_is_no_edge_even_if_a_local_project_bears_it() {
    let repo = Repo::new();
    repo.project("core", "[]", "");
    repo.file("a/pyproject.toml", &poetry("a", "core = \"^1\""));
    repo.file("b/requirements.txt", "core==1.0").file("b/app.py", "");
    repo.file("c/Pipfile", "[packages]\ncore = \"*\"");
    for path in ["a", "b", "c"] {
        assert_eq!(needs(&repo, path), [""; 0], "{path}");
    }
}

#[test]
fn what_is_required_where_nothing_is_gets_a_warning() {
    let repo = Repo::new();
    repo.file("a/requirements.txt", "-e .\n-e ../gone\n").file("a/app.py", "");
    assert_eq!(
        repo.warnings(),
        ["`a/requirements.txt` requires `../gone`, where there is no project"]
    );
}

#[test]
fn a_root_that_gathers_projects_in_groups_is_no_user_of_them() {
    let repo = Repo::new();
    let groups = "[tool.pdm.dev-dependencies]\napp = [\"-e ./workspaces/app\"]\nlib = [\"-e ./workspaces/lib\"]";
    repo.project(".", "[]", groups);
    repo.project("workspaces/app", "[]", "[tool.pdm.dev-dependencies]\nlib = [\"-e ../lib\"]");
    repo.project("workspaces/lib", "[]", "");
    assert_eq!(needs(&repo, "."), [""; 0]);
    assert_eq!(needs(&repo, "workspaces/app"), ["workspaces/lib"]);
}

#[test]
fn bricks_are_part_of_the_project_that_maps_them() {
    let repo = Repo::new();
    for brick in ["bases/ns/api", "components/ns/log"] {
        repo.file(&format!("{brick}/__init__.py"), "");
    }
    repo.file("bases/ns/api/core.py", "from fastapi import FastAPI\n\napp = FastAPI()\n");
    let system = "[build-system]\nrequires = [\"hatchling\", \"hatch-polylith-bricks\"]\nbuild-backend = \"hatchling.build\"\n[tool.hatch.build.hooks.polylith-bricks]\n";
    let bricks = "[tool.polylith.bricks]\n\"../../bases/ns/api\" = \"ns/api\"\n\"../../components/ns/log\" = \"ns/log\"\n\"../../gone\" = \"ns/gone\"\n";
    repo.project("projects/web", "[\"fastapi\", \"uvicorn\"]", &format!("{system}{bricks}"));
    repo.project(
        "projects/job",
        "[]",
        "[tool.hatch.build.force-include]\n\"../../components/ns/log\" = \"ns/log\"",
    );
    let web = repo.get("projects/web");
    let taken: Vec<&str> = web.bricks.iter().map(TreePath::as_str).collect();
    assert_eq!(taken, ["bases/ns/api", "components/ns/log"]);
    let sources: Vec<&str> = web.sources.iter().map(TreePath::as_str).collect();
    assert_eq!(sources, ["bases/ns/api", "components/ns/log", "projects/web"]);
    assert_eq!(web.launch.command.unwrap()[..2], ["uvicorn", "ns.api.core:app"]);
    assert_eq!(web.build.unwrap().kind, pymono_workspace::BuildKind::Pure);
    assert_eq!(repo.get("projects/job").bricks.len(), 1);
    assert_eq!(repo.get("projects/job").kind, Kind::Library);

    // Nothing in it is known to be started, but in Polylith a base is what is deployed.
    repo.project("projects/queue", "[]", &format!("{system}{bricks}"))
        .file("bases/ns/api/core.py", "def run(): ...\n");
    let queue = repo.get("projects/queue");
    assert_eq!(queue.kind, Kind::Service);
    assert_eq!(queue.why[0], "takes in the base bases/ns/api");
}

#[test]
fn what_poetry_cannot_package_is_not_built() {
    let repo = Repo::new();
    repo.file("a/pyproject.toml", &poetry("an-app", "")).file("a/main.py", "");
    assert_eq!(repo.get("a").build, None);
    assert!(repo.file("a/src/an_app/__init__.py", "").get("a").build.is_some());
    let off =
        poetry("an-app", "").replace("[tool.poetry]\n", "[tool.poetry]\npackage-mode = false\n");
    assert_eq!(repo.file("a/pyproject.toml", &off).get("a").build, None);
}

#[test]
fn ranges_of_poetry_and_pipenv_choose_the_python() {
    let repo = Repo::new();
    repo.file("a/pyproject.toml", &poetry("a", "").replace("^3.11", "~3.12"));
    repo.file("b/Pipfile", "[requires]\npython_version = \"3.11\"");
    assert_eq!(repo.get("a").python.to_string(), "3.12");
    assert_eq!(repo.get("b").python.to_string(), "3.11");
}
