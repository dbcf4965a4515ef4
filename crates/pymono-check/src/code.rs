//! The kinds of findings.

use std::{fmt, str::FromStr};

/// What kind a finding is. The name of each is stable: scripts may rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A service cannot be planned, for a reason that has no code of its own.
    Unplanned,
    /// A service has no lock.
    NoLock,
    /// A lock cannot be read.
    BrokenLock,
    /// A lock does not fit its project or its target any more.
    StaleLock,
    /// Nothing tells how to start a service.
    NoCommand,
    /// Several services would be built as one image.
    SharedImage,
    /// A requirement that no lock pins can be another version tomorrow.
    UnlockedRequirement,
    /// A distribution is compiled, and what it is compiled with is in no lock.
    UnlockedBuild,
    /// An image stands on a tag that can mean another image tomorrow.
    FloatingBase,
    /// A project imports another one of the repository that it does not depend on.
    UndeclaredImport,
    /// A hand-written Dockerfile copies what is not there, or does not copy what its project needs.
    MissingCopy,
    /// An image is expected to have more bytes or layers than its configuration allows.
    OverBudget,
    /// A file that is sent to a build looks as if it held a secret.
    SecretInContext,
}

impl Code {
    /// All codes, in the order in which findings are told.
    pub const ALL: [Self; 13] = [
        Self::Unplanned,
        Self::NoLock,
        Self::BrokenLock,
        Self::StaleLock,
        Self::NoCommand,
        Self::SharedImage,
        Self::UnlockedRequirement,
        Self::UnlockedBuild,
        Self::FloatingBase,
        Self::UndeclaredImport,
        Self::MissingCopy,
        Self::OverBudget,
        Self::SecretInContext,
    ];

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unplanned => "unplanned",
            Self::NoLock => "no-lock",
            Self::BrokenLock => "broken-lock",
            Self::StaleLock => "stale-lock",
            Self::NoCommand => "no-command",
            Self::SharedImage => "shared-image",
            Self::UnlockedRequirement => "unlocked-requirement",
            Self::UnlockedBuild => "unlocked-build",
            Self::FloatingBase => "floating-base",
            Self::UndeclaredImport => "undeclared-import",
            Self::MissingCopy => "missing-copy",
            Self::OverBudget => "over-budget",
            Self::SecretInContext => "secret-in-context",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|code| code.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no code; known are {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_as_it_is_written() {
        for code in Code::ALL {
            assert_eq!(code.to_string().parse(), Ok(code));
        }
        assert!("x".parse::<Code>().unwrap_err().contains("stale-lock"));
    }
}
