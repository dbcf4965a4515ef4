//! What several jobs of CI share is built once, before them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use pymono_tests::{
    Docker, Repo, Site, other_host,
    projects::{hatchling, sources},
};
use serde_json::{Value, json};

use crate::reproducible::own_images;

/// Many services with a library and system packages in common, of which a few are built here.
fn repo() -> Repo {
    let repo = Repo::new("first", "");
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    let text = format!("# {}\nVALUE = 1\n", repo.unique());
    repo.write("libs/core/src/core/__init__.py", &text);
    for name in ('a'..='p').map(|letter| format!("s{letter}")) {
        let rest = format!(
            "dependencies = [\"core\"]\n{}[tool.pymono]\napt = [\"tini\"]\n\
             command = [\"python\", \"-m\", \"{name}\"]\n",
            sources(&["core"])
        );
        repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(&name, &rest));
        repo.write(&format!("services/{name}/src/{name}/__init__.py"), "");
        let program = "import core\nprint(core.VALUE)\n";
        repo.write(&format!("services/{name}/src/{name}/__main__.py"), program);
    }
    repo.lock(&[]);
    repo
}

/// Returns the caches that the builds of a job write.
fn written(site: &Site, arguments: &str) -> Vec<String> {
    let flags = ["--dry-run", "--cache-to", "type=gha,scope={service}"];
    let words: Vec<&str> = ["build"].into_iter().chain(arguments.split(' ')).chain(flags).collect();
    let printed = site.pymono(&words).read();
    let caches = printed.split("--cache-to ").skip(1);
    caches
        .map(|rest| rest.split_whitespace().next().unwrap().trim_matches('\'').to_owned())
        .collect()
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn each_cache_has_one_writer_among_all_jobs() {
    let site = Site::new(repo());
    let printed = site.pymono(&["matrix", "--all", "--format", "json"]).read();
    let jobs: Value = serde_json::from_str(&printed).unwrap();
    let first = jobs["first"]["arguments"].as_str().unwrap();
    assert_eq!(written(&site, first), ["type=gha,scope=shared.stages"]);
    let shards = jobs["matrix"]["include"].as_array().unwrap();
    let shards = shards.iter().map(|job| job["arguments"].as_str().unwrap());
    let all = [first].into_iter().chain(shards).flat_map(|arguments| written(&site, arguments));
    let all: Vec<String> = all.collect();
    assert_eq!(all.len(), 17);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");

    // For GitLab they are the same jobs, which wait for the first.
    let printed = site.pymono(&["matrix", "--all", "--format", "gitlab"]).read();
    let mut pipeline: Value = serde_json::from_str(&printed).unwrap();
    let pipeline = pipeline.as_object_mut().unwrap();
    pipeline.remove("include");
    let (others, ahead): (Vec<_>, Vec<_>) =
        pipeline.iter().partition(|(_, job)| job["extends"] == ".pymono-build");
    let [(name, job)] = ahead[..] else { panic!("{ahead:?}") };
    assert_eq!((&job["extends"], &job["stage"]), (&json!(".pymono-first"), &json!(".pre")));
    assert_eq!(job["variables"]["PYMONO_STAGES"], first);
    assert_eq!(others.len(), 16);
    assert!(others.iter().all(|(_, job)| job["needs"] == json!([name])), "{others:?}");

    // One machine shares with nobody.
    let one = site.pymono(&["matrix", "--all", "--format", "json", "--shards", "1"]).read();
    assert!(one.starts_with("{\"first\":null,"), "{one}");
}

#[test]
#[ignore = "needs engines and a registry: cargo xtask test"]
fn what_the_first_job_has_built_no_other_machine_builds() {
    let here = Site::new(repo());
    let place = own_images(&Docker::main(), &here.repo);
    here.repo.commit();
    let printed = here.pymono(&["matrix", "--all", "--format", "json"]).read();
    let jobs: Value = serde_json::from_str(&printed).unwrap();
    let first = jobs["first"]["arguments"].as_str().unwrap();
    let cache = |scope: &str| format!("type=registry,ref={place}/cache:{scope}");
    let to = format!("{},mode=max", cache("{service}"));
    let words: Vec<&str> = first.split(' ').chain(["--cache-to", &to]).collect();
    let built = here.build(&words);
    for stage in ["base-py313", "backend-hatchling", "pkg-core", "runtime-py313-tini"] {
        assert!(built.stages().contains(&stage), "{stage}: {:?}", built.stages());
    }

    // Another machine, which has nothing of the first, builds what two jobs do.
    let there = Site::on(Repo::copy("first", &here.repo.root()), other_host());
    let (shared, own) = (cache("shared.stages"), cache("{service}"));
    let job = ["sa", "sb", "--cache-from", &own, "--cache-from", &shared, "--cache-to", &to];
    assert_eq!(there.build(&job).stages(), ["pkg-sa", "pkg-sb"]);
    // What it has loaded is what the first one has made.
    let image = here.repo.image("sa");
    assert_eq!(there.docker.run(&image, &[]).trim(), "1");
    there.docker.remove_images(&format!("{}/", here.repo.unique()));
}
