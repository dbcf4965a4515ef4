//! Locks written by hand, each for one difficulty.

use proptest::prelude::*;
use pymono_names::{Libc, Target};

use super::PdmLock;
use crate::{
    LocalKind, PinSource, Problem,
    testing::{pins, select, target, torn},
};

const PROJECT: &str = r#"[project]
name = "svc"
dependencies = ["redis[hiredis]", "numpy; python_version < '3.13'"]
[project.optional-dependencies]
fast = ["orjson"]
all = ["svc[fast]", "banned"]
[dependency-groups]
test = ["pytest"]
unlocked = ["ruff"]
[tool.pdm.dev-dependencies]
dev = ["-e file:///${PROJECT_ROOT}/../core#egg=core"]
[tool.pdm.resolution]
excludes = ["Banned"]
[[tool.pdm.source]]
name = "pypi"
url = "https://${USER}:${PASSWORD}@index.example/simple"
"#;

const HEAD: &str = r#"[metadata]
groups = ["default", "all", "fast", "dev", "test"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
[[metadata.targets]]
requires_python = ">=3.11"
[[metadata.targets]]
requires_python = ">=3.12"
platform = "alpine"

"#;

const LOCK: &str = r#"[metadata]
groups = ["default", "all", "fast", "dev", "test"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
[[metadata.targets]]
requires_python = ">=3.12"
platform = "manylinux_2_17_x86_64"
[[metadata.targets]]
requires_python = "~=3.12"
platform = "alpine"

[[package]]
name = "redis"
version = "5.0"
groups = ["default"]
files = [{ file = "redis-5.0-py3-none-any.whl", hash = "sha256:r1" }]

[[package]]
name = "redis"
version = "5.0"
extras = ["hiredis"]
groups = ["default"]
dependencies = ["hiredis>=3", "redis==5.0"]

[[package]]
name = "hiredis"
version = "3.0"
groups = ["default"]
files = [{ url = "https://files.example/hiredis-3.0-py3-none-any.whl", hash = "sha256:h1" }]

[[package]]
name = "numpy"
version = "2.0"
groups = ["default"]
marker = "python_version < \"3.13\""

[[package]]
name = "orjson"
version = "3.1"
groups = ["fast", "all"]

[[package]]
name = "banned"
version = "1.0"
groups = ["all"]

[[package]]
name = "core"
version = "0.1"
path = "./../core"
editable = true
groups = ["dev"]
dependencies = ["click", "banned"]

[[package]]
name = "click"
version = "8.1"
groups = ["dev"]

[[package]]
name = "pytest"
version = "8.0"
git = "https://git.example/pytest.git"
ref = "main"
revision = "ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a"
groups = ["test"]
"#;

fn lock() -> PdmLock {
    PdmLock::parse("pdm.lock", LOCK, PROJECT).unwrap()
}

/// The same lock, but whoever installs must find out who needs what.
fn walked() -> PdmLock {
    let lines = LOCK.lines().filter(|line| {
        let of_package = line.starts_with("groups = [\"") && !line.contains("\"default\", \"all\"");
        !of_package && !line.starts_with("marker") && !line.starts_with("strategy")
    });
    PdmLock::parse("pdm.lock", &lines.collect::<Vec<_>>().join("\n"), PROJECT).unwrap()
}

#[test]
fn both_kinds_of_lock_give_the_same() {
    for (extras, groups, python, expected) in [
        (&[][..], &[][..], "3.12", &["hiredis==3.0", "numpy==2.0", "redis==5.0"][..]),
        (&[], &[], "3.13", &["hiredis==3.0", "redis==5.0"]),
        (&["fast"], &[], "3.13", &["hiredis==3.0", "orjson==3.1", "redis==5.0"]),
        (&["all"], &[], "3.13", &["hiredis==3.0", "orjson==3.1", "redis==5.0"]),
        (&[], &["dev"], "3.13", &["click==8.1", "hiredis==3.0", "redis==5.0"]),
        (&[], &["test"], "3.13", &["hiredis==3.0", "pytest==8.0", "redis==5.0"]),
    ] {
        for lock in [lock(), walked()] {
            let closure = lock.close(&select(extras, groups), &target(python)).unwrap();
            assert_eq!(pins(&closure), expected, "{extras:?} {groups:?}");
            assert_eq!(closure.locals.contains_key("../core"), groups.contains(&"dev"));
        }
    }
}

#[test]
fn a_local_package_is_editable_if_the_lock_says_so() {
    let closure = lock().close(&select(&[], &["dev"]), &target("3.12")).unwrap();
    assert_eq!(closure.locals["../core"].kind, LocalKind::Editable);
    assert_eq!(closure.locals["."].needs, ["../core".to_owned()].into());
}

#[test]
fn the_index_is_the_one_that_the_project_puts_in_place_of_the_default() {
    let closure = lock().close(&select(&[], &[]), &target("3.13")).unwrap();
    let index = "https://${USER}:${PASSWORD}@index.example/simple".to_owned();
    let hiredis = closure.pins.first().unwrap();
    assert_eq!(hiredis.source, PinSource::Registry { index });
    assert_eq!(hiredis.wheels[0].file_name, "hiredis-3.0-py3-none-any.whl");
    assert!(hiredis.wheels[0].url.is_some());
}

#[test]
fn a_target_that_the_lock_is_not_for_is_refused() {
    let close = |target: Target| lock().close(&select(&[], &[]), &target);
    assert!(close(Target { libc: Libc::Musl, ..target("3.12") }).is_ok());
    assert!(close(target("3.12")).is_ok());
    assert_eq!(
        close(target("3.11")).unwrap_err().to_string(),
        "the lock does not cover linux/amd64 with python 3.11 and glibc; it was made for \
         `python >=3.12 on manylinux_2_17_x86_64`, `python ~=3.12 on alpine`"
    );
}

#[test]
fn a_group_that_is_declared_but_not_locked_is_unknown() {
    let error = lock().close(&select(&[], &["unlocked"]), &target("3.12")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`svc` has no dependency group `unlocked`; there are `dev`, `test`"
    );
}

#[test]
fn a_torn_lock_is_refused_with_a_line() {
    let wrong = |entries: &str| {
        PdmLock::parse("pdm.lock", &format!("{HEAD}{entries}"), PROJECT).unwrap_err().to_string()
    };
    let entry = "[[package]]\nname = \"a\"\nversion = \"1\"\n";
    assert_eq!(
        wrong(&format!("{entry}{entry}")),
        "`pdm.lock`, line 14: `a` is locked twice; the first entry is in line 11"
    );
    let from = |line: &str| wrong(&format!("{entry}{line}\n"));
    assert!(from("hg = \"https://hg.example\"").ends_with("not known: only `git` is known"));
    assert!(from("git = \"https://git.example\"").ends_with("`revision` is missing"));
    assert!(
        from("dependencies = [\"b >>\"]").starts_with("`pdm.lock`, line 11: a dependency of `a`")
    );
    assert!(from("marker = \"(\"").starts_with("`pdm.lock`, line 11: the marker of `a`"));
    let version =
        PdmLock::parse("pdm.lock", "[metadata]\nlock_version = \"5.0\"", PROJECT).unwrap_err();
    assert_eq!(
        version.problem,
        Problem::Version { found: Some("5.0".into()), known: "4.0 to 4.5" }
    );
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,60}", project in "\\PC{0,60}") {
        prop_assert!(PdmLock::parse("pdm.lock", &text, &project).is_err());
    }

    #[test]
    fn no_torn_lock_is_a_panic(text in torn(LOCK), project in torn(PROJECT)) {
        for (text, project) in [(&*text, PROJECT), (LOCK, &project)] {
            if let Ok(lock) = PdmLock::parse("pdm.lock", text, project) {
                let _ = lock.close(&select(&["all"], &["dev"]), &target("3.12"));
            }
        }
    }
}
