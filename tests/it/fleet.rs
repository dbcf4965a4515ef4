//! Small repositories that several tests build.

use pymono_tests::{
    Repo, Site,
    projects::{BACKEND, hatchling, in_tree, sources},
};

/// Makes services that stand on the library `core` and print its `VALUE`, which is 1.
///
/// The library's build leaves a trace, see [`trace`]. Everything is committed.
pub(crate) fn fleet(topic: &str, services: &[&str]) -> Site {
    let repo = Repo::new(topic, "");
    let unique = repo.unique();
    repo.write("libs/core/pyproject.toml", &in_tree("core", &traced(unique)));
    repo.write("libs/core/_build/backend.py", BACKEND);
    repo.write("libs/core/src/core/__init__.py", "VALUE = 1\n");
    for service in services {
        write_service(&repo, service, "print(core.VALUE)");
    }
    repo.lock(&[]);
    repo.commit();
    Site::new(repo)
}

/// Writes a service that imports the library `core` and then does what `program` says.
pub(crate) fn write_service(repo: &Repo, name: &str, program: &str) {
    let rest = format!(
        "dependencies = [\"core\"]\n\n{}\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n",
        sources(&["core"])
    );
    repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &rest));
    repo.write(&format!("services/{name}/src/{name}/__init__.py"), "");
    let text = format!("# {}\nimport core\n\n{program}\n", repo.unique());
    repo.write(&format!("services/{name}/src/{name}/__main__.py"), &text);
}

/// Returns what makes a build leave a trace in a cache mount that nobody else has.
fn traced(unique: &str) -> String {
    format!(
        "[tool.pymono]\ncache = [\"/{unique}\"]\n\n[tool.in-tree]\ntrace = \"/{unique}/builds\"\n"
    )
}

/// Returns how often the library of a [`fleet`] was really built.
pub(crate) fn builds(site: &Site) -> usize {
    site.read_cache(&format!("/{}", site.repo.unique()), "builds").lines().count()
}
