//! Projects whose version is taken from git are built where there is no git.

use pymono_tests::{Repo, Site};

/// A library that asks git in its own way, and the `[build-system]` by which it does.
const LIBRARIES: [(&str, &str); 6] = [
    (
        "by-hatch",
        "[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\nbuild-backend = \"hatchling.build\"\n\
         [tool.hatch.version]\nsource = \"vcs\"\nraw-options = { root = \"../..\" }\n[tool.hatch.build.hooks.vcs]\nversion-file = \"src/by_hatch/_version.py\"\n",
    ),
    (
        "by-setuptools",
        "[build-system]\nrequires = [\"setuptools>=77\", \"setuptools-scm>=8\"]\nbuild-backend = \"setuptools.build_meta\"\n\
         [tool.setuptools_scm]\nroot = \"../..\"\n",
    ),
    (
        "by-pdm",
        "[build-system]\nrequires = [\"pdm-backend\"]\nbuild-backend = \"pdm.backend\"\n[tool.pdm.version]\nsource = \"scm\"\n",
    ),
    (
        "by-versioningit",
        "[build-system]\nrequires = [\"hatchling\", \"versioningit\"]\nbuild-backend = \"hatchling.build\"\n\
         [tool.hatch.version]\nsource = \"versioningit\"\n",
    ),
    (
        "by-uv-dynamic",
        "[build-system]\nrequires = [\"hatchling\", \"uv-dynamic-versioning\"]\nbuild-backend = \"hatchling.build\"\n\
         [tool.hatch.version]\nsource = \"uv-dynamic-versioning\"\n",
    ),
    (
        "by-poetry",
        "[build-system]\nrequires = [\"poetry-core\", \"poetry-dynamic-versioning\"]\nbuild-backend = \"poetry_dynamic_versioning.backend\"\n\
         [tool.poetry]\nversion = \"0.0.0\"\npackages = [{ include = \"by_poetry\", from = \"src\" }]\n\
         [tool.poetry-dynamic-versioning]\nenable = true\n",
    ),
];

fn write_library(repo: &Repo, name: &str, system: &str) {
    let project = format!(
        "[project]\nname = \"{name}\"\nrequires-python = \">=3.11\"\ndynamic = [\"version\"]\n"
    );
    repo.write(&format!("libs/{name}/pyproject.toml"), &format!("{project}{system}"));
    let module = name.replace('-', "_");
    repo.write(&format!("libs/{name}/src/{module}/__init__.py"), &format!("# {}\n", repo.unique()));
}

/// Writes a service that prints the versions of the libraries that it depends on.
fn write_service(repo: &Repo, names: &[&str]) {
    let dependencies =
        names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let program = "from importlib.metadata import distributions as d; print(sorted((x.name, x.version) for x in d()))";
    let manifest = format!(
        "[project]\nname = \"api\"\nversion = \"1.0\"\nrequires-python = \">=3.11\"\ndependencies = [{dependencies}]\n\
         {}[tool.pymono]\ncommand = [\"python\", \"-c\", \"{program}\"]\n",
        pymono_tests::projects::sources(names)
    );
    repo.write("services/api/pyproject.toml", &manifest);
    repo.write("services/api/main.py", "");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_version_that_git_would_tell_is_the_configured_one() {
    let versions = "version = { by-hatch = \"1.2.3\", by-setuptools = \"2.0.dev4+g1234abc\", \"libs/by-pdm\" = \"3.1\", \
        by-versioningit = \"4.0\", by-uv-dynamic = \"5.0\", by-poetry = \"6.0\" }\n";
    let repo = Repo::new("versions", versions);
    for (name, system) in LIBRARIES {
        write_library(&repo, name, system);
    }
    write_service(&repo, &LIBRARIES.map(|(name, _)| name));
    repo.commit();
    repo.git(&["tag", "v9.9"]);
    repo.lock(&[]);
    let site = Site::new(repo);
    site.build(&["api"]);
    assert_eq!(
        site.answer("api"),
        "[('by-hatch', '1.2.3'), ('by-pdm', '3.1'), ('by-poetry', '6.0'), ('by-setuptools', '2.0.dev4+g1234abc'), \
         ('by-uv-dynamic', '5.0'), ('by-versioningit', '4.0')]"
    );
    // The file that hatch-vcs writes is a part of the package.
    let image = site.repo.image("api");
    let written = site.docker.python(&image, "import by_hatch._version as v; print(v.version)");
    assert_eq!(written.succeeded().stdout, "1.2.3\n");
}

#[test]
fn without_a_version_nothing_is_built_and_it_is_said_what_to_do() {
    let repo = Repo::new("no-version", "");
    let (name, system) = LIBRARIES[0];
    write_library(&repo, name, system);
    write_service(&repo, &[name]);
    repo.commit();
    repo.lock(&[]);
    let site = Site::new(repo);
    let finished = site.pymono(&["build", "api", "--dry-run"]).run().ended_with(3);
    let message = "error: the build of `libs/by-hatch` requires `hatch-vcs`, which asks git for the version\n\n\
        hint: builds do not see the repository; add `version = \"…\"` below `[tool.pymono]` in \
        `libs/by-hatch/pyproject.toml`, or `version = { \"libs/by-hatch\" = \"…\" }` to the repository's configuration";
    assert!(finished.stderr.trim_end().ends_with(message), "{}", finished.stderr);

    // A library's own setting holds for its build, whoever needs it.
    let path = "libs/by-hatch/pyproject.toml";
    let manifest = site.repo.read(path);
    site.repo.write(path, &format!("{manifest}\n[tool.pymono]\nversion = \"7.0\"\n"));
    let _ = site.pymono(&["bake"]).run().succeeded();
    let dockerfile = site.repo.read(".pymono/Dockerfile");
    assert!(
        dockerfile.contains("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_BY_HATCH=7.0 "),
        "{dockerfile}"
    );
}
