//! The only crate that reads the source tree.

mod error;

use std::{ffi::OsString, fmt};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_workspace::Workspace;

pub use error::ScanError;

/// What to scan.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// The root of the tree, an absolute path.
    pub root: Utf8PathBuf,
    /// The configuration file to read in place of the ones that are looked for.
    pub config: Option<Utf8PathBuf>,
    /// The environment of the programs that are asked (git, cargo).
    pub env: Vec<(OsString, OsString)>,
}

/// What a scan found.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The projects.
    pub workspace: Workspace,
    /// What is odd but did not keep the tree from being understood, sorted.
    pub warnings: Vec<Warning>,
}

/// Something odd in the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// What it is, in one line.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Returns the root of the tree that `start` lies in.
///
/// It is the nearest folder, `start` or above, with a `pymono.toml`, a
/// `uv.lock` or a `.git`; without any, `start` itself.
pub fn find_root(start: &Utf8Path) -> Utf8PathBuf {
    let is_root = |folder: &&Utf8Path| {
        ["pymono.toml", "uv.lock", ".git"].iter().any(|name| folder.join(name).exists())
    };
    start.ancestors().find(is_root).unwrap_or(start).to_owned()
}

/// Reads the tree.
pub fn scan(_options: &ScanOptions) -> Result<Scan, ScanError> {
    Ok(Scan { workspace: Workspace::default(), warnings: Vec::new() })
}
