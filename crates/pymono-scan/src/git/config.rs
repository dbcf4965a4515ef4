//! The settings of git that decide what a checkout writes and what a clone holds.

use super::{Git, entries};
use crate::ScanError;

/// What line ends a checkout writes, and whether blobs may be elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// `core.autocrlf`, lower case; `false` where it is not set.
    pub(crate) autocrlf: String,
    /// `core.eol`, lower case; `native` where it is not set.
    pub(crate) eol: String,
    /// Whether files on disk can be run, and are links, where git says so: `core.fileMode`, `core.symlinks`.
    pub(crate) has_modes: bool,
    /// The remote that a partial clone takes missing objects from.
    pub(crate) promisor: Option<String>,
}

impl Config {
    /// Asks git for them.
    pub(crate) fn read(git: &Git) -> Result<Self, ScanError> {
        let output = git.ask(&["config", "--list", "-z"])?;
        let mut config = Self {
            autocrlf: "false".into(),
            eol: "native".into(),
            has_modes: true,
            promisor: None,
        };
        for entry in entries(&output) {
            let text = String::from_utf8_lossy(entry);
            // A key without a value is true.
            let (key, value) = text.split_once('\n').unwrap_or((&text, "true"));
            let truth = || ["true", "yes", "on", "1"].contains(&value.to_lowercase().as_str());
            match key {
                "core.autocrlf" if truth() => config.autocrlf = "true".into(),
                "core.autocrlf" => config.autocrlf = value.to_lowercase(),
                "core.filemode" | "core.symlinks" => config.has_modes &= truth(),
                "core.eol" => config.eol = value.to_lowercase(),
                _ => {
                    let remote = key.strip_prefix("remote.");
                    let remote = remote.and_then(|rest| rest.strip_suffix(".promisor"));
                    config.promisor =
                        remote.filter(|_| truth()).map(str::to_owned).or(config.promisor);
                }
            }
        }
        Ok(config)
    }

    /// Returns whether a checkout writes text with carriage returns where no attribute says how.
    pub(crate) fn writes_crlf(&self) -> bool {
        match (self.autocrlf.as_str(), self.eol.as_str()) {
            ("true", _) => true,
            ("input", _) | (_, "lf") => false,
            (_, "crlf") => true,
            _ => cfg!(windows),
        }
    }

    /// Returns whether files without attributes are taken for text, and their line ends changed.
    pub(crate) fn guesses_text(&self) -> bool {
        ["true", "input"].contains(&self.autocrlf.as_str())
    }
}
