//! What the key `test` says is run on what the image has, and no image is another one for it.

use pymono_tests::{Repo, Site, projects::hatchling};
use serde_json::Value;

/// The tests of a package: they see what is installed, what only development needs, and a file beside them.
const TESTS: &str = r#"
import pathlib
import unittest

import api
import iniconfig


class Installed(unittest.TestCase):
    def test_word(self):
        assert api.__file__.startswith("/app/.venv/"), api.__file__
        word = pathlib.Path(__file__).with_name("word.txt").read_text().strip()
        assert api.WORD == word, f"{api.WORD} is not {word}"
        assert "moon" in iniconfig.IniConfig("x", "[moon]")
"#;

const COMMAND: &str = r#"test = ["test \"$PLACE\" = here <<EOF\nEOF", ["python", "-m", "unittest", "discover", "-s", "tests", "-p", "*_test.py"]]"#;

/// Writes a service with tests, which pass where it says the `word`.
fn write(repo: &Repo, test: &str, word: &str) {
    let rest = format!(
        "[dependency-groups]\ndev = [\"iniconfig\"]\n\n[tool.hatch.build.targets.wheel]\npackages = [\"src/api\"]\n\n\
         [tool.pymono]\ncommand = [\"python\", \"-c\", \"import api\"]\nenv = {{ PLACE = \"here\" }}\n{test}\n"
    );
    repo.write("services/api/pyproject.toml", &hatchling("api", &rest));
    let module = format!("# {}\nWORD = \"{word}\"\n", repo.unique());
    repo.write("services/api/src/api/__init__.py", &module);
    repo.write("services/api/tests/api_test.py", TESTS);
    repo.write("services/api/tests/word.txt", "moon\n");
    let other = hatchling("other", "[tool.pymono]\ncommand = [\"true\"]\n");
    repo.write("services/other/pyproject.toml", &other);
    repo.write("services/other/src/other/__init__.py", "");
}

fn site(topic: &str, word: &str) -> Site {
    let repo = Repo::new(topic, "");
    write(&repo, COMMAND, word);
    repo.lock(&[]);
    Site::new(repo)
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn tests_run_on_what_the_image_has_with_what_development_needs() {
    let site = site("tested", "moon");
    let run = site.build(&["--all", "--test"]);
    assert_eq!(run.outcomes(), [("api", "built")].into());
    assert!(run.stages().contains(&"test-api"), "{:?}", run.stages());
    assert!(!site.docker.has(&site.repo.image("api")), "a test makes no image");
    let again = site.build(&["api", "--test"]);
    assert_eq!(again.outcomes(), [("api", "cached")].into());
    let other = site.pymono(&["build", "other", "--test"]).run().succeeded();
    assert!(other.stderr.contains("other, which has no `test`"), "{}", other.stderr);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_test_that_fails_is_reported_as_an_image_that_fails() {
    let site = site("tested-bad", "sun");
    let finished = site.pymono(&["build", "--all", "--test"]).run().ended_with(1);
    let said = finished.stdout + &finished.stderr;
    assert!(said.contains("sun is not moon") && said.contains("test-api"), "{said}");
    let _ = site.build(&["api"]);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn an_image_is_the_same_with_tests_and_without() {
    let site = site("tested-same", "moon");
    // The manifest is a file of the package; what stands elsewhere is no part of it.
    write(&site.repo, "", "moon");
    let settings = site.repo.read("pyproject.toml");
    site.repo.write("pyproject.toml", &format!("{settings}test = \"true\"\n"));
    assert!(site.pymono(&["bake", "--print"]).read().contains("other-test"));
    let with = site.build(&["--all", "--force"]);
    let fingerprint = || -> Value {
        let told = site.pymono(&["why", "api", "--json"]).read();
        serde_json::from_str::<Value>(&told).unwrap_or_default()["fingerprint"].clone()
    };
    let before = fingerprint();
    site.repo.write("pyproject.toml", &settings);
    assert_eq!((fingerprint(), before.is_string()), (before.clone(), true));
    let without = site.build(&["--all", "--force"]);
    assert_eq!(without.digests(), with.digests());
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn plain_bake_runs_the_tests_by_their_group() {
    let site = site("tested-bake", "moon");
    site.bake();
    let text = site.repo.read("docker-bake.json");
    let file: Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(file["group"]["test"]["targets"], serde_json::json!(["api-test"]));
    assert_eq!(file["group"]["default"]["targets"], serde_json::json!(["api", "other"]));
    assert_eq!(file["target"]["api-test"]["output"], serde_json::json!(["type=cacheonly"]));
    let bake = || site.docker.tool(&["buildx", "bake", "test"]).cwd(&site.repo.root()).run();
    let _ = bake().succeeded();
    assert!(!site.docker.has(&site.repo.image("api")), "a test makes no image");
    site.repo.write("services/api/tests/word.txt", "sun\n");
    assert!(bake().ended_with(1).stderr.contains("moon is not sun"));
}
