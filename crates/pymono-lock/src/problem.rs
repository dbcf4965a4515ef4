//! What can be wrong with the locks of tools other than uv.

use std::fmt;

use pep508_rs::PackageName;
use thiserror::Error;
use toml::Spanned;

use crate::{LockFormat, place::line_at};

/// What keeps a lock from being read, and where it is.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}{problem}", Where { file, line: *line })]
pub struct FormatError {
    /// The format of the lock.
    pub format: LockFormat,
    /// The file that is wrong: the lock, or what is read along with it.
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
    #[error("the file is torn or not of this format: {reason}")]
    Torn {
        /// What the parser says.
        reason: String,
    },
    /// The file has a version that nobody here knows.
    #[error("the file has version {found}, but only {known} are known")]
    Version {
        /// The version that it states; `none` where it states none.
        found: String,
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

impl FormatError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        let relock = self.format.relock();
        Some(match &self.problem {
            Problem::Version { .. } => format!("a newer pymono may know this version, or {relock}"),
            Problem::Source { .. } => "a newer pymono may know this kind of place".into(),
            Problem::Torn { .. } => format!("look for a torn merge in the file, then {relock}"),
            Problem::NoFile { .. } => "correct the path; a URL cannot be included".into(),
            Problem::Option { .. } => "take it out of the file, or correct its spelling".into(),
            Problem::Unnamed { .. } => "write it as `NAME @ URL`".into(),
            Problem::Invalid { .. } | Problem::Duplicate { .. } => relock.to_owned(),
        })
    }
}

/// A file that is being read, which errors tell of.
#[derive(Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) format: LockFormat,
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl<'a> Page<'a> {
    /// Starts to read a lock whose name is that of its format.
    pub(crate) fn new(format: LockFormat, file: &'a str, text: &'a str) -> Self {
        Self { format, file, text }
    }

    /// Reads the text as TOML.
    pub(crate) fn toml<T: serde::de::DeserializeOwned>(self) -> Result<T, FormatError> {
        toml::from_str(self.text).map_err(|error| {
            let line = error.span().map(|span| line_at(self.text, span.start));
            self.error(line, Problem::Torn { reason: error.message().to_owned() })
        })
    }

    /// Returns the line at which a value starts.
    pub(crate) fn line<T>(self, at: &Spanned<T>) -> usize {
        line_at(self.text, at.span().start)
    }

    /// Returns the line in which some text stands for the first time.
    pub(crate) fn find(self, text: &str) -> Option<usize> {
        self.text.find(text).map(|byte| line_at(self.text, byte))
    }

    /// Makes the error of a problem in `line`.
    pub(crate) fn error(self, line: impl Into<Option<usize>>, problem: Problem) -> FormatError {
        let Self { format, file, .. } = self;
        FormatError { format, file: file.to_owned(), line: line.into(), problem }
    }

    /// Makes the error of a value that does not follow its specification.
    pub(crate) fn invalid(
        self,
        line: impl Into<Option<usize>>,
        what: impl Into<String>,
        text: &str,
        reason: impl fmt::Display,
    ) -> FormatError {
        let (what, text, reason) = (what.into(), text.to_owned(), reason.to_string());
        self.error(line, Problem::Invalid { what, text, reason })
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
