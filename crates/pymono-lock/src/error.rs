//! What can be wrong with a lock or with a wish.

use std::{collections::BTreeSet, fmt};

use pep440_rs::VersionSpecifiers;
use pep508_rs::{ExtraName, PackageName};
use pymono_names::{Libc, Target};
use thiserror::Error;

use crate::{GroupName, LockFormat};

/// What keeps a lock from being read.
///
/// Lines count from 1 and are those of the text that was given.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LockError {
    /// The text is not TOML, or not of a lock's shape.
    #[error("the lock is torn or not a lock of uv")]
    Toml(#[from] toml::de::Error),
    /// The lock has a format that nobody here knows.
    #[error("the lock has `version = {version}`, but only version 1 is known")]
    Version {
        /// The version that it states.
        version: u64,
    },
    /// A value does not follow its specification.
    #[error("line {line}: {what}, `{text}`, is not valid: {reason}")]
    Invalid {
        /// The line of the value, or of what it belongs to.
        line: usize,
        /// What the value is, with the name of the package that has it.
        what: String,
        /// The value.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A package comes from nowhere, or from a kind of place that is not known.
    #[error("line {line}: `{package}` has a `source` of a kind that is not known")]
    Source {
        /// The line of the package's entry.
        line: usize,
        /// The package.
        package: PackageName,
    },
    /// Two entries are the same package.
    #[error("line {line}: `{package}` is locked twice; the first entry is in line {first}")]
    Duplicate {
        /// The line of the second entry.
        line: usize,
        /// The line of the first entry.
        first: usize,
        /// The package.
        package: PackageName,
    },
    /// A package depends on one that the lock does not have.
    #[error("line {line}: `{package}` depends on `{dependency}`, which the lock does not have")]
    Dangling {
        /// The line of the dependency.
        line: usize,
        /// The package that depends.
        package: PackageName,
        /// What it depends on.
        dependency: String,
    },
    /// A package depends on a name that several entries have.
    #[error(
        "line {line}: `{package}` depends on `{dependency}`, but {count} entries have that name"
    )]
    Ambiguous {
        /// The line of the dependency.
        line: usize,
        /// The package that depends.
        package: PackageName,
        /// What it depends on.
        dependency: String,
        /// How many entries there are.
        count: usize,
    },
}

impl LockError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Version { .. } => "a newer pymono may know this format".into(),
            Self::Source { .. } => "a newer pymono may know this kind of source".into(),
            Self::Toml(_) => "look for a torn merge in the lock, then run `uv lock`".into(),
            _ => "run `uv lock`; it writes the lock anew".into(),
        })
    }
}

/// What keeps a lock from being closed over a selection.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ClosureError {
    /// The lock has no such local package.
    #[error("the lock has no local package `{package}`; it has {}", list(known))]
    UnknownPackage {
        /// The name that was asked for.
        package: PackageName,
        /// The local packages of the lock.
        known: BTreeSet<PackageName>,
    },
    /// The package has no such extra.
    #[error("`{package}` has no extra `{extra}`; it has {}", list(known))]
    UnknownExtra {
        /// The package.
        package: PackageName,
        /// The extra that was asked for.
        extra: ExtraName,
        /// The package's extras.
        known: BTreeSet<ExtraName>,
    },
    /// Neither the package nor a root without `[project]` has such a group.
    #[error("`{package}` has no dependency group `{group}`; there are {}", list(known))]
    UnknownGroup {
        /// The package.
        package: PackageName,
        /// The group that was asked for.
        group: GroupName,
        /// The groups of the package and of the root.
        known: BTreeSet<GroupName>,
    },
    /// The lock was made for other environments.
    #[error("the lock does not cover {}; it was made for {}", Shown(target), list(supported))]
    UnsupportedTarget {
        /// The target that was asked for.
        target: Target,
        /// The markers of the environments that the lock covers.
        supported: Vec<String>,
    },
    /// The lock was made for other versions of Python.
    #[error("the lock does not cover python {}; it requires `{requires}`", target.python)]
    UnsupportedPython {
        /// The target that was asked for.
        target: Target,
        /// The versions that the lock covers.
        requires: VersionSpecifiers,
    },
    /// The selection needs things that the lock declares to exclude each other.
    #[error("`{package}` needs {} at once, which are declared as conflicts", list(items))]
    Conflict {
        /// The selected package.
        package: PackageName,
        /// What excludes each other.
        items: Vec<String>,
    },
    /// A distribution has no file that can be installed on the target.
    #[error(
        "`{package}` cannot be installed on {}: it has no source distribution, and {}",
        Shown(target),
        existing(wheels)
    )]
    NoDistribution {
        /// The package with its version.
        package: String,
        /// The target that was asked for.
        target: Target,
        /// The file names of all its wheels.
        wheels: Vec<String>,
    },
    /// A package depends on one that the lock does not have.
    #[error(
        "`{package}` depends on `{dependency}`, which the lock does not have{}",
        in_line(*line)
    )]
    Missing {
        /// The package that depends.
        package: String,
        /// What it depends on.
        dependency: String,
        /// The line of the entry of the package that depends, where it has one.
        line: Option<usize>,
    },
    /// Several versions of one distribution are needed at once.
    #[error("`{package}` is pinned more than once: {}", list(pins))]
    Disagreement {
        /// The distribution.
        package: PackageName,
        /// Each version, with where it is pinned.
        pins: BTreeSet<String>,
    },
    /// Something that is needed has no version that is fixed.
    #[error("these are not pinned: {}", list(requirements))]
    Unpinned {
        /// Each requirement, with where it stands.
        requirements: Vec<String>,
    },
}

