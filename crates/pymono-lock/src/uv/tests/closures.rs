//! What a closure holds.

use std::collections::BTreeSet;

use pymono_names::{Platform, Target};

use super::{HEAD, close, locals, lock, member, package, pins, select, target};
use crate::{Closure, LocalKind, Lock, PinSource};

#[test]
fn a_local_package_knows_what_it_needs_directly() {
    let lock = lock(&[
        member(
            "api",
            r#"dependencies = [{ name = "core", extra = ["fast"] }, { name = "click" }]"#,
        ),
        member(
            "core",
            r#"dependencies = [{ name = "base" }]
[package.optional-dependencies]
fast = [{ name = "orjson" }]"#,
        ),
        member("base", ""),
        member("other", r#"dependencies = [{ name = "unreached" }]"#),
        package("click", "8.1", ""),
        package("orjson", "3.0", ""),
        package("unreached", "1.0", ""),
    ]);
    let closure = close(&lock, &select("api", &[], &[]));
    assert_eq!(pins(&closure), ["click==8.1", "orjson==3.0"]);
    assert_eq!(locals(&closure), ["api", "base", "core"]);
    assert_eq!(closure.locals["api"].needs, BTreeSet::from(["core".to_owned()]));
    assert_eq!(closure.locals["core"].needs, BTreeSet::from(["base".to_owned()]));
    assert_eq!(closure.locals["core"].extras, BTreeSet::from(["fast".parse().unwrap()]));
    assert_eq!(closure.locals["core"].kind, LocalKind::Editable);
}

#[test]
fn cycles_and_self_references_end() {
    let lock = lock(&[
        member(
            "a",
            r#"dependencies = [{ name = "b" }]
[package.optional-dependencies]
all = [{ name = "a", extra = ["tools"] }]
tools = [{ name = "x" }]"#,
        ),
        member("b", r#"dependencies = [{ name = "a" }]"#),
        package("x", "1.0", r#"dependencies = [{ name = "x" }, { name = "y" }]"#),
        package("y", "1.0", r#"dependencies = [{ name = "x" }]"#),
    ]);
    let closure = close(&lock, &select("a", &["all"], &[]));
    assert_eq!(pins(&closure), ["x==1.0", "y==1.0"]);
    assert_eq!(closure.locals["a"].needs, BTreeSet::from(["b".to_owned()]), "not itself");
    assert_eq!(pins(&close(&lock, &select("a", &[], &[]))), [""; 0]);
}

#[test]
fn a_fork_is_told_by_version_and_source() {
    let from = |index: &str| format!(r#"source = {{ registry = "https://{index}.example" }}"#);
    let torch = |version: &str, index: &str| {
        package("torch", version, "")
            .replace(r#"source = { registry = "https://index.example" }"#, &from(index))
    };
    let edge = |version: &str, index: &str, marker: &str| {
        format!(
            r#"{{ name = "torch", version = "{version}", {}, marker = "{marker}" }}"#,
            from(index)
        )
    };
    let edges = [
        edge("2.0", "cpu", "python_full_version >= '3.12' and platform_machine == 'x86_64'"),
        edge("2.0", "gpu", "python_full_version >= '3.12' and platform_machine != 'x86_64'"),
        edge("1.9", "cpu", "python_full_version < '3.12'"),
    ];
    let lock = lock(&[
        member("app", &format!("dependencies = [{}]", edges.join(", "))),
        torch("1.9", "cpu"),
        torch("2.0", "cpu"),
        torch("2.0", "gpu"),
    ]);
    let on = |target: Target| {
        let closure = lock.close(&select("app", &[], &[]), &target).unwrap();
        let pin = closure.pins.first().unwrap().clone();
        assert_eq!(closure.pins.len(), 1);
        (pin.version.unwrap().to_string(), pin.source)
    };
    let index = |name: &str| PinSource::Registry { index: format!("https://{name}.example") };
    assert_eq!(on(target("3.12")), ("2.0".into(), index("cpu")));
    assert_eq!(
        on(Target { platform: Platform::Arm64, ..target("3.12") }),
        ("2.0".into(), index("gpu"))
    );
    assert_eq!(on(target("3.11")), ("1.9".into(), index("cpu")));
}

#[test]
fn a_marker_counts_only_where_its_parent_is_reached() {
    let lock = lock(&[
        member(
            "app",
            r#"dependencies = [{ name = "old", marker = "python_full_version < '3.12'" }]"#,
        ),
        package("old", "1.0", r#"dependencies = [{ name = "zipp" }]"#),
        package("zipp", "3.0", ""),
    ]);
    let on = |python| pins(&lock.close(&select("app", &[], &[]), &target(python)).unwrap());
    assert_eq!(on("3.11"), ["old==1.0", "zipp==3.0"]);
    assert_eq!(on("3.12"), [""; 0]);
}

#[test]
fn a_member_may_have_no_version_and_a_name_of_any_spelling() {
    let entries = [
        r#"[[package]]
name = "My_Pkg"
source = { virtual = "." }
dependencies = [{ name = "dyn.lib" }]
"#
        .to_owned(),
        r#"[[package]]
name = "dyn-lib"
source = { directory = "../outside/lib" }
"#
        .to_owned(),
    ];
    let closure = close(&lock(&entries), &select("my-pkg", &[], &[]));
    assert_eq!(locals(&closure), [".", "../outside/lib"]);
    assert_eq!(closure.locals["."].kind, LocalKind::Virtual);
    assert_eq!(closure.locals["../outside/lib"].kind, LocalKind::Directory);
}

#[test]
fn groups_come_from_the_package_or_else_from_the_root() {
    let manifest = r#"[manifest.dependency-groups]
lint = [{ name = "ruff", specifier = "==0.9.0" }]
test = [{ name = "never" }]
"#;
    let entries = [
        manifest.to_owned(),
        member(
            "app",
            r#"[package.dev-dependencies]
test = [{ name = "pytest" }]
[package.metadata.requires-dev]
empty = []"#,
        ),
        package("never", "1.0", ""),
        package("pytest", "8.0", ""),
        package("ruff", "0.9.0", ""),
    ];
    let lock = lock(&entries);
    assert_eq!(pins(&close(&lock, &select("app", &[], &[]))), [""; 0]);
    assert_eq!(pins(&close(&lock, &select("app", &[], &["test"]))), ["pytest==8.0"]);
    assert_eq!(pins(&close(&lock, &select("app", &[], &["lint", "empty"]))), ["ruff==0.9.0"]);
    let error = lock.close(&select("app", &[], &["docs"]), &target("3.12")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`app` has no dependency group `docs`; there are `empty`, `lint`, `test`"
    );
}

#[test]
fn a_group_of_the_root_follows_the_forks_of_what_it_names() {
    let fork = |version: &str, marker: &str| {
        package("p", version, &format!(r#"resolution-markers = ["{marker}"]"#))
    };
    let lock = lock(&[
        r#"[manifest.dependency-groups]
test = [{ name = "p", extras = ["x"], marker = "sys_platform == 'linux'" }]
"#
        .to_owned(),
        member("app", ""),
        fork("1.0", "python_full_version < '3.12'"),
        fork("2.0", "python_full_version >= '3.12'"),
    ]);
    let on = |python| pins(&lock.close(&select("app", &[], &["test"]), &target(python)).unwrap());
    assert_eq!(on("3.11"), ["p==1.0"]);
    assert_eq!(on("3.12"), ["p==2.0"]);
}

#[test]
fn archives_and_repositories_are_pins_of_their_own_kind() {
    let entries = [
        member("app", r#"dependencies = [{ name = "gitpkg" }, { name = "six" }, { name = "boxed" }]"#),
        r#"[[package]]
name = "gitpkg"
version = "0.3"
source = { git = "https://git.example/r?subdirectory=sub&tag=v0.3#ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a" }
"#.to_owned(),
        r#"[[package]]
name = "six"
version = "1.16.0"
source = { url = "https://files.example/six-1.16.0.tar.gz", subdirectory = "a" }
sdist = { hash = "sha256:1e61" }
"#.to_owned(),
        r#"[[package]]
name = "boxed"
version = "1.0"
source = { path = "vendor/boxed-1.0-py3-none-any.whl" }
wheels = [{ filename = "boxed-1.0-py3-none-any.whl", hash = "sha256:8abb" }]
"#.to_owned(),
    ];
    let closure = close(&lock(&entries), &select("app", &[], &[]));
    let [boxed, gitpkg, six] = &closure.pins.iter().collect::<Vec<_>>()[..] else {
        panic!("three pins")
    };
    assert_eq!(boxed.source, PinSource::Path { path: "vendor/boxed-1.0-py3-none-any.whl".into() });
    assert_eq!(boxed.wheels[0].path.as_deref(), Some("vendor/boxed-1.0-py3-none-any.whl"));
    assert!(matches!(&gitpkg.source, PinSource::Git { commit, .. } if commit.starts_with("ad74")));
    let sdist = six.sdist.as_ref().unwrap();
    assert_eq!(
        (sdist.file_name.as_str(), sdist.url.as_deref()),
        ("six-1.16.0.tar.gz", Some("https://files.example/six-1.16.0.tar.gz"))
    );
}

#[test]
fn older_and_newer_spellings_are_one_lock() {
    let new = format!(
        "{HEAD}{}{}",
        member(
            "app",
            r#"dependencies = [{ name = "x" }]
[package.dev-dependencies]
test = [{ name = "x" }]"#
        ),
        package("x", "1.0", "")
    );
    let old = new
        .replace("revision = 5\n", "")
        .replace("[[package]]", "[[distribution]]")
        .replace("[package.dev-dependencies]", "[distribution.dependency-groups]")
        .replace(
            "hash =",
            r#"upload_time = "2026-01-01T00:00:00Z", zstd = { hash = "sha256:1" }, hash ="#,
        )
        .replace('\n', " # a comment\r\n");
    let newer = new.replace("revision = 5", "revision = 99\nsomething-new = { a = 1 }");
    let expected = close(&Lock::parse("uv.lock", &new).unwrap(), &select("app", &[], &["test"]));
    assert_eq!(pins(&expected), ["x==1.0"]);
    for text in [old, newer] {
        assert_eq!(
            close(&Lock::parse("uv.lock", &text).unwrap(), &select("app", &[], &["test"])),
            expected
        );
    }
}

#[test]
fn files_of_a_folder_that_serves_as_an_index_are_found_from_the_lock() {
    let boxed = r#"[[package]]
name = "boxed"
version = "1.0"
source = { registry = "../links" }
wheels = [{ path = "boxed-1.0-py3-none-any.whl" }]
"#;
    let entries = [member("app", r#"dependencies = [{ name = "boxed" }]"#), boxed.to_owned()];
    let closure = close(&lock(&entries), &select("app", &[], &[]));
    let wheel = &closure.pins.first().unwrap().wheels[0];
    assert_eq!(wheel.file_name, "boxed-1.0-py3-none-any.whl");
    assert_eq!(wheel.path.as_deref(), Some("../links/boxed-1.0-py3-none-any.whl"));
    assert_eq!((&wheel.url, &wheel.hash), (&None, &None), "uv records neither");
}

#[test]
fn threads_share_what_a_target_sees_of_a_lock() {
    let lock = lock(&[
        member("app", r#"dependencies = [{ name = "x", marker = "python_version < '3.12'" }]"#),
        package("x", "1.0", ""),
    ]);
    let of = |python: &str| lock.close(&select("app", &[], &[]), &target(python)).unwrap();
    let (old, new) = (of("3.11"), of("3.12"));
    assert_eq!([pins(&old), pins(&new)], [vec!["x==1.0".to_owned()], vec![]]);
    std::thread::scope(|scope| {
        for closing in [scope.spawn(|| of("3.11")), scope.spawn(|| of("3.11"))] {
            let again = closing.join().unwrap();
            assert_eq!(again, old);
            // The wheels are those of the first closure, and not a copy of them.
            let wheels = |closure: &Closure| closure.pins.first().unwrap().wheels.as_ptr();
            assert_eq!(wheels(&again), wheels(&old));
        }
    });
}
