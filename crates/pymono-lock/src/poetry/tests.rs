//! Locks written by hand, each for one difficulty.

use proptest::prelude::*;

use super::PoetryLock;
use crate::{
    ClosureError, LocalKind, LockFormat, PinSource, Problem,
    testing::{pins, select, target, torn},
};

const PROJECT: &str = r#"[tool.poetry]
name = "svc"
[tool.poetry.dependencies]
python = "^3.11"
core = { path = "../core", develop = true, extras = ["fancy"] }
numpy = [{ version = "1.26.4", python = "<3.12" }, { version = "^2.1", python = ">=3.12" }]
redis = { version = "*", optional = true }
[tool.poetry.extras]
cache = ["Redis"]
[tool.poetry.group.dev.dependencies]
pytest = "^8"
"#;

const WALKED: &str = r#"[[package]]
name = "core"
version = "0.1.0"
files = []
develop = true
[package.dependencies]
Click = ">=8"
rich = { version = "*", optional = true }
[package.extras]
fancy = ["rich (>=1)"]
[package.source]
type = "directory"
url = "../core"

[[package]]
name = "click"
version = "8.1.7"
files = [{ file = "click-8.1.7-py3-none-any.whl", hash = "sha256:c1" }, { file = "click-8.1.7.tar.gz", hash = "sha256:c2" }]

[[package]]
name = "rich"
version = "13.0.0"
files = []

[[package]]
name = "numpy"
version = "1.26.4"
files = [{ file = "numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl", hash = "sha256:n1" }]

[[package]]
name = "numpy"
version = "2.1.3"
files = [{ file = "numpy-2.1.3-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:n2" }]

[[package]]
name = "redis"
version = "5.0.0"
optional = true
files = []
[package.dependencies]
numpy = "*"

[[package]]
name = "pytest"
version = "8.3.3"
files = []

[extras]
cache = ["redis"]

[metadata]
lock-version = "2.0"
python-versions = "^3.11"
"#;

const TOLD: &str = r#"[[package]]
name = "core"
version = "0.1.0"
groups = ["main"]
files = []
[package.dependencies]
lib = { path = "../lib" }
[package.source]
type = "directory"
url = "./../core"

[[package]]
name = "lib"
version = "1"
groups = ["main", "dev"]
markers = { main = "python_version < '3.12'", dev = "sys_platform == 'linux'" }
files = []
[package.source]
type = "directory"
url = "../lib"

[[package]]
name = "redis"
version = "5.0.0"
groups = ["main"]
markers = "extra == 'cache'"
files = []
[package.source]
type = "legacy"
url = "https://index.example/simple"

[[package]]
name = "forked"
version = "1.0"
groups = ["dev"]
files = []
[package.source]
type = "git"
url = "https://git.example/forked.git"
reference = "main"
resolved_reference = "ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a"

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
"#;

fn walked() -> PoetryLock {
    PoetryLock::parse("poetry.lock", WALKED, PROJECT).unwrap()
}

#[test]
fn an_old_lock_is_walked_from_the_project() {
    let lock = walked();
    let of = |extras: &[&str], groups: &[&str], python: &str| {
        pins(&lock.close(&select(extras, groups), &target(python)).unwrap())
    };
    assert_eq!(of(&[], &[], "3.11"), ["click==8.1.7", "numpy==1.26.4", "rich==13.0.0"]);
    assert_eq!(of(&[], &[], "3.12"), ["click==8.1.7", "numpy==2.1.3", "rich==13.0.0"]);
    // Redis takes any numpy, so it takes the one that is needed anyway.
    let all = ["click==8.1.7", "numpy==1.26.4", "pytest==8.3.3", "redis==5.0.0", "rich==13.0.0"];
    assert_eq!(of(&["cache"], &["dev"], "3.11"), all);
}

#[test]
fn local_packages_are_known_by_their_paths() {
    let closure = walked().close(&select(&[], &[]), &target("3.12")).unwrap();
    assert_eq!(closure.locals.keys().collect::<Vec<_>>(), [".", "../core"]);
    assert_eq!(closure.locals["."].needs, ["../core".to_owned()].into());
    let core = &closure.locals["../core"];
    assert_eq!((core.kind, core.extras.len()), (LocalKind::Editable, 1));
}

#[test]
fn a_new_lock_tells_who_needs_what_and_when() {
    let lock = PoetryLock::parse("poetry.lock", TOLD, PROJECT).unwrap();
    let of = |extras: &[&str], groups: &[&str], python: &str| {
        lock.close(&select(extras, groups), &target(python)).unwrap()
    };
    let old = of(&[], &[], "3.11");
    assert_eq!(old.locals.keys().collect::<Vec<_>>(), [".", "../core", "../lib"]);
    assert_eq!(old.locals["../core"].needs, ["../lib".to_owned()].into());
    let new = of(&[], &[], "3.12");
    assert_eq!(new.locals.keys().collect::<Vec<_>>(), [".", "../core"]);
    assert!(new.locals["../core"].needs.is_empty());
    let all = of(&["cache"], &["dev"], "3.12");
    assert_eq!(pins(&all), ["forked==1.0", "redis==5.0.0"]);
    assert!(all.locals.contains_key("../lib"));
}