impl ClosureError {
    /// Returns what to do about it, if the lock is one of uv's.
    pub fn hint(&self) -> Option<String> {
        self.hint_for(LockFormat::Uv)
    }

    /// Returns what to do about it, by the tool that owns a lock of this format.
    pub fn hint_for(&self, format: LockFormat) -> Option<String> {
        let relock = format.relock();
        Some(match self {
            Self::UnknownPackage { .. } | Self::UnknownExtra { .. } | Self::UnknownGroup { .. } => {
                format!("check the spelling; if it was added just now, {relock}")
            }
            Self::UnsupportedTarget { .. } if format == LockFormat::Uv => {
                "add the target to `environments` in `[tool.uv]` and run `uv lock`, or build for another platform".into()
            }
            Self::UnsupportedTarget { .. } => {
                format!("choose another Python or platform, or widen what the project supports and {relock}")
            }
            Self::UnsupportedPython { .. } if format == LockFormat::Uv => {
                "choose another Python, or widen `requires-python` in every member and run `uv lock`".into()
            }
            Self::UnsupportedPython { .. } => {
                format!("choose another Python, or widen `requires-python` and {relock}")
            }
            Self::Conflict { .. } => "choose one of them".into(),
            Self::NoDistribution { target, .. } => no_distribution_hint(*target),
            Self::Missing { .. } => format!("the lock is torn or older than its project; {relock}"),
            Self::Disagreement { .. } => format!("leave all but one of them out, or {relock}"),
            Self::Unpinned { .. } if format == LockFormat::Requirements => {
                "pin each as `name==version` with its hashes, as `uv pip compile --generate-hashes` does".into()
            }
            Self::Unpinned { .. } => {
                format!("give each a marker or a version in the project, and {relock}")
            }
        })
    }
}

fn in_line(line: Option<usize>) -> String {
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

fn no_distribution_hint(target: Target) -> String {
    match target.libc {
        Libc::Musl => {
            "use an image with glibc, such as a `slim` one, or another version of the package"
                .into()
        }
        Libc::Glibc => {
            "choose another Python or platform, or another version of the package".into()
        }
    }
}

/// Writes names in backticks, with commas between.
fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| format!("`{item}`")).collect();
    if items.is_empty() { "none".into() } else { items.join(", ") }
}

fn existing(wheels: &[String]) -> String {
    if wheels.is_empty() {
        "no wheel either".into()
    } else {
        format!("only the wheels {}", list(wheels))
    }
}

/// A target in words.
struct Shown<'a>(&'a Target);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { python, platform, libc } = self.0;
        let libc = match libc {
            Libc::Glibc => "glibc",
            Libc::Musl => "musl",
        };
        write!(f, "{platform} with python {python} and {libc}")
    }
}
