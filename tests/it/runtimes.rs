//! Runtimes with some of another one's system packages are below it.

use std::fs;

use pymono_tests::{Repo, Site, projects::hatchling};
use serde_json::Value;

/// Returns services that need these system packages.
fn repo(services: &[(&str, &str)]) -> Repo {
    let repo = Repo::new("runtimes", "");
    for (name, apt) in services {
        add(&repo, name, apt);
    }
    repo.lock(&[]);
    repo
}

fn add(repo: &Repo, name: &str, apt: &str) {
    let settings =
        format!("\n[tool.pymono]\napt = {apt}\nuser = 4321\ncommand = [\"id\", \"-u\"]\n");
    repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &settings));
    let module = format!("services/{name}/src/{name}/__init__.py");
    repo.write(&module, &format!("# {}\n", repo.unique()));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_two_runtimes_have_is_installed_once_and_is_one_layer() {
    let services = [("few", r#"["tree"]"#), ("many", r#"["tini", "tree"]"#), ("none", "[]")];
    let repo = repo(&services);
    // Nothing else on this engine has this base.
    let base = format!("{}/base:1", repo.unique());
    let folder = repo.outside().join("base");
    fs::create_dir(&folder).unwrap();
    let dockerfile = format!("FROM python:3.13-slim\nCOPY Dockerfile /{}\n", repo.unique());
    fs::write(folder.join("Dockerfile"), dockerfile).unwrap();
    let root = repo.read("pyproject.toml");
    repo.write(
        "pyproject.toml",
        &format!("{root}base-image = \"{base}\"\nruntime-image = \"{base}\"\n"),
    );
    let site = Site::new(repo);
    let _ = site
        .docker
        .tool(&["buildx", "build", "--load", "--tag", &base, folder.as_str()])
        .run()
        .succeeded();

    let run = site.build(&["--all"]);
    let installs: Vec<&str> =
        run.ran("RUN ").into_iter().filter(|it| it.contains("apt-get install")).collect();
    assert_eq!(installs.len(), 2, "{installs:#?}");
    let of = |packages: &str| {
        let what = format!("--no-install-recommends {packages} &&");
        installs.iter().filter(|it| it.contains(&what)).count()
    };
    assert_eq!((of("tree"), of("tini tree")), (1, 1), "{installs:#?}");

    let image = |name: &str| site.repo.image(name);
    let layers = |name: &str| -> Vec<Value> {
        site.docker.inspect(&image(name))["RootFS"]["Layers"].as_array().unwrap().clone()
    };
    let (few, many) = (layers("few"), layers("many"));
    let shared = few.iter().zip(&many).take_while(|(one, other)| one == other).count();
    let below = site.docker.inspect(&base)["RootFS"]["Layers"].as_array().unwrap().len();
    // The packages, and an empty layer of a working directory where an engine keeps such.
    assert!(shared > below, "{few:#?} {many:#?}");
    for name in ["few", "many", "none"] {
        assert_eq!(site.docker.run(&image(name), &[]), "4321\n");
        let owner = site.docker.shell(&image(name), "stat -c %u /home/app; ls -d /app");
        assert_eq!(owner, "4321\n/app\n");
    }

    // Somebody new with the same packages finds them, whoever built them.
    add(&site.repo, "more", services[1].1);
    site.repo.lock(&[]);
    let run = site.build(&["more"]);
    let again = run.ran("RUN ").into_iter().filter(|it| it.contains("apt-get install"));
    assert_eq!(again.collect::<Vec<_>>(), Vec::<&str>::new());
    assert_eq!(layers("more")[..=shared], many[..=shared]);

    let programs = "for it in tree tini; do command -v $it || echo no $it; done";
    assert_eq!(site.docker.shell(&image("none"), programs), "no tree\nno tini\n");
    assert_eq!(site.docker.shell(&image("few"), programs), "/usr/bin/tree\nno tini\n");
    assert_eq!(site.docker.shell(&image("many"), programs), "/usr/bin/tree\n/usr/bin/tini\n");
}
