//! The JSON Schema of the configuration says what validation says.

use jsonschema::Validator;
use serde_json::Value;

use crate::repo::Repo;

/// Values that are right, one configuration a line.
const RIGHT: &[&str] = &[
    "apk = [\"libpq\", \"py3-x~1.2\"]",
    "apt = [\"curl=7.88.1-10+deb12u5\"]",
    "apt-snapshot = \"20260131T000000Z\"",
    "apt-snapshot = \"locked\"",
    "base-image = \"registry.example:5000/team/python:3.13\"",
    "build-apk = []",
    "build-apt = [\"g++\"]",
    "build-steps = [\"make all\", [\"npm\", \"ci\"], \"a\\nb\"]",
    "cache = [\"/root/.npm\"]",
    "command = [\"run\", \"\"]",
    "compression = \"zstd:9\"",
    "dockerfile = false",
    "dockerfile = [\"a\", { target = \"x\", args = { A = \"1\" } }]",
    "entrypoint = [\"x\"]",
    "env = { A = \"\", b_1 = \"x y\" }",
    "exclude = [\"old/\"]",
    "extras = [\"a-b\"]",
    "groups = [\"prod\"]",
    "healthcheck = [\"x\"]",
    "image = \"team/a\"",
    "include = [\"gen\", \"a/**/*.py\", { from = \"x\", to = \"/srv/x\" }, { from = \"y\" }]",
    "inputs = [\"data/*.csv\"]",
    "labels = { \"a.b/c\" = \"x\" }",
    "libc = \"musl\"",
    "max-image-size = \"500 MB\"",
    "max-image-size = \"1.5GiB\"",
    "max-layers = 40",
    "members = [\"services/*\"]",
    "platforms = [\"linux/amd64\", \"linux/arm64\"]",
    "port = 65535",
    "python = \"3.13.2\"",
    "registry = \"localhost:5000/x\"",
    "require-locked = true",
    "reuse-from = [\"registry.example/main\"]",
    "runtime-image = \"python:3.13-slim\"",
    "secrets = [\"netrc\", { id = \"t\", env = \"T\" }, { id = \"c\", target = \"/etc/c\", required = false }]",
    "skip = false",
    "tags = [\"v1\"]",
    "test = \"pytest\"",
    "test = [\"ruff check\", [\"pytest\", \"-q\"]]",
    "test = { run = \"pytest\", groups = [] }",
    "test = { run = [[\"pytest\"]] }",
    "user = 0",
    "uv-image = \"uv:1\"",
    "version = \"1!2.0.dev1+x\"",
    "version = { a = \"1\" }",
    "workdir = \"/srv/site\"",
];

/// Values that are wrong.
const WRONG: &[&str] = &[
    "nonsense = 1",
    "apk = [\"a b\"]",
    "apt = \"curl\"",
    "apt = [\"Curl\"]",
    "apt-snapshot = \"2026-01-31\"",
    "base-image = \"a b\"",
    "build-steps = \"make\"",
    "build-steps = [\"\"]",
    "build-steps = [[]]",
    "build-steps = [[\"a\\nb\"]]",
    "cache = [\"x\"]",
    "command = []",
    "command = \"x\"",
    "compression = \"bzip2\"",
    "dockerfile = []",
    "dockerfile = { file = \"x\" }",
    "env = { \"A B\" = \"x\" }",
    "env = { A = \"x\\ny\" }",
    "env = { A = 1 }",
    "exclude = \"x\"",
    "extras = [\"-\"]",
    "image = \"a:b\"",
    "include = [\"/etc\"]",
    "include = [{ to = \"x\" }]",
    "include = [{ from = \"x\", to = \"../x\" }]",
    "include = [{ from = \"x\", other = 1 }]",
    "inputs = [1]",
    "labels = { \"a b\" = \"x\" }",
    "libc = \"uclibc\"",
    "max-image-size = 500",
    "max-image-size = \"500\"",
    "max-image-size = \"-1 MB\"",
    "max-layers = 0",
    "max-layers = \"9\"",
    "platforms = [\"windows\"]",
    "port = 0",
    "port = 65536",
    "port = \"80\"",
    "python = 3.13",
    "python = \"2.7\"",
    "registry = \"a b\"",
    "require-locked = \"yes\"",
    "reuse-from = \"registry.example\"",
    "reuse-from = [\"a b\"]",
    "secrets = [{ env = \"X\" }]",
    "secrets = [{ id = \"x\", env = \"X\", target = \"/x\" }]",
    "tags = [\"a b\"]",
    "test = \"\"",
    "test = []",
    "test = [[]]",
    "test = 1",
    "test = { groups = [\"dev\"] }",
    "test = { run = [] }",
    "test = { run = \"x\", groups = \"dev\" }",
    "test = { run = \"x\", group = [] }",
    "user = -1",
    "user = \"app\"",
    "uv-image = 1",
    "version = \"latest\"",
    "version = { a = \"x\" }",
    "workdir = \"app\"",
];

#[test]
fn what_the_schema_allows_is_what_a_scan_reads() {
    let schema = pymono_scan::config_schema();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let repo = Repo::workspace("[\"services/*\"]");
    repo.project("services/api", "[]", "");
    let dockerfile = "FROM python:3.13-slim AS x\nCMD [\"x\"]\n";
    repo.file("services/api/a", dockerfile).file("services/api/Dockerfile", dockerfile);
    for (texts, is_right) in [(RIGHT, true), (WRONG, false)] {
        for text in texts {
            assert_eq!(allows(&validator, text), is_right, "the schema, `{text}`");
            let read = repo.file("pymono.toml", text).try_scan();
            assert_eq!(read.is_ok(), is_right, "the scan, `{text}`: {:?}", read.err());
        }
    }
}

#[test]
fn every_key_has_a_value_here_that_is_right() {
    let schema = pymono_scan::config_schema();
    let keys = schema["properties"].as_object().unwrap().keys();
    let without: Vec<_> = keys
        .filter(|key| !RIGHT.iter().any(|text| text.starts_with(&format!("{key} ="))))
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn every_key_is_in_the_readme() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));
    let readme = readme.unwrap();
    let rows: String = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let missing: Vec<_> = pymono_scan::documented_keys()
        .map(|(key, _)| key)
        .filter(|key| !rows.contains(&format!("`{key}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn allows(validator: &Validator, text: &str) -> bool {
    let value: Value = toml_edit::de::from_str(text).unwrap();
    validator.is_valid(&value)
}
