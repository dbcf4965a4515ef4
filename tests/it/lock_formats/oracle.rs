//! Compares closures with what a tool exports of the same lock.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use pep508_rs::MarkerTree;
use pymono_lock::{Artifact, Closure, ClosureError, Pin, PinSource, Selection};
use pymono_names::{Libc, Platform, Target};
use pymono_tests::{fit::fitting, marker::environment};

/// What a tool exports of a lock for one selection.
pub(super) struct Export {
    lines: Vec<Line>,
    folder: Utf8PathBuf,
    /// Some tools refuse to export hashes along with folders.
    pub(super) has_hashes: bool,
}

/// One line of an export.
struct Line {
    /// `name==version`, `name @ URL`, or the path of a folder.
    requirement: Requirement,
    marker: MarkerTree,
    hashes: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Requirement {
    Pinned(String),
    /// The URL is enough: some tools leave the name out.
    At(String),
    /// A folder, relative to that of the lock.
    Local(Utf8PathBuf),
}

/// What is known of the files in a lock, found without pymono's own reader.
pub(super) enum Wheels {
    /// By hash, the names of all.
    Named(BTreeMap<String, String>),
    /// The lock has nothing but hashes.
    Unnamed,
}

/// The six targets that every selection is compared on.
pub(super) fn targets() -> Vec<Target> {
    let pythons = ["3.11", "3.12", "3.13"];
    let places = Platform::ALL;
    let target = |python: &str, platform| Target {
        python: python.parse().unwrap(),
        platform,
        libc: Libc::Glibc,
    };
    pythons.iter().flat_map(|python| places.map(|platform| target(python, platform))).collect()
}

/// A selection of a project that is called `svc`.
pub(super) fn select(extras: &[&str], groups: &[&str]) -> Selection {
    Selection {
        package: "svc".parse().unwrap(),
        extras: extras.iter().map(|extra| extra.parse().unwrap()).collect(),
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
    }
}

/// Compares one selection on every target, and returns on how many.
pub(super) fn compare(
    export: &Export,
    wheels: &Wheels,
    close: impl Fn(&Target) -> Result<Closure, ClosureError>,
) -> usize {
    let targets = targets();
    let fitting = match wheels {
        Wheels::Named(wheels) => fitting(&export.folder, wheels, &targets),
        Wheels::Unnamed => vec![BTreeSet::new(); targets.len()],
    };
    for (target, fitting) in targets.iter().zip(&fitting) {
        let closure = close(target).unwrap_or_else(|error| panic!("{target:?}: {error}"));
        export.assert_same(&closure, *target, wheels, fitting);
    }
    targets.len()
}

impl Export {
    /// Reads what was exported of the lock in `folder`.
    pub(super) fn read(folder: &Utf8Path, text: &str) -> Self {
        let joined = text.replace("\\\n", " ");
        let lines = joined.lines().map(|line| line.split(" # ").next().unwrap().trim());
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        // Options say where to look; they pin nothing.
        let lines = lines.filter(|line| !line.starts_with('-') || line.starts_with("-e "));
        let lines = lines.map(|line| Line::read(folder, line)).collect();
        Self { lines, folder: folder.to_owned(), has_hashes: text.contains("--hash=") }
    }

    /// Compares with an export that has no hashes and is for one target alone.
    pub(super) fn assert_same_pins(&self, closure: &Closure, target: Target) {
        self.assert_same(closure, target, &Wheels::Unnamed, &BTreeSet::new());
    }

    fn assert_same(
        &self,
        closure: &Closure,
        target: Target,
        wheels: &Wheels,
        fitting: &BTreeSet<String>,
    ) {
        let environment = environment(target);
        let mut expected = BTreeMap::<_, BTreeSet<String>>::new();
        for line in self.lines.iter().filter(|line| line.marker.evaluate(&environment, &[])) {
            expected.entry(line.requirement.clone()).or_default().extend(line.hashes.clone());
        }
        // What is exported is what the project needs, without the project itself.
        let locals = closure.locals.keys().filter(|path| *path != ".");
        let locals = locals.map(|path| Requirement::Local(self.folder_at(path)));
        let pins: BTreeMap<_, _> = closure.pins.iter().map(|pin| (requirement(pin), pin)).collect();
        let found: BTreeSet<_> = pins.keys().cloned().chain(locals).collect();
        assert_eq!(found, expected.keys().cloned().collect(), "{target:?} in {}", self.folder);
        for (requirement, pin) in pins.into_iter().filter(|_| self.has_hashes) {
            let allowed = &expected[&requirement];
            let found = hashes(&pin.wheels);
            let shown = format!("wheels of {requirement:?} for {target:?}");
            match wheels {
                Wheels::Named(names) if matches!(pin.source, PinSource::Registry { .. }) => {
                    let fitting = allowed.intersection(fitting).cloned();
                    let fitting = fitting.filter(|hash| is_of_version(&names[hash], pin));
                    assert_eq!(found, fitting.collect(), "{shown}");
                    assert!(hashes(pin.sdist.as_slice()).is_subset(allowed), "sdist of {shown}");
                }
                Wheels::Named(_) => assert!(found.is_subset(allowed), "{shown}"),
                Wheels::Unnamed => assert_eq!(found, *allowed, "{shown}"),
            }
        }
    }

