//! The files that `--paths` asks about.

use std::{collections::BTreeSet, io::Read};

use camino::Utf8Path;
use clap::Args;
use pymono_fingerprint::{Asked, Comparison, Presence, touched};
use pymono_names::TreePath;
use pymono_scan::ScanOptions;

use crate::{
    changes::Changes, error::CommandError, load::warn_all, reckon::Reckoned, session::Session,
};

/// What is asked about in place of a base.
#[derive(Args, Debug)]
pub(super) struct PathsArgs {
    /// Say which services would be affected if the files at PATH changed, came or went
    ///
    /// A PATH is seen from the current folder, and a folder means all files in it. `-` takes the paths
    /// from standard input, a line each. A file that tells how images are made, such as a manifest or a
    /// lock, counts for all services that it may concern.
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["base", "summary"])]
    paths: Vec<String>,
    /// In standard input each path ends in NUL, as `git diff --name-only -z` has it
    #[arg(short = 'z', requires = "paths")]
    null: bool,
}

impl PathsArgs {
    /// Returns whether there are any.
    pub(super) fn are_given(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Returns which services the files concern, as a comparison with nothing.
    pub(super) fn changes(
        &self,
        session: &mut Session,
        options: &ScanOptions,
    ) -> Result<Changes, CommandError> {
        let paths = self.read(session)?;
        let head = Reckoned::of(options)?;
        warn_all(session, &head)?;
        let asked = asked(options, &head, &paths);
        tell(session, &asked)?;
        let services = touched(&head.scan.workspace, &head.fleet, &head.inputs, &asked);
        let comparison = Comparison { services, removed: BTreeSet::new() };
        Ok(Changes { base: None, before: None, head, comparison })
    }

    fn read(&self, session: &mut Session) -> Result<BTreeSet<TreePath>, CommandError> {
        let mut texts = Vec::new();
        for text in &self.paths {
            if text == "-" {
                texts.extend(self.of_input(&mut session.input)?);
            } else {
                texts.push(text.clone());
            }
        }
        let (root, folder) = (&session.root, &session.folder);
        texts.iter().map(|text| in_tree(root, folder, text)).collect()
    }

    fn of_input(&self, input: &mut dyn Read) -> Result<Vec<String>, CommandError> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(CommandError::unreadable_input)?;
        let end = if self.null { b'\0' } else { b'\n' };
        let names = bytes.split(|byte| *byte == end).filter(|name| !name.is_empty());
        let names = names.map(|name| {
            let odd = |_| CommandError::odd_path(&String::from_utf8_lossy(name));
            let name = str::from_utf8(name).map_err(odd)?;
            // What is taken for another name would be in no image, and so affect nobody.
            let is_quoted = !self.null && name.len() > 1 && name.starts_with('"');
            if is_quoted { Err(CommandError::odd_path(name)) } else { Ok(name.to_owned()) }
        });
        names.collect()
    }
}

/// Returns the place in the tree that a path of the command line means.
fn in_tree(root: &Utf8Path, folder: &TreePath, text: &str) -> Result<TreePath, CommandError> {
    let path = Utf8Path::new(text);
    let outside = || CommandError::outside(path);
    if !path.is_absolute() {
        return folder.join(text).map_err(|_| outside());
    }
    // The root is one without links.
    let real = path.canonicalize_utf8().ok();
    let mut found = [Some(path), real.as_deref()].into_iter().flatten();
    let below = found.find_map(|path| path.strip_prefix(root).ok());
    let below = below.ok_or_else(outside)?;
    below.as_str().parse().map_err(|_| outside())
}

/// Finds out what the tree has at some paths.
fn asked(options: &ScanOptions, head: &Reckoned, paths: &BTreeSet<TreePath>) -> BTreeSet<Asked> {
    let tree = &head.scan.tree;
    let is_there = |path: &TreePath| {
        tree.has(path) || tree.submodules().keys().any(|submodule| path.is_in(submodule))
    };
    let is_gone = |path: &&TreePath| !is_there(path) && !tree.folders().contains(*path);
    let gone = paths.iter().find(is_gone);
    let of_disk = gone.filter(|_| tree.commit().is_none());
    let ignored = of_disk.and_then(|_| pymono_scan::ignored(options)).unwrap_or_default();
    let presence = |path: &TreePath| {
        if is_there(path) {
            Presence::There
        } else if ignored.iter().any(|it| path.is_in(it)) {
            Presence::Ignored
        } else {
            Presence::Absent
        }
    };
    let files = paths.iter().flat_map(|path| {
        let itself = (!tree.folders().contains(path)).then_some(path);
        itself.into_iter().chain(tree.below(path))
    });
    let asked = files.map(|path| Asked {
        path: path.clone(),
        presence: presence(path),
        leads: pymono_scan::leads(path),
    });
    asked.collect()
}

/// Says which files are not there, since that can be a slip.
fn tell(session: &mut Session, asked: &BTreeSet<Asked>) -> Result<(), CommandError> {
    for (presence, what) in [
        (Presence::Absent, "is not in the tree, and counts as a file that comes or goes"),
        (Presence::Ignored, "is ignored by git, and reaches no image by itself"),
    ] {
        let mut such = asked.iter().filter(|it| it.presence == presence);
        let Some(first) = such.next() else { continue };
        let more = match such.count() {
            0 => String::new(),
            more => format!(", like {more} more,"),
        };
        session.shell.warn(format!("`{}`{more} {what}", first.path))?;
    }
    Ok(())
}
