//! What `uv pip compile --generate-hashes` writes.

use std::collections::BTreeSet;

use thiserror::Error;

use super::BackendPin;
use crate::marker::Condition;

/// A text that is no list of pins with hashes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{line}` is no requirement with hashes")]
pub struct InvalidResolution {
    /// The line that is odd.
    pub line: String,
}

impl BackendPin {
    /// Reads the pins that uv has found.
    pub fn resolved(text: &str) -> Result<Vec<Self>, InvalidResolution> {
        let text = text.replace("\\\n", " ");
        let lines = text.lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(pin).collect()
    }
}

fn pin(line: &str) -> Result<BackendPin, InvalidResolution> {
    let invalid = || InvalidResolution { line: line.to_owned() };
    let mut parts = line.split("--hash=");
    let requirement = parts.next().unwrap_or_default().trim();
    let hashes: BTreeSet<String> = parts.map(|hash| hash.trim().to_owned()).collect();
    // A semicolon can stand in a URL, but not with spaces around it.
    let (requirement, marker) = match requirement.split_once(" ; ") {
        Some((requirement, marker)) => (requirement, Some(marker.trim())),
        None => (requirement, None),
    };
    if requirement.is_empty() || requirement.starts_with('-') {
        return Err(invalid());
    }
    if marker.is_some_and(|marker| Condition::parse(marker).is_err()) {
        return Err(invalid());
    }
    Ok(BackendPin {
        requirement: requirement.trim().to_owned(),
        marker: marker.map(str::to_owned),
        hashes,
    })
}
