//! Compares closures with what uv itself exports of the same lock.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::AddAssign,
};

use camino::{Utf8Path, Utf8PathBuf};
use pep508_rs::MarkerTree;
use pymono_lock::{Artifact, Closure, ClosureError, Lock, Pin, PinSource, Selection};
use pymono_names::{Libc, Platform, PythonVersion, Target};
use pymono_tests::{fit::fitting, marker::environment, uv::run_uv};

use super::table::{LockTable, Member};

/// An extra and a group that no member has.
const UNKNOWN: &str = "nobody-has-this";

/// How often pymono and uv were asked the same and answered the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Selections on a target whose sets of distributions and hashes were equal.
    pub(super) equal: usize,
    /// Selections that both refused, on every target.
    pub(super) refused: usize,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.equal += other.equal;
        self.refused += other.refused;
    }
}

/// A lock with uv's opinion on it.
pub(super) struct Oracle {
    folder: Utf8PathBuf,
    lock: Lock,
    table: LockTable,
    targets: Vec<Target>,
    /// By target, the hashes of all wheels in the lock that fit.
    fitting: Vec<BTreeSet<String>>,
}

/// One line of an export.
struct Line {
    requirement: String,
    marker: MarkerTree,
    hashes: BTreeSet<String>,
}

impl Oracle {
    /// Reads the lock in `folder`; `scratch` is for a file of notes.
    pub(super) fn new(folder: &Utf8Path, scratch: &Utf8Path) -> Self {
        let text = std::fs::read_to_string(folder.join("uv.lock")).unwrap();
        let table = LockTable::read(folder);
        let targets = targets(&table);
        Self {
            folder: folder.to_owned(),
            lock: Lock::parse("uv.lock", &text).unwrap(),
            fitting: fitting(scratch, &table.wheels(), &targets),
            table,
            targets,
        }
    }

    /// Compares all that the members can be asked.
    pub(super) fn compare(&self) -> Count {
        self.compare_on(|_| true)
    }

    /// Compares all that the members can be asked on the targets that `covered` is true for; the lock must refuse the others.
    pub(super) fn compare_on(&self, covered: impl Fn(&Target) -> bool) -> Count {
        let mut count = Count::default();
        for selection in self.selections() {
            self.compare_one(&selection, &covered, &mut count);
        }
        count
    }

    /// Compares one selection on every target.
    fn compare_one(
        &self,
        selection: &Selection,
        covered: &impl Fn(&Target) -> bool,
        count: &mut Count,
    ) {
        let export = self.export(selection);
        // The oldest locks do not tell their extras, so that uv takes any name for one of them.
        assert!(export.is_err() || !asks_unknown(selection) || !self.table.tells_extras());
        let Some(export) = export.ok().filter(|_| !asks_unknown(selection)) else {
            for target in &self.targets {
                assert!(self.lock.close(selection, target).is_err(), "uv refuses {selection:?}");
            }
            count.refused += 1;
            return;
        };
        let lines = lines(&export);
        for (target, fitting) in self.targets.iter().zip(&self.fitting) {
            let asked = format!("{selection:?} on {target:?} in {}", self.folder);
            if !covered(target) {
                let refused = self.lock.close(selection, target).unwrap_err();
                let is_told = matches!(refused, ClosureError::UnsupportedTarget { .. });
                assert!(is_told, "{asked}: {refused}");
                continue;
            }
            let closure = self
                .lock
                .close(selection, target)
                .unwrap_or_else(|error| panic!("{asked}: {error}"));
            assert_same(&closure, &lines, *target, fitting, &asked);
            count.equal += 1;
        }
    }

    fn export(&self, selection: &Selection) -> Result<String, String> {
        let package = selection.package.to_string();
        let mut args = vec![
            "export",
            "--package",
            &package,
            "--frozen",
            "--no-default-groups",
            "--no-emit-local",
        ];
        args.extend(["--no-header", "--no-annotate", "--quiet"]);
        args.extend(selection.extras.iter().flat_map(|extra| ["--extra", extra.as_ref()]));
        args.extend(selection.groups.iter().flat_map(|group| ["--group", group.as_ref()]));
        run_uv(&self.folder, &args)
    }

    /// Returns the closure of all that the members can be asked, on every target, with the question.
    pub(super) fn closures(&self) -> BTreeMap<String, Closure> {
        let selections = self.selections().into_iter();
        let asked = selections.flat_map(|selection| {
            self.targets.iter().map(move |target| (selection.clone(), target))
        });
        let closed = asked.filter_map(|(selection, target)| {
            Some((
                format!("{selection:?} on {target:?}"),
                self.lock.close(&selection, target).ok()?,
            ))
        });
        closed.collect()
    }

