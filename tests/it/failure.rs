//! What does not build, and what is not there to build with.

use std::{collections::BTreeMap, os::unix::fs::symlink};

use pymono_tests::{
    Repo, Site, Tool,
    projects::{BACKEND, in_tree},
};

use serde_json::Value;

use crate::fleet::{fleet, write_service};

/// Makes three services, the second of which does not build.
fn with_a_failure(topic: &str) -> Site {
    let site = fleet(topic, &["a", "c"]);
    let says =
        "says = [\"looking for the moon\", \"there is no moon\"]\nraises = \"no moon, no wheel\"";
    write_by_backend(&site.repo, "b", says);
    site.repo.lock(&[]);
    site
}

/// Writes a service that the tests' backend builds, in its own way.
fn write_by_backend(repo: &Repo, name: &str, told: &str) {
    let rest = format!(
        "\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n\n[tool.in-tree]\n{told}\n"
    );
    repo.write(&format!("services/{name}/pyproject.toml"), &in_tree(name, &rest));
    repo.write(&format!("services/{name}/_build/backend.py"), BACKEND);
    repo.write(
        &format!("services/{name}/src/{name}/__init__.py"),
        &format!("# {}\n", repo.unique()),
    );
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_failed_image_keeps_no_other_from_being_built() {
    let site = with_a_failure("going");
    let finished = site.pymono(&["build", "--all", "--keep-going"]).run().ended_with(1);
    let said = finished.stdout + &finished.stderr;
    for words in ["pkg-b", "RUN", "there is no moon", "no moon, no wheel"] {
        assert!(said.contains(words), "`{words}` is not in\n{said}");
    }
    let row = |name: &str| {
        let row = said.lines().find(|line| line.split_whitespace().next() == Some(name));
        row.unwrap_or_else(|| panic!("no row of `{name}` in\n{said}"))
    };
    assert!(row("b").contains("failed"), "{said}");
    for service in ["a", "c"] {
        assert!(row(service).contains("built"), "{said}");
        assert_eq!(site.answer(service), "1");
    }
    assert!(!site.docker.has(&site.repo.image("b")));
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn the_report_of_a_failure_names_its_step_and_its_last_words() {
    let site = with_a_failure("words");
    let (finished, run) = site.try_build(&["--all"]);
    let _ = finished.ended_with(1);
    assert_eq!(run.outcomes(), BTreeMap::from([("a", "built"), ("b", "failed"), ("c", "built")]));
    let failure = &run.report("b")["failure"];
    assert!(failure["step"].as_str().unwrap().starts_with("[pkg-b "), "{failure}");
    let log: Vec<_> =
        failure["log"].as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
    assert!(log.iter().any(|line| line.contains("no moon, no wheel")), "{log:?}");
    // One client has built all of them; what failed there is not run again for the sake of the others.
    let begun = |event: &&Value| event["event"] == "started" && event["service"] == "b";
    assert_eq!(run.events.iter().filter(begun).count(), 1);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn failing_fast_starts_nothing_after_a_failure() {
    let site = with_a_failure("fast");
    let (finished, run) = site.try_build(&["b", "c", "--fail-fast", "--jobs", "1"]);
    let _ = finished.ended_with(1);
    assert_eq!(run.outcomes(), BTreeMap::from([("b", "failed"), ("c", "cancelled")]));
    assert!(!site.docker.has(&site.repo.image("c")));
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn failing_fast_stops_what_runs() {
    let site = with_a_failure("stops");
    // Were it not stopped, it would be built in the end.
    write_by_backend(&site.repo, "a", "sleeps = 300");
    site.repo.lock(&[]);
    let (finished, run) = site.try_build(&["a", "b", "--fail-fast", "--jobs", "2"]);
    let _ = finished.ended_with(1);
    assert_eq!(run.outcomes(), BTreeMap::from([("a", "cancelled"), ("b", "failed")]));
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn without_a_docker_client_pymono_says_what_to_install() {
    let site = fleet("clientless", &["a"]);
    let tools = site.repo.outside().join("tools");
    std::fs::create_dir(&tools).unwrap();
    let git = Tool::new("sh").args(["-c", "command -v git"]).read();
    symlink(git.trim(), tools.join("git")).unwrap();
    let finished = site.pymono(&["build", "--all"]).env("PATH", &tools).run().ended_with(4);
    for words in ["docker", "hint: "] {
        assert!(finished.stderr.contains(words), "{}", finished.stderr);
    }
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_client_that_is_too_old_is_told_also_where_it_is_looked_at_while_it_builds() {
    let site = fleet("oldclient", &["a", "b"]);
    site.build(&["--all"]);
    let old =
        "[ \"$1 $2\" != 'buildx version' ] || { echo github.com/docker/buildx v0.16.2 abc; exit; }";
    let path = site.client_that(old);
    // One image is built meanwhile, and several wait until it is known.
    for edited in [&["a"][..], &["a", "b"]] {
        for service in edited {
            let text = format!("print({}) # {service}\n", edited.len());
            site.repo.write(&format!("services/{service}/src/{service}/__main__.py"), &text);
        }
        let build = site.pymono(&["build", "--progress", "json", "--all"]);
        let finished = build.env("PATH", &path).run().ended_with(4);
        let message = "`buildx` 0.16.2 is too old; pymono needs 0.17 or newer";
        for words in [message, "hint: update the docker plugin `buildx`"] {
            assert!(finished.stderr.contains(words), "{}", finished.stderr);
        }
        let has_begun = finished.stdout.contains(r#""event":"started","service":"a""#);
        assert_eq!(has_begun, edited.len() == 1, "{}", finished.stdout);
    }
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn without_an_engine_pymono_says_where_it_looked_and_what_to_do() {
    let site = fleet("engineless", &["a"]);
    let host = format!("unix://{}/nobody.sock", site.repo.outside());
    let finished = site.pymono(&["build", "--all"]).env("DOCKER_HOST", &host).run().ended_with(4);
    for words in ["nobody.sock", "hint: "] {
        assert!(finished.stderr.contains(words), "{}", finished.stderr);
    }
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn a_service_that_nobody_has_is_a_usage_error() {
    let site = fleet("nobody", &["a"]);
    write_service(&site.repo, "b", "pass");
    site.repo.lock(&[]);
    let finished = site.pymono(&["build", "z"]).run().ended_with(2);
    assert!(
        finished.stderr.contains("`z`") && finished.stderr.contains("`a`, `b`"),
        "{}",
        finished.stderr
    );
}
