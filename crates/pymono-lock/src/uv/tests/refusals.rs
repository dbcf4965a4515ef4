//! What is refused, and in which words.

use std::collections::BTreeSet;

use pymono_names::{Platform, Target};

use super::{close, error, lock, member, name, package, pins, select, target};
use crate::{ClosureError, Lock, Problem, Selection};

#[test]
fn a_target_that_the_lock_does_not_cover_is_refused() {
    let linux_on_arm =
        r#"supported-markers = ["sys_platform == 'linux' and platform_machine == 'aarch64'"]
"#
        .to_owned();
    let lock = lock(&[linux_on_arm, member("app", "")]);
    let app = select("app", &[], &[]);
    assert_eq!(
        lock.close(&app, &target("3.12")).unwrap_err().to_string(),
        "the lock does not cover linux/amd64 with python 3.12 and glibc; \
         it was made for `sys_platform == 'linux' and platform_machine == 'aarch64'`"
    );
    assert!(lock.close(&app, &Target { platform: Platform::Arm64, ..target("3.12") }).is_ok());
    let old = lock.close(&app, &target("3.10")).unwrap_err();
    assert_eq!(old.to_string(), "the lock does not cover python 3.10; it requires `>=3.11`");
}

#[test]
fn a_package_without_a_fitting_file_is_refused_by_name() {
    let wheel = |file: &str| {
        format!(r#"{{ url = "https://files.example/{file}", hash = "sha256:00", size = 7 }}"#)
    };
    let only = |files: &[&str]| {
        let wheels: Vec<_> = files.iter().map(|file| wheel(file)).collect();
        let source = r#"source = { registry = "https://index.example" }"#;
        let entry = format!(
            r#"[[package]]
name = "fast"
version = "1.0+cpu"
{source}
wheels = [{}]
"#,
            wheels.join(", ")
        );
        lock(&[member("app", r#"dependencies = [{ name = "fast" }]"#), entry])
            .close(&select("app", &[], &[]), &target("3.12"))
    };
    let error = only(&["fast-1.0%2Bcpu-cp312-cp312-win_amd64.whl"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`fast==1.0+cpu` (line 9) cannot be installed on linux/amd64 with python 3.12 and glibc: \
         it has no source distribution, and only the wheels `fast-1.0+cpu-cp312-cp312-win_amd64.whl`"
    );
    assert!(error.hint().is_some());

    let linux = ["2_28", "2_17"]
        .map(|glibc| format!("fast-1.0%2Bcpu-cp312-cp312-manylinux_{glibc}_x86_64.whl"));
    let closure =
        only(&["fast-1.0%2Bcpu-cp312-cp312-win_amd64.whl", &linux[0], &linux[1]]).unwrap();
    let names: Vec<_> =
        closure.pins.first().unwrap().wheels.iter().map(|wheel| wheel.file_name.as_str()).collect();
    let expected = ["2_17", "2_28"]
        .map(|glibc| format!("fast-1.0+cpu-cp312-cp312-manylinux_{glibc}_x86_64.whl"));
    assert_eq!(names, expected);
}

#[test]
fn an_unknown_name_is_answered_by_the_known_ones() {
    let lock = lock(&[
        member(
            "app",
            r#"[package.metadata]
provides-extras = ["empty"]"#,
        ),
        package("x", "1.0", ""),
    ]);
    let wrong =
        |selection: &Selection| lock.close(selection, &target("3.12")).unwrap_err().to_string();
    assert_eq!(wrong(&select("x", &[], &[])), "the lock has no local package `x`; it has `app`");
    assert_eq!(wrong(&select("app", &["full"], &[])), "`app` has no extra `full`; it has `empty`");
    assert_eq!(
        wrong(&select("app", &[], &["g"])),
        "`app` has no dependency group `g`; there are none"
    );
    assert_eq!(pins(&close(&lock, &select("app", &["empty"], &[]))), [""; 0]);
    assert!(matches!(
        lock.close(&select("y", &[], &[]), &target("3.12")),
        Err(ClosureError::UnknownPackage { known, .. }) if known == BTreeSet::from([name("app")])
    ));
}

#[test]
fn a_torn_lock_is_refused_with_a_line() {
    let text = |entries: &[String]| error(entries).to_string();
    let app = member(
        "app",
        r#"dependencies = [
    { name = "x" },
]"#,
    );
    assert_eq!(
        text(std::slice::from_ref(&app)),
        "`uv.lock`, line 9: `app` depends on `x`, which the lock does not have"
    );
    let x = package("x", "1.0", "");
    assert_eq!(
        text(&[app.clone(), x.clone(), x.clone()]),
        "`uv.lock`, line 17: `x` is locked twice; the first entry is in line 11"
    );
    let other = package("x", "2.0", "");
    assert_eq!(
        text(&[app.clone(), x, other]),
        "`uv.lock`, line 9: `app` depends on `x`, but 2 entries have that name"
    );
    let nowhere = r#"[[package]]
name = "x"
version = "1.0"
source = { moon = "far" }
"#
    .to_owned();
    assert_eq!(
        text(&[app, nowhere]),
        "`uv.lock`, line 11: `x` comes from a kind of place that is not known: \
         `source` needs exactly one kind, such as `registry` or `git`"
    );
    let marker = member("app", r#"dependencies = [{ name = "app", marker = "os ==" }]"#);
    assert!(
        text(&[marker])
            .starts_with("`uv.lock`, line 8: a marker of `app`, `os ==`, is not valid: ")
    );
}

#[test]
fn a_lock_of_another_version_is_told_from_a_torn_one() {
    let of = |text: &str| Lock::parse("uv.lock", text).unwrap_err();
    let version =
        |found: Option<&str>| Problem::Version { found: found.map(str::to_owned), known: "1" };
    assert_eq!(of("version = 2\npackage = 1\n").problem, version(Some("2")));
    assert_eq!(of("").problem, version(None));
    assert!(matches!(of("version = 1\npackage = 1\n").problem, Problem::Torn { .. }));
}
