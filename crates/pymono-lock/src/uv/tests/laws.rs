//! What holds for every lock.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::subsequence};

use super::{HEAD, close, lock, member, package, select, target};
use crate::{Lock, Selection};

const EXTRAS: [&str; 3] = ["one", "two", "three"];

const MARKERS: [&str; 4] =
    ["", "python_full_version < '3.12'", "platform_machine == 'x86_64'", "sys_platform != 'linux'"];

/// An edge by the number of the package that it leads to, modulo how many there are.
#[derive(Clone, Debug)]
struct Edge {
    to: usize,
    extras: Vec<&'static str>,
    marker: &'static str,
}

/// The dependencies of a package: its own, and those of each extra.
type Dependencies = [Vec<Edge>; 4];

fn edge() -> impl Strategy<Value = Edge> {
    let parts =
        (any::<prop::sample::Index>(), subsequence(&EXTRAS, 0..=3), prop::sample::select(&MARKERS));
    parts.prop_map(|(to, extras, marker)| Edge { to: to.index(64), extras, marker })
}

fn dependencies() -> impl Strategy<Value = Dependencies> {
    prop::array::uniform4(vec(edge(), 0..4))
}

/// Entries of a lock: the first half are local, the others come from an index.
fn entries() -> impl Strategy<Value = Vec<String>> {
    vec(dependencies(), 2..10).prop_map(|all| {
        let count = all.len();
        all.iter().enumerate().map(|(ix, dependencies)| entry(ix, count, dependencies)).collect()
    })
}

fn entry(ix: usize, count: usize, [own, extras @ ..]: &Dependencies) -> String {
    let edges = |edges: &[Edge]| {
        let written = edges.iter().map(|Edge { to, extras, marker }| {
            let marker =
                if marker.is_empty() { String::new() } else { format!(r#", marker = "{marker}""#) };
            format!(r#"{{ name = "p{}", extra = {extras:?}{marker} }}"#, to % count)
        });
        format!("[{}]", written.collect::<Vec<_>>().join(", "))
    };
    let optional =
        EXTRAS.iter().zip(extras).map(|(extra, list)| format!("{extra} = {}\n", edges(list)));
    let rest = format!(
        "dependencies = {}\n[package.optional-dependencies]\n{}",
        edges(own),
        optional.collect::<String>()
    );
    let name = format!("p{ix}");
    if ix <= count / 2 { member(&name, &rest) } else { package(&name, "1.0", &rest) }
}

fn with_extras(extras: &[&str]) -> Selection {
    select("p0", extras, &[])
}

proptest! {
    #[test]
    fn what_nobody_needs_changes_nothing(entries in entries(), dependencies in dependencies()) {
        let mut more = entries.clone();
        more.push(entry(90, entries.len(), &dependencies).replace("p90", "unreached"));
        more.push(package("unreached-too", "1.0", ""));
        let selection = with_extras(&[]);
        prop_assert_eq!(close(&lock(&more), &selection), close(&lock(&entries), &selection));
    }

    #[test]
    fn the_order_of_entries_changes_nothing(entries in entries(), seed in any::<prop::sample::Index>()) {
        let mut turned = entries.clone();
        turned.rotate_left(seed.index(entries.len()));
        let selection = with_extras(&EXTRAS);
        prop_assert_eq!(close(&lock(&turned), &selection), close(&lock(&entries), &selection));
    }

    #[test]
    fn more_extras_never_need_less(entries in entries(), extras in subsequence(&EXTRAS, 0..3), more in prop::sample::select(&EXTRAS)) {
        let lock = lock(&entries);
        let all: Vec<_> = extras.iter().copied().chain([more]).collect();
        let (small, large) = (close(&lock, &with_extras(&extras)), close(&lock, &with_extras(&all)));
        prop_assert!(small.pins.is_subset(&large.pins));
        for (path, local) in &small.locals {
            prop_assert!(local.needs.is_subset(&large.locals[path].needs));
        }
    }

    #[test]
    fn what_a_local_package_needs_is_in_the_closure(entries in entries()) {
        let closure = close(&lock(&entries), &with_extras(&EXTRAS));
        let needed: BTreeSet<_> = closure.locals.values().flat_map(|local| &local.needs).collect();
        prop_assert!(needed.into_iter().all(|path| closure.locals.contains_key(path)));
    }

    #[test]
    fn a_lock_cut_short_is_no_panic(entries in entries(), cut in any::<prop::sample::Index>(), noise in "\\PC{0,3}") {
        let mut text = format!("{HEAD}{}", entries.concat());
        text.truncate(cut.index(text.len()));
        text.push_str(&noise);
        if let Ok(lock) = Lock::parse("uv.lock", &text) {
            let _ = lock.close(&with_extras(&[]), &target("3.12"));
        }
    }
}
