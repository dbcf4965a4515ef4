//! Python projects that Cargo builds.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    time::{Duration, SystemTime},
};

use pymono_tests::{Repo, Site, Tool, examples, projects::built_by};
use serde_json::Value;

const MATURIN: &str = "requires = [\"maturin>=1.9\"]\nbuild-backend = \"maturin\"";
const SETUPTOOLS: &str = "requires = [\"setuptools>=77\", \"setuptools-rust\"]\n\
    build-backend = \"setuptools.build_meta\"";

const WORKSPACE: &str = r#"
[workspace]
resolver = "2"
members = ["crates/*", "services/*"]

[workspace.dependencies]
itoa = "1"
engine = { package = "quote-core", path = "crates/core" }
"#;

const EXTENSION: &str = r#"
[lib]
name = "_quote"
crate-type = ["cdylib"]

[dependencies]
engine.workspace = true
pyo3 = { version = "0.27", default-features = false, features = ["extension-module", "macros"] }
"#;

const MODULE: &str = r#"
use pyo3::prelude::*;

#[pymodule]
fn _quote(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("PRICE", engine::price(14))
}
"#;

const CORE: &str = r#"
include!(concat!(env!("OUT_DIR"), "/rate.rs"));

pub fn price(pieces: u64) -> String {
    itoa::Buffer::new().format(pieces * RATE).to_owned()
}
"#;

/// Only needed to build `core`: a dependency of its build script.
const SCRIPT: &str = r#"
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let text = format!("pub const RATE: u64 = {};", rates::RATE);
    std::fs::write(format!("{out}/rate.rs"), text).unwrap();
}
"#;

fn manifest(name: &str, rest: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}")
}

/// Makes a workspace of crates with two services on top: an extension module, and a program.
///
/// The folder of the first has a name that no build has had, and so has its cache.
fn site() -> (Site, String) {
    let repo = Repo::new("rust", "");
    let quote = format!("services/{}", repo.unique());
    repo.write("Cargo.toml", WORKSPACE);
    for (name, rest, source) in [
        (
            "core",
            "[dependencies]\nitoa.workspace = true\n[build-dependencies]\nrates = { path = \"../rates\" }\n\
             [dev-dependencies]\ntestkit = { path = \"../testkit\" }\n",
            CORE,
        ),
        ("rates", "", "pub const RATE: u64 = 3;"),
        ("testkit", "[dependencies]\nmemchr = \"2\"\n", ""),
        ("other", "[dependencies]\ncfg-if = \"1\"\n", ""),
    ] {
        let package = if name == "core" { "quote-core" } else { name };
        repo.write(&format!("crates/{name}/Cargo.toml"), &manifest(package, rest));
        repo.write(&format!("crates/{name}/src/lib.rs"), source);
    }
    repo.write("crates/core/build.rs", SCRIPT);

    let maturin = "[tool.maturin]\npython-source = \"python\"\nmodule-name = \"quote._quote\"\n\
        [tool.pymono]\ncommand = [\"python\", \"-m\", \"quote\"]\n";
    repo.write(&format!("{quote}/pyproject.toml"), &built_by(MATURIN, "quote", maturin));
    repo.write(&format!("{quote}/Cargo.toml"), &manifest("quote", EXTENSION));
    repo.write(&format!("{quote}/src/lib.rs"), MODULE);
    repo.write(&format!("{quote}/python/quote/__init__.py"), "");
    let main = "from quote._quote import PRICE\n\nprint(PRICE)\n";
    repo.write(&format!("{quote}/python/quote/__main__.py"), main);

    let setuptools = "[tool.setuptools]\npackages = []\n\
        [[tool.setuptools-rust.bins]]\ntarget = \"tariff\"\n\
        [tool.pymono]\ncommand = [\"tariff\"]\n";
    repo.write("services/tariff/pyproject.toml", &built_by(SETUPTOOLS, "tariff", setuptools));
    let program = manifest("tariff", "[dependencies]\nengine.workspace = true\n");
    repo.write("services/tariff/Cargo.toml", &program);
    let main = "fn main() {\n    println!(\"{}\", engine::price(100));\n}\n";
    repo.write("services/tariff/src/main.rs", main);

    repo.write(".gitignore", "/target\n");
    cargo_lock(&repo);
    repo.lock(&[]);
    repo.commit();
    (Site::new(repo), quote)
}

