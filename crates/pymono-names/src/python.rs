//! Versions of the Python interpreter.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version of a CPython interpreter: a minor version, and the patch where one is named.
///
/// `3.13` stands for the newest patch of 3.13, as the tag `python:3.13-slim` does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct PythonVersion {
    /// The first number, 3.
    pub major: u8,
    /// The second number.
    pub minor: u8,
    /// The third number, where one is named.
    pub patch: Option<u8>,
}

/// A string that is no version of Python.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a Python version; write it as `3.13` or `3.13.2`")]
pub struct InvalidPythonVersion(String);

impl PythonVersion {
    /// The patch that stands for "the newest" where a version names none.
    ///
    /// A floating tag moves to each new patch release, so a marker such as
    /// `python_full_version < '3.11.3'` must be false for `3.11`. No CPython
    /// series has had half as many patch releases.
    const NEWEST_PATCH: u8 = 99;

    /// Returns the version without a patch, `3.13`.
    pub fn minor_version(self) -> String {
        format!("{}.{}", self.major, self.minor)
    }

    /// Returns the same without a patch.
    #[must_use]
    pub fn minor(self) -> Self {
        Self { patch: None, ..self }
    }

    /// Returns the version with a patch, as the marker `python_full_version` sees it.
    pub fn full_version(self) -> String {
        let patch = self.patch.unwrap_or(Self::NEWEST_PATCH);
        format!("{}.{}.{patch}", self.major, self.minor)
    }

    /// Returns the version's digits as in wheel tags and stage names, `313`.
    pub fn digits(self) -> String {
        format!("{}{}", self.major, self.minor)
    }
}

impl FromStr for PythonVersion {
    type Err = InvalidPythonVersion;

    fn from_str(text: &str) -> Result<Self, InvalidPythonVersion> {
        let invalid = || InvalidPythonVersion(text.to_owned());
        let numbers = text
            .trim()
            .split('.')
            .map(str::parse)
            .collect::<Result<Vec<u8>, _>>()
            .map_err(|_| invalid())?;
        match numbers[..] {
            [major @ 3, minor] => Ok(Self { major, minor, patch: None }),
            [major @ 3, minor, patch] => Ok(Self { major, minor, patch: Some(patch) }),
            _ => Err(invalid()),
        }
    }
}

impl TryFrom<String> for PythonVersion {
    type Error = InvalidPythonVersion;

    fn try_from(text: String) -> Result<Self, InvalidPythonVersion> {
        text.parse()
    }
}

impl From<PythonVersion> for String {
    fn from(version: PythonVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_printed_as_it_was_written() {
        for text in ["3.13", "3.11.2"] {
            assert_eq!(text.parse::<PythonVersion>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["3", "2.7", "pypy3.10", "3.13.1.1", "3.x", ""] {
            assert!(text.parse::<PythonVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn without_a_patch_the_newest_is_meant() {
        assert_eq!("3.11".parse::<PythonVersion>().unwrap().full_version(), "3.11.99");
        assert_eq!("3.11.2".parse::<PythonVersion>().unwrap().full_version(), "3.11.2");
    }
}