    fn selections(&self) -> Vec<Selection> {
        self.table.members().iter().flat_map(selections).collect()
    }
}

/// Returns the member alone, with each extra, with each group, with all of them, and with one too many.
fn selections(member: &Member) -> Vec<Selection> {
    let with = |extras: &[&String], groups: &[&String]| Selection {
        package: member.name.parse().unwrap(),
        extras: extras.iter().map(|extra| extra.parse().unwrap()).collect(),
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
    };
    let all = (member.extras.iter().collect::<Vec<_>>(), member.groups.iter().collect::<Vec<_>>());
    let mut selections = vec![with(&[], &[]), with(&all.0, &all.1)];
    selections.extend(all.0.iter().map(|extra| with(&[extra], &[])));
    selections.extend(all.1.iter().map(|group| with(&[], &[group])));
    let unknown = UNKNOWN.to_owned();
    selections.extend([with(&[&unknown], &[]), with(&[], &[&unknown])]);
    selections
}

fn asks_unknown(selection: &Selection) -> bool {
    selection.extras.iter().chain(&selection.groups).any(|name| name.as_ref() == UNKNOWN)
}

/// Returns three Pythons on two machines with two C libraries, as far as the lock allows them.
fn targets(table: &LockTable) -> Vec<Target> {
    let requires = table.requires_python();
    let pythons = ["3.11", "3.12", "3.13"].map(|python| python.parse::<PythonVersion>().unwrap());
    let pythons = pythons
        .into_iter()
        .filter(|python| requires.contains(&python.full_version().parse().unwrap()));
    let places = Platform::ALL.map(|platform| [(platform, Libc::Glibc), (platform, Libc::Musl)]);
    let places = places.as_flattened();
    pythons
        .flat_map(|python| {
            places.iter().map(move |&(platform, libc)| Target { python, platform, libc })
        })
        .collect()
}

fn assert_same(
    closure: &Closure,
    lines: &[Line],
    target: Target,
    fitting: &BTreeSet<String>,
    asked: &str,
) {
    let environment = environment(target);
    let here = lines.iter().filter(|line| line.marker.evaluate(&environment, &[]));
    let expected: BTreeMap<_, _> =
        here.map(|line| (line.requirement.clone(), &line.hashes)).collect();
    let pins: BTreeMap<_, _> =
        closure.pins.iter().filter_map(|pin| Some((requirement(pin)?, pin))).collect();
    assert_eq!(pins.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{asked}");
    for (requirement, pin) in pins {
        let allowed = expected[&requirement];
        let wheels = hashes(&pin.wheels);
        assert_eq!(
            wheels,
            allowed.intersection(fitting).cloned().collect(),
            "wheels of {requirement} for {asked}"
        );
        let sdist = hashes(pin.sdist.as_slice());
        assert!(sdist.is_subset(allowed), "source distribution of {requirement} for {asked}");
    }
}

fn hashes(artifacts: &[Artifact]) -> BTreeSet<String> {
    artifacts.iter().filter_map(|artifact| artifact.hash.clone()).collect()
}

/// Writes a pin as uv does; archives beside the lock are local to it and left out.
fn requirement(pin: &Pin) -> Option<String> {
    let Pin { name, version, source, .. } = pin;
    let with_subdirectory = |url: String, subdirectory: &Option<String>| match subdirectory {
        Some(folder) => format!("{name} @ {url}#subdirectory={folder}"),
        None => format!("{name} @ {url}"),
    };
    match source {
        PinSource::Registry { .. } => Some(format!("{name}=={}", version.as_ref().unwrap())),
        PinSource::Git { url, commit, subdirectory, .. } => {
            Some(with_subdirectory(format!("git+{url}@{commit}"), subdirectory))
        }
        PinSource::Url { url, subdirectory } => Some(with_subdirectory(url.clone(), subdirectory)),
        PinSource::Path { .. } => None,
    }
}

fn lines(export: &str) -> Vec<Line> {
    let joined = export.replace("\\\n", " ");
    joined.lines().filter(|line| !line.trim().is_empty()).map(line).collect()
}

fn line(text: &str) -> Line {
    let mut words = text.split(" --hash=");
    let specifier = words.next().unwrap();
    let (requirement, marker) = specifier.split_once(" ; ").unwrap_or((specifier, ""));
    Line {
        requirement: requirement.trim().to_owned(),
        marker: if marker.is_empty() { MarkerTree::TRUE } else { marker.trim().parse().unwrap() },
        hashes: words.map(|hash| hash.trim().to_owned()).collect(),
    }
}