fn cargo_lock(repo: &Repo) {
    Tool::new("cargo").args(["generate-lockfile", "--quiet"]).cwd(&repo.root()).read();
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn services_are_compiled_from_the_crates_that_they_need() {
    let (site, quote) = site();
    site.build(&["quote", "tariff"]);
    assert_eq!(site.answer("quote"), "42");
    assert_eq!(site.answer("tariff"), "300");

    // Nothing of Rust is in the image, and nothing of what it was built from.
    let image = site.repo.image("quote");
    let tools = "command -v cargo rustc cc uv maturin; \
        find / -xdev '(' -name '*.rs' -o -name 'Cargo.*' -o -name '*.crate' ')'; true";
    assert_eq!(site.docker.shell(&image, tools), "");

    // A crate that is compiled in: what did not change is not compiled again, and a file that
    // is older than the last build, as one of another checkout may be, is not taken for the old one.
    mark(&site, &quote);
    site.repo.write("crates/rates/src/lib.rs", "pub const RATE: u64 = 5;");
    let file = site.repo.root().join("crates/rates/src/lib.rs");
    let old = SystemTime::now() - Duration::from_secs(1_000_000);
    File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
    let run = site.build(&["quote"]);
    assert_eq!(run.stages(), ["pkg-quote"]);
    assert_eq!(site.answer("quote"), "70");
    assert_eq!(compiled(&site, &quote), ["quote", "quote-core", "rates"]);

    // One file of Python: nothing is compiled.
    mark(&site, &quote);
    site.repo.replace(&format!("{quote}/python/quote/__main__.py"), "PRICE)", "PRICE + '!')");
    let run = site.build(&["quote"]);
    assert_eq!(run.stages(), ["pkg-quote"]);
    assert_eq!(site.answer("quote"), "70!");
    assert_eq!(compiled(&site, &quote), [] as [&str; 0]);

    // Crates that the service does not need, with others from elsewhere in the lock.
    site.repo.write("crates/other/src/lib.rs", "pub fn new() {}");
    site.repo.replace("crates/other/Cargo.toml", "cfg-if", "fnv");
    site.repo.replace("crates/testkit/Cargo.toml", "memchr = \"2\"", "");
    site.repo.write("crates/new/Cargo.toml", &manifest("new", ""));
    site.repo.write("crates/new/src/lib.rs", "");
    Tool::new("cargo").args(["update", "--workspace"]).cwd(&site.repo.root()).read();
    let run = site.build(&["quote"]);
    assert_eq!(run.stages(), [] as [&str; 0]);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_lock_that_lacks_a_crate_is_refused() {
    let (site, _) = site();
    site.repo.replace(
        "crates/core/Cargo.toml",
        "[dependencies]\n",
        "[dependencies]\nfnv = \"1\"\n",
    );
    let (finished, _) = site.try_build(&["tariff"]);
    assert_eq!(finished.code, Some(1));
    let advice =
        "pymono: Cargo.lock does not fit the manifests any more; run `cargo update --workspace`";
    assert!(finished.stdout.contains(advice), "{finished:?}");
}

/// The workspace of this very repository, as a package that maturin would build.
#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn the_pins_of_a_package_are_those_that_cargo_itself_reaches() {
    let this = examples().parent().unwrap().to_owned();
    let site = Site::new(Repo::copy("own", &this));
    let rest = "[tool.pymono]\npython = \"3.13\"\ncommand = [\"pymono\"]\n";
    site.repo.write("crates/pymono/pyproject.toml", &built_by(MATURIN, "pymono", rest));
    let root = "[tool.uv.workspace]\nmembers = [\"crates/pymono\"]\n\n[tool.pymono]\nexclude = [\"examples\"]\n";
    site.repo.write("pyproject.toml", root);
    site.repo.lock(&[]);
    site.bake();
    let lock: toml::Table = site.repo.read(".pymono/pins/pkg-pymono/Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    let pinned: BTreeSet<String> = packages
        .map(|it| format!("{} {}", it["name"].as_str().unwrap(), it["version"].as_str().unwrap()))
        .collect();
    assert_eq!(pinned, reached(&site.repo, "pymono"));
    assert!(pinned.len() > 100 && !pinned.iter().any(|it| it.starts_with("proptest ")));
}

/// Returns what the build of a crate needs on all platforms, as Cargo resolves the whole workspace.
fn reached(repo: &Repo, name: &str) -> BTreeSet<String> {
    let metadata = Tool::new("cargo").args(["metadata", "--locked", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata.cwd(&repo.root()).read()).unwrap();
    let by_id = |list: &Value| -> BTreeMap<String, Value> {
        let entries = list.as_array().unwrap().iter();
        entries.map(|it| (it["id"].as_str().unwrap().to_owned(), it.clone())).collect()
    };
    let (packages, nodes) = (by_id(&metadata["packages"]), by_id(&metadata["resolve"]["nodes"]));
    let root = packages.iter().find(|(_, package)| package["name"] == name).unwrap().0;
    let (mut seen, mut todo) = (BTreeSet::new(), vec![root.clone()]);
    while let Some(id) = todo.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let needed = nodes[&id]["deps"].as_array().unwrap().iter().filter(|needed| {
            needed["dep_kinds"].as_array().unwrap().iter().any(|it| it["kind"] != "dev")
        });
        todo.extend(needed.map(|needed| needed["pkg"].as_str().unwrap().to_owned()));
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    seen.iter()
        .map(|id| format!("{} {}", text(&packages[id]["name"]), text(&packages[id]["version"])))
        .collect()
}

/// Runs a command that sees at `/cache` what the builds of a package keep.
fn in_cache(site: &Site, package: &str, command: &str) -> String {
    let id = format!("pymono-build:{package}:python-3-13-slim:$TARGETARCH");
    site.docker.in_cache(&id, command)
}

fn mark(site: &Site, package: &str) {
    in_cache(site, package, "test -e /cache/target && touch /cache/mark");
}

/// Returns the names of the crates that were compiled since the mark was made.
fn compiled(site: &Site, package: &str) -> Vec<String> {
    let find = "find /cache/target/release/.fingerprint -type f -newer /cache/mark";
    let files = in_cache(site, package, find);
    let units = files.lines().filter_map(|file| file.rsplit('/').nth(1));
    let names = units.filter_map(|unit| Some(unit.rsplit_once('-')?.0.to_owned()));
    names.collect::<BTreeSet<_>>().into_iter().collect()
}
