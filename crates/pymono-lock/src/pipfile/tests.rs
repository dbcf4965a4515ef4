//! Locks written by hand, each for one difficulty.

use proptest::prelude::*;

use super::PipfileLock;
use crate::{
    LocalKind, LockFormat, PinSource, Problem,
    testing::{pins, select, target, torn},
};

const LOCK: &str = r#"{
    "_meta": {
        "hash": { "sha256": "00" },
        "pipfile-spec": 6,
        "requires": { "python_version": "3.12" },
        "sources": [
            { "name": "main", "url": "https://${USER}@index.example/simple", "verify_ssl": true },
            { "name": "other", "url": "https://other.example/simple", "verify_ssl": true }
        ]
    },
    "default": {
        "click": { "hashes": ["sha256:c2", "sha256:c1"], "index": "other", "version": "==8.1.7" },
        "colorama": { "markers": "sys_platform == 'win32'", "version": "*" },
        "core": { "editable": true, "path": "./../libs/core", "extras": ["fancy"] },
        "tomli": { "hashes": [], "markers": "python_version < '3.13'", "version": "==2.0" }
    },
    "develop": {
        "click": { "hashes": ["sha256:c2", "sha256:c1"], "index": "other", "version": "==8.1.7" },
        "forked": { "git": "https://git.example/f.git", "ref": "ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a" },
        "six": { "file": "https://files.example/six-1.16.0-py3-none-any.whl" }
    },
    "docs": {
        "loose": { "git": "https://git.example/l.git", "ref": "main" },
        "open": { "version": ">=1" }
    }
}"#;

fn lock() -> PipfileLock {
    PipfileLock::parse("Pipfile.lock", LOCK).unwrap()
}

#[test]
fn categories_are_groups_and_markers_come_first() {
    let of = |groups: &[&str]| lock().close(&select(&[], groups), &target("3.12")).unwrap();
    let production = of(&[]);
    assert_eq!(pins(&production), ["click==8.1.7", "tomli==2.0"]);
    let core = &production.locals["../libs/core"];
    assert_eq!((core.kind, core.extras.len()), (LocalKind::Editable, 1));
    assert_eq!(pins(&of(&["develop"])), ["click==8.1.7", "forked", "six==1.16.0", "tomli==2.0"]);
}

#[test]
fn hashes_without_names_are_kept_for_every_target() {
    let closure = lock().close(&select(&[], &[]), &target("3.12")).unwrap();
    let click = closure.pins.first().unwrap();
    assert_eq!(click.source, PinSource::Registry { index: "https://other.example/simple".into() });
    let hashes: Vec<_> = click.wheels.iter().filter_map(|wheel| wheel.hash.as_deref()).collect();
    assert_eq!(hashes, ["sha256:c1", "sha256:c2"]);
    assert!(click.wheels.iter().all(|wheel| !wheel.is_named()));
}

#[test]
fn what_is_selected_must_be_pinned() {
    let error = lock().close(&select(&[], &["docs"]), &target("3.12")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "these are not pinned: `loose @ git+https://git.example/l.git@main (line 23)`, \
         `open>=1 (line 24)`"
    );
    let hint = error.hint_for(LockFormat::Pipfile).unwrap();
    assert!(hint.ends_with("run `pipenv lock`"), "{hint}");
}

#[test]
fn another_python_than_the_lock_requires_is_refused() {
    let error = lock().close(&select(&[], &[]), &target("3.13")).unwrap_err().to_string();
    assert!(error.ends_with("it was made for `python 3.12`"), "{error}");
    assert!(lock().close(&select(&[], &[]), &target("3.12.4")).is_ok());
}

#[test]
fn a_torn_lock_is_refused_with_a_line() {
    let wrong = |old: &str, new: &str| {
        assert!(LOCK.contains(old), "{old}");
        PipfileLock::parse("Pipfile.lock", &LOCK.replace(old, new)).unwrap_err()
    };
    assert!(
        wrong("\"develop\": {", "\"develop\": {{")
            .to_string()
            .starts_with("`Pipfile.lock`, line 17: the file is torn")
    );
    let twice = wrong("\"colorama\"", "\"Click\"").to_string();
    assert!(
        twice.starts_with(
            "`Pipfile.lock`, line 13: `click` is locked twice; the first entry is in line 12"
        ),
        "{twice}"
    );
    let marker = wrong("'win32'", "").to_string();
    assert!(marker.starts_with("`Pipfile.lock`, line 13: the marker of `colorama`"), "{marker}");
    let version = wrong("==2.0", "==two").to_string();
    assert!(
        version.starts_with("`Pipfile.lock`, line 15: the version of `tomli`, `two`"),
        "{version}"
    );
    let index = wrong("\"index\": \"other\"", "\"index\": \"moon\"").to_string();
    assert!(index.ends_with("no source is called `moon`"), "{index}");
    let spec = wrong("\"pipfile-spec\": 6", "\"pipfile-spec\": 7");
    assert_eq!(spec.problem, Problem::Version { found: Some("7".into()), known: "6" });
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,80}") {
        prop_assert!(PipfileLock::parse("Pipfile.lock", &text).is_err());
    }

    #[test]
    fn no_torn_lock_is_a_panic(text in torn(LOCK)) {
        if let Ok(lock) = PipfileLock::parse("Pipfile.lock", &text) {
            let _ = lock.close(&select(&[], &["develop"]), &target("3.12"));
        }
    }
}
