//! The only crate that reads the source tree.
//!
//! [`scan`] goes from files to a [`Workspace`]: which projects there are, which
//! of them are services and why, how each is built and started, what is
//! configured for it, and what of its folder is not to be sent to a build. It
//! knows nothing of images and stages.

mod ask;
mod assemble;
mod base;
mod bricks;
mod build;
mod code;
mod config;
mod contents;
mod cover;
mod crates;
mod discover;
mod document;
mod error;
mod essence;
mod further;
mod git;
mod ground;
mod ignore;
mod imports;
mod index;
mod infer;
mod inspect;
mod launch;
mod leads;
mod links;
mod litter;
mod local;
mod manager;
mod manifest;
mod members;
mod pair;
mod pdm;
mod pipfile;
mod poetry;
mod project;
mod proposal;
mod python;
mod recipes;
mod requirements;
mod secrets;
mod setup;
mod sources;
mod tree;
mod version;

use std::{ffi::OsString, fmt};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_exec::Interrupt;
use pymono_workspace::Workspace;

use ask::Programs;

pub use base::{Against, Base, base, whole};
pub use config::{check_compression, check_registry, check_tag, config_schema, documented_keys};
pub use contents::{contents, ignored};
pub use error::{Place, ScanError};
pub use inspect::inspect;
pub use leads::leads;
pub use pair::{Pair, pair};
pub use proposal::{Proposal, Proposals, ProposedFile, Unplaced, propose};
pub use tree::{Identity, Mode, Tree};

/// What to scan.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// The root of the tree, an absolute path.
    pub root: Utf8PathBuf,
    /// The configuration file to read in place of the ones that are looked for; relative to the root if it is.
    pub config: Option<Utf8PathBuf>,
    /// Which state of the tree to scan.
    pub head: Head,
    /// The environment of the programs that are asked (git, cargo).
    pub env: Vec<(OsString, OsString)>,
    /// The request that ends the scan, and the programs that it asks.
    pub interrupt: Interrupt,
}

/// A state of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// The files on disk: what is committed, and what is not.
    WorkingTree,
    /// What git has for a revision, whatever is on disk; a bare repository has nothing else.
    Revision(String),
}

/// What a scan found.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The projects.
    pub workspace: Workspace,
    /// The files that the projects are made of.
    pub tree: Tree,
    /// What is odd but did not keep the tree from being understood, sorted.
    pub warnings: Vec<Warning>,
}

/// Something odd in the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// What it is, in one line.
    pub message: String,
}

impl Warning {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Returns the root of the tree that `start` lies in.
///
/// It is the nearest folder, `start` or above, with a `pymono.toml`, a
/// `uv.lock` or a `.git`, or that is a bare repository; without any, `start` itself.
pub fn find_root(start: &Utf8Path) -> Utf8PathBuf {
    let is_root = |folder: &&Utf8Path| {
        let bare = || {
            folder.join("HEAD").is_file()
                && folder.join("objects").is_dir()
                && folder.join("refs").is_dir()
        };
        ["pymono.toml", "uv.lock", ".git"].iter().any(|name| folder.join(name).exists()) || bare()
    };
    start.ancestors().find(is_root).unwrap_or(start).to_owned()
}

/// Reads the tree: its files, its configuration and its projects.
///
/// The same files give the same answer, in the same order, on every machine.
pub fn scan(options: &ScanOptions) -> Result<Scan, ScanError> {
    let mut warnings = Vec::new();
    let programs = Programs { env: &options.env, interrupt: &options.interrupt };
    let tree = Tree::of(&options.root, &options.head, &programs, &mut warnings)?;
    of_tree(options, tree, warnings)
}

/// Understands a tree that was listed.
fn of_tree(
    options: &ScanOptions,
    tree: Tree,
    mut warnings: Vec<Warning>,
) -> Result<Scan, ScanError> {
    let (workspace, more) = assemble::workspace(options, &tree, &mut warnings)?;
    warnings.sort();
    warnings.dedup();
    Ok(Scan { workspace, tree: more.unwrap_or(tree), warnings })
}
