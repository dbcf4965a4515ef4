//! What can be wrong with what is asked of a lock.

use std::{collections::BTreeSet, fmt};

use pep440_rs::VersionSpecifiers;
use pep508_rs::{ExtraName, PackageName};
use pymono_names::{Libc, Target};
use thiserror::Error;

use crate::{GroupName, LockFormat};

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
        "`{package}` ({place}) cannot be installed on {}: it has no source distribution, and {}",
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
        /// Where its entry stands, as `line 3`, or as `base.txt:3` where a lock has several files.
        place: String,
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
        /// Each version, with where it is pinned, as `a==1 (line 3)`.
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
