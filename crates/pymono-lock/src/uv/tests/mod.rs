//! Locks written by hand, each for one difficulty.

mod closures;
mod conflicts;
mod laws;
mod refusals;

use pep508_rs::PackageName;
use pymono_names::{Libc, Platform, Target};

use crate::{Closure, Lock, LockError, Pin, Selection};

const HEAD: &str = r#"version = 1
revision = 5
requires-python = ">=3.11"
"#;

fn target(python: &str) -> Target {
    Target { python: python.parse().unwrap(), platform: Platform::Amd64, libc: Libc::Glibc }
}

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

fn select(package: &str, extras: &[&str], groups: &[&str]) -> Selection {
    Selection {
        package: name(package),
        extras: extras.iter().map(|extra| extra.parse().unwrap()).collect(),
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
    }
}

/// An entry for a member in a folder of its name.
fn member(name: &str, rest: &str) -> String {
    format!(
        r#"[[package]]
name = "{name}"
version = "1.0"
source = {{ editable = "{name}" }}
{rest}
"#
    )
}

/// An entry from an index, with a wheel that fits everywhere.
fn package(name: &str, version: &str, rest: &str) -> String {
    let file = format!("https://files.example/{name}-{version}-py3-none-any.whl");
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"https://index.example\" }}\n\
         wheels = [{{ url = \"{file}\", hash = \"sha256:{name}\" }}]\n{rest}\n"
    )
}

fn lock(entries: &[String]) -> Lock {
    Lock::parse("uv.lock", &format!("{HEAD}{}", entries.concat())).unwrap()
}

fn error(entries: &[String]) -> LockError {
    Lock::parse("uv.lock", &format!("{HEAD}{}", entries.concat())).unwrap_err()
}

fn close(lock: &Lock, selection: &Selection) -> Closure {
    lock.close(selection, &target("3.12")).unwrap()
}

fn pins(closure: &Closure) -> Vec<String> {
    let pinned = |pin: &Pin| match &pin.version {
        Some(version) => format!("{}=={version}", pin.name),
        None => pin.name.to_string(),
    };
    closure.pins.iter().map(pinned).collect()
}

fn locals(closure: &Closure) -> Vec<&str> {
    closure.locals.keys().map(String::as_str).collect()
}
