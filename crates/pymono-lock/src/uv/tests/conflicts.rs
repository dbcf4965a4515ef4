//! Markers that ask what else is active.

use super::{close, lock, member, package, pins, select, target};
use crate::Lock;

/// Two extras of `x` exclude each other, and `one` and `two` do; each asks for one of the extras.
fn conflicting() -> Lock {
    lock(&[
        r#"conflicts = [[{ package = "x", extra = "cpu" }, { package = "x", extra = "gpu" }], [{ package = "one" }, { package = "two" }]]
"#.to_owned(),
        member("one", r#"dependencies = [{ name = "x", extra = ["cpu"], marker = "extra == 'extra-1-x-cpu' and (extra == 'extra-1-x-gpu' or extra == 'project-3-one')" }, { name = "side" }]"#),
        member("two", r#"dependencies = [{ name = "x", extra = ["gpu"], marker = "extra == 'project-3-two'" }]"#),
        member("both", r#"dependencies = [{ name = "x", extra = ["cpu", "gpu"] }]"#),
        package("x", "1.0", r#"[package.optional-dependencies]
cpu = [{ name = "small" }]
gpu = [{ name = "large" }]"#),
        package("side", "1.0", r#"dependencies = [{ name = "small", marker = "extra != 'extra-1-x-cpu'" }, { name = "large", marker = "extra == 'extra-1-x-cpu'" }]"#),
        package("small", "1.0", ""),
        package("large", "1.0", ""),
    ])
}

#[test]
fn an_edge_may_hold_by_what_it_asks_for_itself() {
    let closure = close(&conflicting(), &select("two", &[], &[]));
    assert_eq!(pins(&closure), ["large==1.0", "x==1.0"]);
    let closure = close(&conflicting(), &select("one", &[], &[]));
    assert_eq!(
        pins(&closure),
        ["large==1.0", "side==1.0", "small==1.0", "x==1.0"],
        "a sibling sees it too"
    );
}

#[test]
fn what_excludes_each_other_is_refused() {
    let error = conflicting().close(&select("both", &[], &[]), &target("3.12")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`both` needs `x[cpu]`, `x[gpu]` at once, which are declared as conflicts"
    );
}

#[test]
fn a_plain_extra_in_a_marker_is_one_of_the_parent() {
    let lock = lock(&[
        r#"conflicts = [[{ package = "x", extra = "cpu" }, { package = "x", extra = "gpu" }]]
"#
        .to_owned(),
        member("app", r#"dependencies = [{ name = "x", extra = ["cpu"] }]"#),
        package(
            "x",
            "1.0",
            r#"dependencies = [{ name = "small", marker = "extra == 'cpu'" }, { name = "large", marker = "extra == 'gpu'" }]"#,
        ),
        package(
            "small",
            "1.0",
            r#"dependencies = [{ name = "large", marker = "extra == 'cpu'" }]"#,
        ),
        package("large", "1.0", ""),
    ]);
    assert_eq!(pins(&close(&lock, &select("app", &[], &[]))), ["small==1.0", "x==1.0"]);
}

#[test]
fn a_circle_of_assumptions_ends() {
    let lock = lock(&[
        r#"conflicts = [[{ package = "x", extra = "a" }, { package = "x", extra = "b" }]]
"#
        .to_owned(),
        member(
            "app",
            r#"dependencies = [
    { name = "p", extra = ["e"], marker = "extra != 'extra-1-q-g'" },
    { name = "q", extra = ["g"], marker = "extra == 'extra-1-p-e'" },
]"#,
        ),
        package("p", "1.0", ""),
        package("q", "1.0", ""),
    ]);
    // `p` is needed unless `q` is, and `q` if `p` is: what was active once stays so.
    assert_eq!(pins(&close(&lock, &select("app", &[], &[]))), ["q==1.0"]);
}
