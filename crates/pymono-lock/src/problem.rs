//! What can be wrong with a lock.

use std::fmt;

use pep508_rs::PackageName;
use thiserror::Error;

use crate::LockFormat;

/// What keeps a lock from being read, and where it is.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}{problem}", Where { file, line: *line })]
pub struct LockError {
    /// The format of the lock.
    pub format: LockFormat,
    /// The path of the file that is wrong: the lock, or what is read along with it.
    pub file: String,
    /// The line in that file, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a lock.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// The text is not of the format's shape.
    #[error("{} is torn or not of this format: {reason}", entry(package.as_deref()))]
    Torn {
        /// The name of the entry that it is in, if it is in one.
        package: Option<String>,
        /// What the parser says.
        reason: String,
    },
    /// Two versions of the file were merged by nobody yet.
    #[error("the file has a merge conflict")]
    MergeConflict,
    /// The file tells no version, or one that nobody here knows.
    #[error("{}", version_message(found.as_deref(), known))]
    Version {
        /// The version that it states, if it states one.
        found: Option<String>,
        /// The versions that are known.
        known: &'static str,
    },
    /// A value does not follow its specification.
    #[error("{what}, `{text}`, is not valid: {reason}")]
    Invalid {
        /// What the value is, with the name of the package that has it.
        what: String,
        /// The value.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A package comes from a kind of place that is not known.
    #[error("`{package}` comes from a kind of place that is not known: {reason}")]
    Source {
        /// The package.
        package: PackageName,
        /// What is written there, or what is missing.
        reason: String,
    },
    /// Two entries are the same.
    #[error("`{package}` is locked twice; the first entry is in line {first}")]
    Duplicate {
        /// The package.
        package: PackageName,
        /// The line of the first entry.
        first: usize,
    },
    /// A package depends on one that the lock does not have.
    #[error("`{package}` depends on `{dependency}`, which the lock does not have")]
    Dangling {
        /// The package that depends.
        package: PackageName,
        /// What it depends on.
        dependency: String,
    },
    /// A package depends on a name that several entries have.
    #[error("`{package}` depends on `{dependency}`, but {count} entries have that name")]
    Ambiguous {
        /// The package that depends.
        package: PackageName,
        /// What it depends on.
        dependency: String,
        /// How many entries there are.
        count: usize,
    },
    /// A file asks for one that is not there.
    #[error("`{path}` cannot be read")]
    NoFile {
        /// The path of the file that is asked for.
        path: String,
    },
    /// An option is not known.
    #[error("the option `{option}` is not known")]
    Option {
        /// The option.
        option: String,
    },
    /// A requirement has no name, and nothing tells it.
    #[error("`{requirement}` has no name")]
    Unnamed {
        /// The requirement.
        requirement: String,
    },
}

impl LockError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        let relock = self.format.relock();
        Some(match &self.problem {
            Problem::Version { found: Some(_), .. } => {
                format!("a newer pymono may know this version, or {relock}")
            }
            Problem::Source { .. } => "a newer pymono may know this kind of place".into(),
            Problem::MergeConflict => format!("take one of the two sides, then {relock}"),
            Problem::NoFile { .. } => "correct the path; a URL cannot be included".into(),
            Problem::Option { .. } => "take it out of the file, or correct its spelling".into(),
            Problem::Unnamed { .. } => "write it as `NAME @ URL`".into(),
            _ => relock.to_owned(),
        })
    }
}

fn entry(package: Option<&str>) -> String {
    package.map_or_else(|| "the file".into(), |package| format!("the entry of `{package}`"))
}

fn version_message(found: Option<&str>, known: &str) -> String {
    match found {
        Some(found) => format!("the lock has version {found}, but what is known is {known}"),
        None => format!("the lock does not tell its version, which has to be {known}"),
    }
}

struct Where<'a> {
    file: &'a str,
    line: Option<usize>,
}

impl fmt::Display for Where<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "`{}`, line {line}: ", self.file),
            None => write!(f, "`{}`: ", self.file),
        }
    }
}