#[test]
fn a_lock_that_names_no_index_leaves_it_to_the_installer() {
    let closure = walked().close(&select(&[], &[]), &target("3.12")).unwrap();
    let index = PinSource::DEFAULT_INDEX.to_owned();
    let click = closure.pins.first().unwrap();
    assert_eq!(click.source, PinSource::Registry { index });
    assert_eq!(click.wheels.len(), 1);
    assert!(click.sdist.is_some());
    // Where a package has no files, nothing is known of any.
    let rich = closure.pins.last().unwrap();
    assert!(rich.wheels.iter().all(|wheel| !wheel.is_named() && wheel.hash.is_none()));
}

#[test]
fn what_is_not_in_the_lock_is_refused_in_the_words_of_poetry() {
    let wrong = |extras: &[&str], groups: &[&str], python: &str| {
        walked().close(&select(extras, groups), &target(python)).unwrap_err()
    };
    let group = wrong(&[], &["docs"], "3.12");
    assert_eq!(group.to_string(), "`svc` has no dependency group `docs`; there are `dev`");
    let hint = group.hint_for(LockFormat::Poetry).unwrap();
    assert_eq!(hint, "check the spelling; if it was added just now, run `poetry lock`");
    assert!(matches!(wrong(&["x"], &[], "3.12"), ClosureError::UnknownExtra { .. }));
    let python = wrong(&[], &[], "3.10").to_string();
    assert!(python.ends_with("it was made for `python ^3.11`"), "{python}");
    let other = crate::Selection::production("other".parse().unwrap());
    let other = walked().close(&other, &target("3.12")).unwrap_err().to_string();
    assert_eq!(other, "the lock has no local package `other`; it has `svc`");
}

#[test]
fn a_dependency_that_leads_nowhere_is_told_with_its_line() {
    let text = WALKED.replace("Click = \">=8\"", "clack = \">=8,<9\"");
    let lock = PoetryLock::parse("poetry.lock", &text, PROJECT).unwrap();
    let error = lock.close(&select(&[], &[]), &target("3.12")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`core` depends on `clack>=8, <9`, which the lock does not have (line 1)"
    );
}

#[test]
fn a_torn_lock_is_refused_with_a_line() {
    let wrong =
        |text: &str| PoetryLock::parse("poetry.lock", text, PROJECT).unwrap_err().to_string();
    let twice =
        WALKED.replace("[extras]", "[[package]]\nname = \"Rich\"\nversion = \"13\"\n[extras]");
    assert_eq!(
        wrong(&twice),
        "`poetry.lock`, line 48: `rich` is locked twice; the first entry is in line 20"
    );
    let torn = WALKED.lines().count() + 1;
    for (text, expected) in [
        (WALKED.replace("\"directory\"", "\"moon\""), "line 1: `core` comes from".to_owned()),
        (format!("{WALKED}<<<<<<<"), format!("line {torn}: the file has a merge conflict")),
        (TOLD.replace("extra == 'cache'", "extra =="), "line 22: a marker of `redis`".to_owned()),
    ] {
        let error = wrong(&text);
        assert!(error.starts_with(&format!("`poetry.lock`, {expected}")), "{error}");
    }
    let of_project =
        PoetryLock::parse("poetry.lock", WALKED, &PROJECT.replace("\"^8\"", "\"^x\"")).unwrap_err();
    assert!(of_project.to_string().starts_with("`pyproject.toml`, line 11: "), "{of_project}");
}

#[test]
fn a_lock_of_another_version_is_told_from_a_torn_one() {
    let wrong = |text: &str| PoetryLock::parse("poetry.lock", text, PROJECT).unwrap_err().problem;
    let of = |version: Option<&str>| Problem::Version {
        found: version.map(str::to_owned),
        known: "1.0 to 2.1",
    };
    assert_eq!(wrong("package = 1\n[metadata]\nlock-version = \"3.0\"\n"), of(Some("3.0")));
    assert_eq!(wrong(""), of(None));
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,60}", project in "\\PC{0,60}") {
        prop_assert!(PoetryLock::parse("poetry.lock", &text, &project).is_err());
    }

    #[test]
    fn no_torn_lock_is_a_panic(walked in torn(WALKED), told in torn(TOLD), project in torn(PROJECT)) {
        for (text, project) in [(&*walked, PROJECT), (&told, PROJECT), (WALKED, &project)] {
            if let Ok(lock) = PoetryLock::parse("poetry.lock", text, project) {
                let _ = lock.close(&select(&["cache"], &["dev"]), &target("3.12"));
            }
        }
    }
}
