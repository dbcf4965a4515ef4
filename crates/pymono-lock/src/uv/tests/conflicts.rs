//! Markers that ask what else is active.

use super::{close, lock, member, package, pins, select, target};
use crate::Lock;

/// Two extras of `x` exclude each other, and `one` and `two` do; each asks for one of the extras.
fn conflicting() -> Lock {
    lock(&[
        "conflicts = [[{ package = \"x\", extra = \"cpu\" }, { package = \"x\", extra = \"gpu\" }], [{ package = \"one\" }, { package = \"two\" }]]\n".to_owned(),
        member("one", "dependencies = [{ name = \"x\", extra = [\"cpu\"], marker = \"extra == 'extra-1-x-cpu' and (extra == 'extra-1-x-gpu' or extra == 'project-3-one')\" }, { name = \"side\" }]"),
        member("two", "dependencies = [{ name = \"x\", extra = [\"gpu\"], marker = \"extra == 'project-3-two'\" }]"),
        member("both", "dependencies = [{ name = \"x\", extra = [\"cpu\", \"gpu\"] }]"),
        package("x", "1.0", "[package.optional-dependencies]\ncpu = [{ name = \"small\" }]\ngpu = [{ name = \"large\" }]"),
        package("side", "1.0", "dependencies = [{ name = \"small\", marker = \"extra != 'extra-1-x-cpu'\" }, { name = \"large\", marker = \"extra == 'extra-1-x-cpu'\" }]"),
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
fn a_circle_of_negations_ends() {
    let lock = lock(&[
        "conflicts = [[{ package = \"x\", extra = \"a\" }, { package = \"x\", extra = \"b\" }]]\n"
            .to_owned(),
        member(
            "app",
            "dependencies = [{ name = \"p\", extra = [\"e\"], marker = \"extra != 'extra-1-p-e'\" }, { name = \"q\", extra = [\"f\"], marker = \"extra != 'extra-1-q-g'\" }, { name = \"q\", extra = [\"g\"], marker = \"extra != 'extra-1-q-f'\" }]",
        ),
        package("p", "1.0", ""),
        package("q", "1.0", ""),
    ]);
    close(&lock, &select("app", &[], &[]));
}
