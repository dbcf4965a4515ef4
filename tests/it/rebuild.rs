//! A step runs again when its own inputs change, and only then.

use std::{collections::BTreeMap, fs};

use pymono_tests::{
    Repo, Run, Site,
    projects::{built_by, hatchling},
};

use crate::fleet::{builds, fleet, write_service};

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_changed_line_in_a_library_builds_it_once_and_nothing_else() {
    let services = ["a", "b", "c", "d"];
    let site = fleet("once", &services);
    let all = ["--all", "--jobs", "4"];
    let first = site.build(&all);
    assert!(first.stages().contains(&"pkg-core"), "{:?}", first.stages());
    assert_eq!(builds(&site), 1);

    // Often, because four builds that start together race for the one step.
    let changes = 6;
    let mut last = first;
    for value in 2..=changes {
        site.repo.write("libs/core/src/core/__init__.py", &format!("VALUE = {value}\n"));
        let run = site.build(&all);
        assert_eq!(run.stages(), ["pkg-core"], "with VALUE = {value}");
        assert_eq!(builds(&site), value, "with VALUE = {value}");
        assert_eq!(changed(&last, &run), services, "with VALUE = {value}");
        last = run;
    }
    for service in services {
        assert_eq!(site.answer(service), changes.to_string(), "{service}");
    }

    let again = site.build(&all);
    assert!(again.stages().is_empty(), "{:?}", again.stages());
    assert_eq!(builds(&site), changes);
}

/// BuildKit knows a step again by what its mounts hold only if what it stands on was there before.
///
/// Where it was not, steps ran twice in one build of several.
#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_shared_step_runs_once_on_a_base_that_the_engine_has_never_seen() {
    let repo = Repo::new("cold", "");
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    repo.write("libs/core/src/core/__init__.py", "VALUE = 1\n");
    for service in ["a", "b", "c", "d"] {
        write_service(&repo, service, "print(core.VALUE)");
    }
    repo.lock(&[]);
    let site = Site::new(repo);
    stand_on_a_new_base(&site);
    // Fewer at a time than there are, so that some start when others have ended.
    let run = site.build(&["--all", "--jobs", "2"]);
    let stages = [
        "backend-hatchling",
        "base-py313",
        "pkg-a",
        "pkg-b",
        "pkg-c",
        "pkg-core",
        "pkg-d",
        "runtime-py313",
    ];
    assert_eq!(run.stages(), stages);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_new_pin_of_one_service_is_installed_for_that_service_alone() {
    let repo = Repo::new("pin", "");
    for (name, needs) in [("a", "iniconfig"), ("b", "tomli-w")] {
        let rest = format!(
            "dependencies = [\"pillow\", \"{needs}\"]\n\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n"
        );
        let program =
            format!("from importlib.metadata import version\n\nprint(version(\"{needs}\"))\n");
        repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &rest));
        repo.write(&format!("services/{name}/src/{name}/__init__.py"), "");
        repo.write(&format!("services/{name}/src/{name}/__main__.py"), &program);
    }
    repo.lock(&["--upgrade-package", "iniconfig==2.0.0"]);
    let site = Site::new(repo);
    stand_on_a_new_base(&site);
    let first = site.build(&["--all"]);
    for stage in ["deps-a", "deps-all", "deps-b", "pkg-a", "pkg-b"] {
        assert!(first.stages().contains(&stage), "{stage}: {:?}", first.stages());
    }
    assert_eq!(site.answer("a"), "2.0.0");

    let before = site.repo.read("uv.lock");
    site.repo.lock(&["--upgrade-package", "iniconfig==2.1.0"]);
    assert_ne!(before, site.repo.read("uv.lock"));
    let run = site.build(&["--all"]);
    assert_eq!(run.stages(), ["deps-a"]);
    assert_eq!(run.outcomes(), BTreeMap::from([("a", "built"), ("b", "skipped")]));
    assert_eq!(site.answer("a"), "2.1.0");
}

/// Gives the repository a base image that no other has, so that no step on top was ever done.
///
/// A stage of pins has nothing else that could be new: the same pins are the same stage.
pub(crate) fn stand_on_a_new_base(site: &Site) {
    let image = site.repo.image("base");
    let dockerfile = site.repo.outside().join("Dockerfile");
    let text = format!("# {image}\nFROM python:3.13-slim\nCOPY Dockerfile /\n");
    fs::write(&dockerfile, text).unwrap_or_else(|error| panic!("{dockerfile}: {error}"));
    let (file, tag) = (format!("--file={dockerfile}"), format!("--tag={image}"));
    let build = ["buildx", "build", "--load", &file, &tag, site.repo.outside().as_str()];
    site.docker.tool(&build).read();
    let settings = site.repo.read("pyproject.toml");
    site.repo.write("pyproject.toml", &format!("{settings}base-image = \"{image}\"\n"));
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_change_in_a_library_of_the_shop_reaches_its_users_alone() {
    let site = Site::new(Repo::shop("edit"));
    let before = site.build(&["--all"]);
    let path = "libs/pricing/src/shop_pricing/__init__.py";
    let text = format!("{}\n# {}\n", site.repo.read(path), site.repo.unique());
    site.repo.write(path, &text);
    let run = site.build(&["--all"]);
    assert_eq!(run.stages(), ["pkg-shop-pricing"]);
    assert_eq!(changed(&before, &run), ["catalog", "storefront", "worker"]);
}

/// Returns the services whose images differ between two builds of the same services.
///
/// Their outcomes do not tell: where two services copy the same new layer, it
/// is made for the first and found by the second.
fn changed<'a>(before: &Run, after: &'a Run) -> Vec<&'a str> {
    let before = before.digests();
    assert_eq!(before.len(), after.digests().len());
    let differs = |(service, digest): &(&'a str, &str)| before.get(service) != Some(digest);
    after.digests().into_iter().filter(differs).map(|(service, _)| service).collect()
}

/// `uv sync --no-editable` with a cache mount keeps the old module here: uv
/// looks at the times of the manifest and of `src`, and a flat layout has none.
#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_flat_layout_never_goes_stale() {
    let repo = Repo::new("stale", "");
    let systems = [
        ("hatched", "requires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\""),
        ("setup", "requires = [\"setuptools>=77\"]\nbuild-backend = \"setuptools.build_meta\""),
    ];
    let write = |name: &str, value: u32| {
        let text = format!(
            "# {}\nVALUE = {value}\n\nif __name__ == \"__main__\":\n    print(VALUE)\n",
            repo.unique()
        );
        repo.write(&format!("services/{name}/{name}/main.py"), &text);
    };
    for (name, system) in systems {
        let rest = format!("\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}.main\"]\n");
        repo.write(&format!("services/{name}/pyproject.toml"), &built_by(system, name, &rest));
        repo.write(&format!("services/{name}/{name}/__init__.py"), "");
        write(name, 1);
    }
    repo.lock(&[]);
    repo.commit();
    let root = repo.root();
    // All values have one digit, so that the file keeps its size.
    let rounds = 5;
    let site = Site::new(repo);
    for value in 1..=rounds {
        for (name, _) in systems {
            let path = format!("services/{name}/{name}/main.py");
            let text = site.repo.read(&path);
            let line = text.lines().find(|line| line.starts_with("VALUE")).unwrap();
            let size = root.join(&path).metadata().unwrap().len();
            site.repo.write(&path, &text.replace(line, &format!("VALUE = {value}")));
            assert_eq!(root.join(&path).metadata().unwrap().len(), size);
        }
        site.build(&["--all"]);
        for (name, _) in systems {
            assert_eq!(site.answer(name), value.to_string(), "{name}");
        }
    }
}