    fn folder_at(&self, path: &str) -> Utf8PathBuf {
        self.folder.join(path).canonicalize_utf8().unwrap()
    }
}

impl Line {
    fn read(folder: &Utf8Path, text: &str) -> Self {
        let mut words = text.split(" --hash=");
        let specifier = words.next().unwrap();
        let split = specifier.split_once(" ; ").or_else(|| specifier.split_once("; "));
        let (requirement, marker) = split.unwrap_or((specifier, ""));
        let marker = marker.trim();
        Self {
            requirement: Requirement::read(folder, requirement.trim()),
            marker: if marker.is_empty() { MarkerTree::TRUE } else { marker.parse().unwrap() },
            hashes: words.map(|hash| hash.trim().to_owned()).collect(),
        }
    }
}

impl Requirement {
    fn read(folder: &Utf8Path, text: &str) -> Self {
        let place = text.split_once(" @ ").map(|(_, place)| place);
        let place = place.or_else(|| text.strip_prefix("-e ")).unwrap_or(text);
        let place = place.split("#egg=").next().unwrap();
        let local =
            place.strip_prefix("file://").or_else(|| place.starts_with('.').then_some(place));
        match local {
            Some(path) => {
                let path = path.split('[').next().unwrap();
                Self::Local(folder.join(path).canonicalize_utf8().unwrap())
            }
            None if place.contains("://") => Self::At(place.to_owned()),
            None => {
                let (name, version) = place.split_once("==").expect("a version is pinned");
                let name = name.split('[').next().unwrap().to_lowercase().replace(['_', '.'], "-");
                Self::Pinned(format!("{name}=={version}"))
            }
        }
    }
}

fn requirement(pin: &Pin) -> Requirement {
    let Pin { name, version, source, .. } = pin;
    match source {
        PinSource::Registry { .. } => {
            Requirement::Pinned(format!("{name}=={}", version.as_ref().unwrap()))
        }
        PinSource::Url { url, .. } => Requirement::At(url.clone()),
        PinSource::Git { url, commit, .. } => Requirement::At(format!("git+{url}@{commit}")),
        PinSource::Path { path } => Requirement::At(path.clone()),
    }
}

/// Old locks list the wheels of all versions of a name together, and so do their exports.
fn is_of_version(wheel: &str, pin: &Pin) -> bool {
    let name = wheel.rsplit('/').next().unwrap().replace("%2B", "+");
    name.split('-').nth(1).unwrap().parse().ok() == pin.version
}

fn hashes(artifacts: &[Artifact]) -> BTreeSet<String> {
    artifacts.iter().filter_map(|artifact| artifact.hash.clone()).collect()
}

/// Finds every table with a file and a hash in a lock, however deep it lies.
pub(super) fn wheels_of(lock: &str) -> Wheels {
    let lock = toml::Value::Table(lock.parse().unwrap());
    let mut found = BTreeMap::new();
    let mut open = vec![&lock];
    while let Some(value) = open.pop() {
        if let Some(table) = value.as_table() {
            let text = |key: &str| table.get(key).and_then(toml::Value::as_str);
            let hashes = table.get("hashes").and_then(|hashes| hashes.get("sha256"));
            let hash = text("hash")
                .map(str::to_owned)
                .or_else(|| Some(format!("sha256:{}", hashes.and_then(toml::Value::as_str)?)));
            let file = text("file").or_else(|| text("url")).or_else(|| text("name"));
            if let (Some(file), Some(hash)) =
                (file.filter(|it| it.strip_suffix(".whl").is_some()), hash)
            {
                found.insert(hash, file.to_owned());
            }
            open.extend(table.values());
        }
        open.extend(value.as_array().into_iter().flatten());
    }
    Wheels::Named(found)
}
