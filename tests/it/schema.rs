//! What commands print for programs is as `pymono schema` says.

use jsonschema::Validator;
use pymono_tests::{Repo, Site, projects::hatchling};
use serde_json::Value;

/// What prints JSON without an engine, with the name of its schema.
const OUTPUTS: [(&str, &[&str]); 15] = [
    ("affected", &["affected", "--base", "HEAD", "--json"]),
    ("affected", &["affected", "--paths", "uv.lock", "libs/new.py", "--json"]),
    ("matrix", &["matrix", "--all", "--shards", "2"]),
    ("matrix", &["matrix", "--base", "HEAD"]),
    ("jobs", &["matrix", "--all", "--format", "json"]),
    ("why", &["why", "storefront", "--json"]),
    ("why", &["why", "storefront", "--base", "HEAD", "--json"]),
    ("list", &["list", "--json"]),
    ("graph", &["graph", "--format", "json"]),
    ("graph", &["graph", "--stages", "--format", "json"]),
    ("export", &["export", "storefront", "--format", "json"]),
    ("export", &["export", "forecast", "--format", "json", "--platform", "linux/arm64"]),
    ("plan", &["plan", "--json"]),
    ("check", &["check", "--json"]),
    ("check", &["check", "--json", "--allow", "floating-base"]),
];

fn validator(site: &Site, what: &str) -> Validator {
    let printed = site.pymono(&["schema", what]).read();
    let schema: Value = serde_json::from_str(&printed).unwrap_or_else(|it| panic!("{what}: {it}"));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn fits(validator: &Validator, value: &Value) {
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{value:#}");
}

/// Commits the repository, and then changes it so that there are reasons of many kinds.
fn change(repo: &Repo) {
    repo.commit();
    let lock = repo.read("uv.lock");
    let manifest = repo.read("services/storefront/pyproject.toml");
    let settings =
        "\n[tool.pymono]\nenv = { NEW = \"1\" }\nbase-image = \"python:3.13-bookworm\"\n";
    repo.write("services/storefront/pyproject.toml", &format!("{manifest}{settings}"));
    repo.write("services/storefront/src/storefront/new.py", "");
    assert!(lock.contains("sha256:"));
    repo.write("uv.lock", &lock.replace("sha256:0", "sha256:1"));
}

#[test]
fn what_is_printed_for_programs_fits_its_schema() {
    let site = Site::new(Repo::shop("schema"));
    change(&site.repo);
    for (what, args) in OUTPUTS {
        let finished = site.pymono(args).run();
        let value: Value = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("{args:?}: {error}\n{}", finished.stderr));
        let validator = validator(&site, what);
        fits(&validator, &value);
        assert!(!validator.is_valid(&Value::Array(vec![value])), "a schema that allows anything");
    }
}

#[test]
fn a_lock_fits_its_schema() {
    let site = Site::new(Repo::shop("schema-lock"));
    let validator = validator(&site, "lock");
    let lock: toml::Table = crate::lock::written().parse().unwrap_or_default();
    fits(&validator, &serde_json::to_value(&lock).unwrap_or_default());
    assert!(lock.contains_key("image") && !validator.is_valid(&serde_json::json!({ "image": [] })));
}

#[test]
fn the_example_fits_the_schema_of_the_configuration() {
    let site = Site::new(Repo::shop("schema-config"));
    let validator = validator(&site, "config");
    let manifest: toml::Table = site.repo.read("pyproject.toml").parse().unwrap_or_default();
    let table = manifest["tool"]["pymono"].clone();
    fits(&validator, &serde_json::to_value(table).unwrap_or_default());
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn every_event_of_a_build_fits_its_schema() {
    let repo = Repo::new("schema-events", "");
    let settings = "\n[tool.pymono]\ncommand = [\"true\"]\nbuild-steps = [\"exit 3\"]\n";
    repo.write("services/bad/pyproject.toml", &hatchling("bad", settings));
    repo.write("services/bad/src/bad/__init__.py", &format!("# {}\n", repo.unique()));
    let settings = "\n[tool.pymono]\ncommand = [\"true\"]\n";
    repo.write("services/good/pyproject.toml", &hatchling("good", settings));
    repo.write("services/good/src/good/__init__.py", &format!("# {}\n", repo.unique()));
    repo.lock(&[]);
    let site = Site::new(repo);
    let (_, run) = site.try_build(&["--all"]);
    let outcomes = run.outcomes();
    assert_eq!((outcomes["bad"], outcomes["good"]), ("failed", "built"));
    let validator = validator(&site, "build");
    run.events.iter().for_each(|event| fits(&validator, event));
}

#[test]
fn shells_are_told_how_to_complete() {
    let site = Site::new(Repo::empty("completions"));
    for (shell, part) in [
        ("bash", "complete -F _pymono"),
        ("zsh", "#compdef pymono"),
        ("fish", "complete -c pymono"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = site.pymono(&["completions", shell]).read();
        assert!(script.contains(part) && script.contains("schema"), "{shell}");
    }
}
