//! What is fuzzed.

use pymono_lock::{
    AnyLock, Lock, LockError, LockFormat, Member, PdmLock, PipfileLock, PoetryLock, Pylock,
    Requirements, check_requirement, is_stale, stale_member, tags::WheelTags,
};

use crate::{
    exercise::{TARGETS as IMAGES, check_error, exercise},
    files::Files,
    projects, recipes,
};

/// Something that must take any text.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, which is that of the folder with its seeds.
    pub name: &'static str,
    /// Takes a text, and tells whether it was accepted.
    pub run: fn(&str) -> bool,
}

/// All targets.
pub const TARGETS: [Target; 10] = [
    Target { name: "markers", run: marker },
    Target { name: "pdm", run: pdm },
    Target { name: "pipfile", run: pipfile },
    Target { name: "poetry", run: poetry },
    Target { name: "projects", run: projects::run },
    Target { name: "pylock", run: pylock },
    Target { name: "recipes", run: recipes::run },
    Target { name: "requirements", run: requirements },
    Target { name: "uv", run: uv },
    Target { name: "wheel-tags", run: wheel_tags },
];

impl Target {
    /// Returns the target of this name.
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.into_iter().find(|target| target.name == name)
    }
}

fn uv(input: &str) -> bool {
    let files = Files::of(input);
    let text = files.get("pyproject.toml").unwrap_or_default();
    stale_member(files.lock(), &[Member { manifest: "a/pyproject.toml", text, is_root: true }]);
    lock(input, Lock::parse("a/uv.lock", files.lock()).map(AnyLock::Uv))
}

fn pylock(input: &str) -> bool {
    lock(input, Pylock::parse("a/pylock.toml", input).map(AnyLock::Pylock))
}

fn pipfile(input: &str) -> bool {
    let files = Files::of(input);
    is_stale(LockFormat::Pipfile, files.lock(), files.get("Pipfile").unwrap_or_default());
    lock(input, PipfileLock::parse("a/Pipfile.lock", files.lock()).map(AnyLock::Pipfile))
}

fn poetry(input: &str) -> bool {
    let files = Files::of(input);
    let manifest = files.get("pyproject.toml").unwrap_or_default();
    is_stale(LockFormat::Poetry, files.lock(), manifest);
    lock(input, PoetryLock::parse("a/poetry.lock", files.lock(), manifest).map(AnyLock::Poetry))
}

fn pdm(input: &str) -> bool {
    let files = Files::of(input);
    let manifest = files.get("pyproject.toml").unwrap_or_default();
    is_stale(LockFormat::Pdm, files.lock(), manifest);
    lock(input, PdmLock::parse("a/pdm.lock", files.lock(), manifest).map(AnyLock::Pdm))
}

fn requirements(input: &str) -> bool {
    let files = Files::of(input);
    let read = |path: &str| match path {
        "requirements.txt" => Some(files.lock().to_owned()),
        _ => files.get(path).map(str::to_owned),
    };
    lock(input, Requirements::parse("requirements.txt", read).map(AnyLock::Requirements))
}

fn lock(input: &str, read: Result<AnyLock, LockError>) -> bool {
    match read {
        Ok(lock) => exercise(&lock),
        Err(error) => {
            check_error(input, &error);
            false
        }
    }
}

/// Every line is a marker; the requirement that has it is read and asked on every target.
fn marker(input: &str) -> bool {
    let text: String = input.lines().map(|line| format!("a==1; {line}\n")).collect();
    let read = Requirements::parse("requirements.txt", |_| Some(text.clone()));
    check_requirement(&format!("a; {input}")).is_ok()
        | read.is_ok_and(|lock| exercise(&AnyLock::Requirements(lock)))
}

fn wheel_tags(input: &str) -> bool {
    let mut accepted = false;
    for tags in input.lines().filter_map(WheelTags::parse) {
        accepted = true;
        for target in IMAGES {
            tags.fit(target);
        }
    }
    accepted
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_seed_is_accepted() {
        for Target { name, run } in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
            let seeds: Vec<_> = fs::read_dir(&folder).unwrap().map(Result::unwrap).collect();
            assert!(!seeds.is_empty(), "{name}");
            for seed in seeds {
                let text = fs::read_to_string(seed.path()).unwrap();
                assert!(run(&text), "{}", seed.path().display());
            }
        }
    }
}
