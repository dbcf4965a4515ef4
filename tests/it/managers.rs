//! A service of every manager, each locked by its own tool, and one that nothing locks.

use camino::Utf8PathBuf;
use pymono_tests::{
    Repo, Site, Tool,
    projects::built_by,
    tools::{PDM, PIPENV, POETRY, default_index},
    uv::uv,
};

/// A library that other managers' services need, which has a dependency of its own.
fn write_library(repo: &Repo, name: &str, system: &str) {
    let manifest = built_by(system, name, "dependencies = [\"idna\"]\n");
    repo.write(&format!("libs/{name}/pyproject.toml"), &manifest);
    let text = format!(
        "# {}\nimport idna\n\nNAME = idna.encode(\"{name}.example\").decode()\n",
        repo.unique()
    );
    repo.write(&format!("libs/{name}/src/{name}/__init__.py"), &text);
}

/// Writes a service's files: its manifest, and the program that tells what it can import.
fn write_service(repo: &Repo, name: &str, library: &str, files: &[(&str, &str)]) -> Utf8PathBuf {
    let program = format!(
        "import {library}\nimport six\n\nif __name__ == \"__main__\":\n    print(\"{name}\", {library}.NAME, six.__name__)\n"
    );
    repo.write(&format!("services/{name}/main.py"), &program);
    for (file, text) in files {
        repo.write(&format!("services/{name}/{file}"), text);
    }
    repo.root().join("services").join(name)
}

const SETUPTOOLS: &str =
    "requires = [\"setuptools>=61\"]\nbuild-backend = \"setuptools.build_meta\"";
const POETRY_CORE: &str =
    "requires = [\"poetry-core>=2\"]\nbuild-backend = \"poetry.core.masonry.api\"";
const PDM_BACKEND: &str = "requires = [\"pdm-backend\"]\nbuild-backend = \"pdm.backend\"";

fn of_poetry(repo: &Repo) {
    let manifest = "[tool.poetry]\nname = \"of-poetry\"\nversion = \"1\"\npackage-mode = false\n\n\
                    [tool.poetry.dependencies]\npython = \">=3.11\"\nsix = \"^1.16\"\n\
                    poet = { path = \"../../libs/poet\", develop = true }\n\n\
                    [tool.poetry.group.dev.dependencies]\niniconfig = \"*\"\n\n";
    let source = "[[tool.poetry.source]]\nname = \"index\"\npriority = \"primary\"\n";
    let manifest = format!("{manifest}{source}url = \"{}\"\n", default_index());
    let folder = write_service(repo, "of-poetry", "poet", &[("pyproject.toml", &manifest)]);
    POETRY.read(&folder, &["lock", "--no-interaction"]);
}

fn of_pdm(repo: &Repo) {
    let manifest = "[project]\nname = \"of-pdm\"\nversion = \"1\"\nrequires-python = \">=3.11\"\n\
                    dependencies = [\"six\", \"pedem @ file:///${PROJECT_ROOT}/../../libs/pedem\"]\n\n\
                    [tool.pdm]\ndistribution = false\n";
    let folder = write_service(repo, "of-pdm", "pedem", &[("pyproject.toml", manifest)]);
    PDM.read(&folder, &["lock"]);
}

fn of_pipenv(repo: &Repo) {
    let manifest = format!(
        "[[source]]\nurl = \"{}\"\nverify_ssl = true\nname = \"index\"\n\n[packages]\nsix = \"*\"\n\
         core = {{ path = \"../../libs/core\", editable = true }}\n\n[dev-packages]\niniconfig = \"*\"\n",
        default_index()
    );
    let folder = write_service(repo, "of-pipenv", "core", &[("Pipfile", &manifest)]);
    PIPENV.read(&folder, &["lock"]);
}

/// Lets uv write a lock of another form for a project that requires a library by its folder.
fn compiled(repo: &Repo, name: &str, output: &str, more: &[&str]) {
    let manifest = format!(
        "[project]\nname = \"{name}\"\nversion = \"1\"\nrequires-python = \">=3.11\"\n\
         dependencies = [\"six\"]\n"
    );
    let files = [("pyproject.toml", &*manifest), ("requirements.in", "six\n../../libs/core\n")];
    let folder = write_service(repo, name, "core", &files);
    let args = ["pip", "compile", "--quiet", "--universal", "--output-file", output];
    let uv = Tool::new(uv()).args(args).args(more).args(["requirements.in"]).cwd(&folder);
    uv.env("UV_PYTHON_DOWNLOADS", "never").env("UV_NO_CONFIG", "1").read();
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_service_of_every_manager_is_built_and_runs() {
    let repo = Repo::empty("managers");
    repo.write("pyproject.toml", &repo.settings());
    write_library(&repo, "core", SETUPTOOLS);
    write_library(&repo, "poet", POETRY_CORE);
    write_library(&repo, "pedem", PDM_BACKEND);
    of_poetry(&repo);
    of_pdm(&repo);
    of_pipenv(&repo);
    compiled(&repo, "of-pylock", "pylock.toml", &[]);
    let folder = "requirements/prod.txt";
    repo.write("services/of-hashes/requirements/dev.txt", "-r prod.txt\niniconfig\n");
    compiled(&repo, "of-hashes", folder, &["--emit-index-url", "--generate-hashes"]);
    let lines = "six\n-e ../../libs/core\n";
    write_service(&repo, "of-lines", "core", &[("requirements.txt", lines)]);

    let site = Site::new(repo);
    let run = site.build(&["--all"]);
    let names = ["of-hashes", "of-lines", "of-pdm", "of-pipenv", "of-poetry", "of-pylock"];
    assert_eq!(run.outcomes(), names.map(|name| (name, "built")).into());
    for (name, library) in
        [("of-poetry", "poet"), ("of-pdm", "pedem"), ("of-pipenv", "core"), ("of-lines", "core")]
    {
        assert_eq!(site.answer(name), format!("{name} {library}.example six"));
    }
    for name in ["of-pylock", "of-hashes"] {
        assert_eq!(site.answer(name), format!("{name} core.example six"));
    }
    for name in names {
        let dev = site.docker.python(&site.repo.image(name), "import iniconfig");
        assert_ne!(dev.code, Some(0), "{name} has what only development needs");
    }
}
