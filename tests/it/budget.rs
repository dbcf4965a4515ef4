//! Budgets of images, and what images really take up.

use pymono_tests::{
    Repo, Site,
    projects::{hatchling, sources},
    registry,
};
use serde_json::Value;

/// A service that stands on a library, with these dependencies and this configuration.
fn write(repo: &Repo, dependencies: &str, configuration: &str) {
    let rest = format!(
        "dependencies = [\"core\"{dependencies}]\n\n{}\n[tool.pymono]\ncommand = [\"true\"]\n{configuration}",
        sources(&["core"])
    );
    repo.write("services/api/pyproject.toml", &hatchling("api", &rest));
}

fn site(name: &str, dependencies: &str, configuration: &str) -> Site {
    let repo = Repo::new(name, "");
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    repo.write("libs/core/src/core/__init__.py", "");
    repo.write("services/api/src/api/__init__.py", &format!("# {}\n", repo.unique()));
    write(&repo, dependencies, configuration);
    repo.lock(&[]);
    repo.commit();
    Site::new(repo)
}

#[test]
#[ignore = "needs an engine and uv: cargo xtask test"]
fn a_check_says_what_takes_an_image_over_its_budget_and_since_when() {
    let site = site("budget-check", ", \"idna==3.10\"", "");
    let sizes = ["history", "--human=false", "--format", "{{.Size}}", "python:3.13-slim"];
    let sizes = site.docker.tool(&sizes).read();
    let base: u64 = sizes.lines().map(|line| line.parse::<u64>().unwrap()).sum();
    let budget = format!("max-image-size = \"{} kB\"\n", base / 1000 + 1000);
    write(&site.repo, ", \"idna==3.10\"", &budget);
    site.repo.commit();
    let args = ["check", "--allow", "floating-base"];
    let _ = site.pymono(&args).run().succeeded();
    write(&site.repo, ", \"idna==3.10\", \"pyyaml==6.0.2\"", &format!("{budget}max-layers = 2\n"));
    site.repo.lock(&[]);
    let found = site.pymono(&[&args[..], &["--base", "HEAD"]].concat()).run();
    assert_eq!(found.code, Some(1), "{found:?}");
    let lines: Vec<&str> = found.stdout.lines().filter(|it| it.contains("over-budget")).collect();
    assert_eq!(lines.len(), 2, "{found:?}");
    let size = lines.iter().find(|line| line.contains("`max-image-size`")).unwrap();
    assert!(size.contains("most of it is pyyaml 6.0.2 ("), "{size}");
    assert!(size.contains("more than at the base is pyyaml 6.0.2 ("), "{size}");
    let layers = lines.iter().find(|line| line.contains("`max-layers`")).unwrap();
    let base = site.docker.inspect("python:3.13-slim");
    let of_base = base["RootFS"]["Layers"].as_array().unwrap().len();
    assert!(layers.contains(&format!("{} layers, more than the 2 of", 3 + of_base)), "{layers}");
    assert!(layers.contains("the image is expected to have"), "{layers}");
    assert!(!layers.contains("without its base"), "{layers}");
    assert!(layers.contains("2 of local packages (libs/core, services/api)"), "{layers}");
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_check_counts_local_files_and_says_that_a_base_is_not_there() {
    let configuration = "max-image-size = \"3 MB\"\nruntime-image = \"python:3.13-of-nobody\"\n";
    let site = site("budget-local", "", configuration);
    let args = ["check", "--allow", "floating-base"];
    let _ = site.pymono(&args).run().succeeded();
    site.repo.write("libs/core/src/core/words.txt", &"word\n".repeat(1_000_000));
    let found = site.pymono(&args).run();
    assert_eq!(found.code, Some(1), "{found:?}");
    assert!(
        found.stdout.contains("`docker pull python:3.13-of-nobody` has it counted"),
        "{found:?}"
    );
    assert!(found.stdout.contains("5.0 MB, more than the 3.0 MB of `max-image-size`"), "{found:?}");
}

#[test]
#[ignore = "needs an engine and a registry: cargo xtask test"]
fn an_image_that_is_only_pushed_is_held_to_its_budget_by_what_the_registry_tells() {
    let site = site("budget-push", "", "max-layers = 3\nmax-image-size = \"1 MB\"\n");
    let place = format!("{}/{}", registry(), site.repo.unique());
    let push = ["--all", "--push", "--registry", place.as_str()];
    let (finished, run) = site.try_build(&push);
    assert_eq!((finished.code, run.outcomes()["api"]), (Some(1), "built"), "{finished:?}");
    assert!(finished.stderr.contains("in the registry, compressed, has"), "{}", finished.stderr);
    assert!(finished.stderr.contains("more than the 3 of `max-layers`"), "{}", finished.stderr);
    assert!(finished.stderr.contains("more than the 1.0 MB of"), "{}", finished.stderr);
    write(&site.repo, "", "max-layers = 50\nmax-image-size = \"20 GB\"\n");
    let (finished, _) = site.try_build(&push);
    assert!(!finished.succeeded().stderr.contains("warning: budgets"));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_build_fails_where_the_real_image_is_over_its_budget() {
    let site = site("budget-build", "", "max-layers = 3\n");
    let (finished, run) = site.try_build(&["--all"]);
    assert_eq!((finished.code, run.outcomes()["api"]), (Some(1), "built"), "{finished:?}");
    // Nothing is built the second time, and it is over its budget all the same.
    let again = site.pymono(&["build", "--all"]).run();
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("more than the 3 of `max-layers`"), "{}", again.stderr);
    write(&site.repo, "", "max-layers = 50\nmax-image-size = \"20 GB\"\n");
    let _ = site.pymono(&["build", "--all"]).run().succeeded();
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_measured_plan_counts_what_the_engine_has() {
    let site = site("budget-measured", ", \"idna==3.10\"", "");
    let missing = site.pymono(&["plan", "--measured"]).run().succeeded();
    assert!(missing.stderr.contains("build it first"), "{}", missing.stderr);
    site.build(&["--all"]);
    let printed = site.pymono(&["plan", "--measured", "--json"]).read();
    let plan: Value = serde_json::from_str(&printed).unwrap();
    let measured = &plan["measured"];
    let image = &measured["images"][0];
    let inspected = site.docker.inspect(&site.repo.image("api"));
    assert_eq!(image["layers"], inspected["RootFS"]["Layers"].as_array().unwrap().len());
    assert_eq!(measured["unique"], image["bytes"], "one image shares nothing");
    let stages = measured["stages"].as_array().unwrap();
    let stage = |part: &str| {
        stages.iter().find(|it| it["name"].as_str().unwrap().starts_with(part)).unwrap()
    };
    assert!(stage("deps-")["expected"].as_u64().unwrap() > 100_000, "{stages:#?}");
    assert!(stage("deps-")["bytes"].as_u64().unwrap() > 100_000, "{stages:#?}");
    assert_eq!(stage("pkg-core")["expected"], Value::Null);
    let text = site.pymono(&["plan", "--measured"]).run().succeeded();
    assert!(!text.stderr.contains("warning"), "{}", text.stderr);
    assert!(text.stdout.contains("(measured, unpacked)"), "{}", text.stdout);
}
