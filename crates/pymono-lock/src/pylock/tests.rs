//! Locks written by hand, each for one difficulty.

use proptest::prelude::*;

use super::Pylock;
use crate::{
    ClosureError, LocalKind, PinSource, Problem,
    testing::{pins, select, target, torn},
};

const LOCK: &str = r#"lock-version = "1.0"
environments = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]
requires-python = ">=3.11"
extras = ["fast"]
dependency-groups = ["default", "docs"]
default-groups = ["default"]
created-by = "someone"

[[packages]]
name = "plain"
version = "1.0"
index = "https://index.example/simple"
sdist = { url = "https://files.example/plain-1.0.tar.gz", size = 7, hashes = { sha256 = "50" } }
wheels = [{ name = "plain-1.0-py3-none-any.whl", path = "./wheels/x.whl", hashes = { sha512 = "40", sha256 = "41" } }]

[[packages]]
name = "quick"
version = "1.0"
marker = "'fast' in extras and python_version < '3.13'"
wheels = [{ url = "https://files.example/quick-1.0-py3-none-any.whl", hashes = { md5 = "42" } }]

[[packages]]
name = "sphinx"
version = "8.0"
requires-python = ">=3.12"
marker = "'docs' in dependency_groups"
archive = { url = "https://files.example/sphinx-8.0.zip", subdirectory = "src", hashes = { sha256 = "43" } }

[[packages]]
name = "core"
marker = "'default' in dependency_groups"
directory = { path = "../libs", editable = true, subdirectory = "core" }

[[packages]]
name = "forked"
marker = "'docs' in dependency_groups"
vcs = { type = "git", url = "https://git.example/forked.git", commit-id = "ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a" }
"#;

fn lock() -> Pylock {
    Pylock::parse("pylock.toml", LOCK).unwrap()
}

#[test]
fn markers_ask_for_what_is_selected() {
    let of = |extras: &[&str], groups: &[&str], python: &str| {
        pins(&lock().close(&select(extras, groups), &target(python)).unwrap())
    };
    assert_eq!(of(&[], &[], "3.12"), ["plain==1.0"]);
    assert_eq!(of(&["fast"], &[], "3.12"), ["plain==1.0", "quick==1.0"]);
    assert_eq!(of(&["fast"], &[], "3.13"), ["plain==1.0"]);
    assert_eq!(of(&[], &["docs"], "3.12"), ["forked", "plain==1.0", "sphinx==8.0"]);
}

#[test]
fn default_groups_are_always_selected() {
    let closure = lock().close(&select(&[], &[]), &target("3.12")).unwrap();
    assert_eq!(closure.locals.keys().collect::<Vec<_>>(), ["../libs/core"]);
    assert_eq!(closure.locals["../libs/core"].kind, LocalKind::Editable);
}

#[test]
fn every_kind_of_place_is_read() {
    let closure = lock().close(&select(&["fast"], &["docs"]), &target("3.12")).unwrap();
    let pin = |name: &str| closure.pins.iter().find(|pin| pin.name.as_ref() == name).unwrap();
    let plain = pin("plain");
    assert_eq!(plain.source, PinSource::Registry { index: "https://index.example/simple".into() });
    let wheel = &plain.wheels[0];
    assert_eq!(
        (wheel.path.as_deref(), wheel.hash.as_deref()),
        (Some("wheels/x.whl"), Some("sha256:41"))
    );
    assert_eq!(plain.sdist.as_ref().unwrap().size, Some(7));
    assert_eq!(pin("quick").wheels[0].hash.as_deref(), Some("md5:42"));
    assert!(
        matches!(&pin("sphinx").source, PinSource::Url { subdirectory: Some(it), .. } if it == "src")
    );
    assert_eq!(pin("sphinx").sdist.as_ref().unwrap().file_name, "sphinx-8.0.zip");
    assert!(
        matches!(&pin("forked").source, PinSource::Git { commit, .. } if commit.starts_with("ad74"))
    );
}

#[test]
fn what_the_lock_is_not_for_is_refused() {
    let wrong = |groups: &[&str], python: &str| {
        lock().close(&select(&[], groups), &target(python)).unwrap_err().to_string()
    };
    assert_eq!(wrong(&[], "3.10"), "the lock does not cover python 3.10; it requires `>=3.11`");
    assert!(wrong(&["docs"], "3.11").ends_with("it was made for `sphinx on python >=3.12`"));
    assert!(wrong(&["test"], "3.12").contains("there are `default`, `docs`"));
    let other = LOCK.replace("sys_platform == 'linux'", "sys_platform == 'win32'");
    let other =
        Pylock::parse("pylock.toml", &other).unwrap().close(&select(&[], &[]), &target("3.12"));
    assert!(
        matches!(other, Err(ClosureError::UnsupportedTarget { supported, .. }) if supported.len() == 2)
    );
}

#[test]
fn two_versions_at_once_are_refused() {
    let text = LOCK.replace("name = \"sphinx\"", "name = \"plain\"");
    let error = Pylock::parse("pylock.toml", &text)
        .unwrap()
        .close(&select(&[], &["docs"]), &target("3.12"));
    assert_eq!(
        error.unwrap_err().to_string(),
        "`plain` is pinned more than once: `plain==1.0 (line 9)`, `plain==8.0 (line 22)`"
    );
}

#[test]
fn a_torn_lock_is_refused_with_a_line() {
    let wrong = |old: &str, new: &str| {
        assert!(LOCK.contains(old), "{old}");
        Pylock::parse("pylock.toml", &LOCK.replace(old, new)).unwrap_err().to_string()
    };
    assert!(
        wrong("'docs' in dependency_groups", "'docs' in")
            .starts_with("`pylock.toml`, line 26: the marker of `sphinx`")
    );
    assert!(wrong("type = \"git\"", "type = \"hg\"").ends_with("not known: `type` is `hg`"));
    assert!(wrong("directory = {", "other = {").contains("exactly one of"));
    assert_eq!(
        wrong(
            "[[packages]]\nname = \"core\"",
            "[[packages]]\nname = \"Plain\"\nversion = \"1.0\"\nsdist = { url = \"u\" }\n[[packages]]\nname = \"core\""
        ),
        "`pylock.toml`, line 29: `plain` is locked twice; the first entry is in line 9"
    );
    let version = Pylock::parse("pylock.toml", "lock-version = \"2.0\"\npackages = 1").unwrap_err();
    assert_eq!(version.problem, Problem::Version { found: Some("2.0".into()), known: "1.0" });
    assert_eq!(version.line, Some(1));
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,80}") {
        prop_assert!(Pylock::parse("pylock.toml", &text).is_err());
    }

    #[test]
    fn no_torn_lock_is_a_panic(text in torn(LOCK)) {
        if let Ok(lock) = Pylock::parse("pylock.toml", &text) {
            let _ = lock.close(&select(&["fast"], &["docs"]), &target("3.12"));
        }
    }
}
