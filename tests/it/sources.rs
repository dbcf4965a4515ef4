//! Where distributions come from, and what they are installed for.

use std::collections::BTreeMap;

use pymono_tests::{
    Repo, Site, Tool,
    projects::{BACKEND, hatchling, in_tree, sources},
    uv::uv,
};

/// Writes a service that needs `needs` and runs `program`; `rest` follows its `[tool.pymono]`.
fn write_service(repo: &Repo, name: &str, needs: &str, program: &str, rest: &str) {
    let rest = format!(
        "dependencies = [\"{needs}\"]\n\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n{rest}"
    );
    repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &rest));
    repo.write(&format!("services/{name}/src/{name}/__init__.py"), "");
    let text = format!("# {}\n{program}\n", repo.unique());
    repo.write(&format!("services/{name}/src/{name}/__main__.py"), &text);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_distribution_without_wheels_is_built_and_the_compiler_stays_behind() {
    let repo = Repo::new("sdist", "");
    let program = "import docopt\n\nprint(docopt.__version__)";
    write_service(&repo, "api", "docopt==0.6.2", program, "");
    repo.lock(&[]);
    let site = Site::new(repo);
    site.build(&["api"]);
    assert_eq!(site.answer("api"), "0.6.2");
    let compilers = "command -v cc gcc make ld uv; true";
    assert_eq!(site.docker.shell(&site.repo.image("api"), compilers), "");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_wheel_in_the_repository_is_installed_from_there() {
    let repo = Repo::new("wheel", "");
    let vendored = repo.outside().join("vendored");
    for (path, text) in [
        ("pyproject.toml", in_tree("vendored", "")),
        ("_build/backend.py", BACKEND.to_owned()),
        ("src/vendored.py", format!("WORD = \"{}\"\n", repo.unique())),
    ] {
        // Made beside the repository, as somebody else's.
        repo.write(&format!("../vendored/{path}"), &text);
    }
    let out = repo.root().join("wheels");
    let build = ["build", "--quiet", "--wheel", "--out-dir", out.as_str(), vendored.as_str()];
    Tool::new(uv()).args(build).env("UV_PYTHON_DOWNLOADS", "never").read();
    let source =
        "[tool.uv.sources]\nvendored = { path = \"../../wheels/vendored-1.0-py3-none-any.whl\" }\n";
    write_service(
        &repo,
        "api",
        "vendored",
        "import vendored\n\nprint(vendored.WORD)",
        &format!("\n{source}"),
    );
    repo.lock(&[]);
    let site = Site::new(repo);
    site.build(&["api"]);
    assert_eq!(site.answer("api"), site.repo.unique());
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn services_of_two_pythons_share_a_library() {
    let repo = Repo::new("pythons", "");
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    let text = format!("# {}\nimport sys\n\nPYTHON = sys.version_info[:2]\n", repo.unique());
    repo.write("libs/core/src/core/__init__.py", &text);
    for (name, python) in [("old", "3.11"), ("new", "3.13")] {
        let rest = format!("python = \"{python}\"\n\n{}", sources(&["core"]));
        write_service(&repo, name, "core", "import core\n\nprint(core.PYTHON)", &rest);
    }
    repo.lock(&[]);
    let site = Site::new(repo);
    let run = site.build(&["--all"]);
    assert_eq!(run.outcomes(), BTreeMap::from([("new", "built"), ("old", "built")]));
    let of_the_library = run.stages().into_iter().filter(|stage| stage.starts_with("pkg-core"));
    assert_eq!(of_the_library.count(), 2, "{:?}", run.stages());
    assert_eq!(site.answer("old"), "(3, 11)");
    assert_eq!(site.answer("new"), "(3, 13)");
}
