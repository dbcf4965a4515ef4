//! What is done with a lock, and what must hold of it.

use std::collections::BTreeSet;

use pymono_lock::{AnyLock, LockError, Selection};
use pymono_names::{Libc, Platform, PythonVersion, Target};
use pymono_render::{ExportFormat, export};

/// The images that locks are closed for.
pub(crate) const TARGETS: [Target; 2] = [
    Target { python: python(12), platform: Platform::Amd64, libc: Libc::Glibc },
    Target { python: python(11), platform: Platform::Arm64, libc: Libc::Musl },
];

const fn python(minor: u8) -> PythonVersion {
    PythonVersion { major: 3, minor, patch: None }
}

/// Closes a lock for every local package and exports what it gives; whether any closure is.
pub(crate) fn exercise(lock: &AnyLock) -> bool {
    let mut closed = false;
    for selection in selections(lock) {
        for target in TARGETS {
            match lock.close(&selection, &target) {
                Ok(closure) => {
                    closed = true;
                    assert_eq!(lock.close(&selection, &target).as_ref(), Ok(&closure));
                    for format in
                        [ExportFormat::Requirements, ExportFormat::Pylock, ExportFormat::Json]
                    {
                        drop(export(&closure, target, format));
                    }
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    assert!(error.hint_for(lock.format()).is_some(), "{error}");
                }
            }
        }
    }
    closed
}

/// Returns what production needs of each local package, and that with the extra and the group of the seeds.
fn selections(lock: &AnyLock) -> Vec<Selection> {
    let svc = "svc".parse().expect("three letters are a name");
    let locals = lock.local_packages().into_iter().map(|local| local.name.clone());
    let names: BTreeSet<_> = locals.chain([svc]).collect();
    let fast: BTreeSet<_> = "fast".parse().into_iter().collect();
    let dev: BTreeSet<_> = "dev".parse().into_iter().collect();
    // A name costs four closures on two targets each: a lock of many must still end in time.
    let production = names.into_iter().take(8).map(Selection::production);
    production
        .flat_map(|plain| {
            let package = &plain.package;
            let more = |extras: &BTreeSet<_>, groups: &BTreeSet<_>| Selection {
                package: package.clone(),
                extras: extras.clone(),
                groups: groups.clone(),
            };
            let none = BTreeSet::new();
            [more(&fast, &none), more(&none, &dev), more(&fast, &dev), plain]
        })
        .collect()
}

/// Makes sure that a line that an error tells is one of the input.
pub(crate) fn check_error(input: &str, error: &LockError) {
    assert!(error.hint().is_some(), "{error}");
    let lines = input.lines().count();
    assert!(error.line.is_none_or(|line| (1..=lines + 1).contains(&line)), "{error}");
}
