//! A copy of a tree for each side, so that neither sees what the other writes
//! and the tree stays as it is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::peer::Peer;
use crate::process::Tool;

/// The copies, removed on drop.
pub(super) struct Copies {
    _folder: TempDir,
    root: Utf8PathBuf,
    source: Utf8PathBuf,
    peers: Vec<Peer>,
    /// The place of the one side that has its turn; all have it where there is none.
    turn: Cell<Option<usize>>,
    /// The files that are not as in `source`.
    changed: RefCell<BTreeSet<Utf8PathBuf>>,
}

impl Copies {
    /// Copies what git would commit in `source`, once for each side.
    pub(super) fn make(source: &Utf8Path, peers: &[Peer]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pymono-bench-").tempdir()?;
        let root = Utf8PathBuf::try_from(folder.path().canonicalize()?)?;
        let (source, peers) = (source.to_owned(), peers.to_vec());
        let (turn, changed) = (Cell::default(), RefCell::default());
        let copies = Self { _folder: folder, root, source, peers, turn, changed };
        let files = files(&copies.source)?;
        for peer in &copies.peers {
            for file in &files {
                copy(&copies.source.join(file), &copies.of(*peer).join(file))?;
            }
            // As its users have it: pymono asks git what belongs to a tree.
            let git = || Tool::new("git").arg("-C").arg(copies.of(*peer));
            git().args(["init", "--quiet"]).quiet()?;
            git().args(["add", "--all"]).quiet()?;
        }
        Ok(copies)
    }

    /// The sides that have their turn.
    pub(super) fn peers(&self) -> &[Peer] {
        match self.turn.get() {
            Some(place) => self.peers.get(place..=place).unwrap_or_default(),
            None => &self.peers,
        }
    }

    /// Lets one side alone have its turn, or all.
    pub(super) fn turn_to(&self, peer: Option<Peer>) {
        self.turn.set(peer.and_then(|peer| self.peers.iter().position(|it| *it == peer)));
    }

    /// The copy that `peer` builds.
    pub(super) fn of(&self, peer: Peer) -> Utf8PathBuf {
        self.root.join(peer.as_str())
    }

    /// A folder beside the copies.
    pub(super) fn beside(&self, name: &str) -> Utf8PathBuf {
        self.root.join(name)
    }

    /// Adds `line` to the end of `file` as the tree has it, in all copies.
    pub(super) fn edit(&self, file: &str, line: &str) -> Result<()> {
        let original = self.source.join(file);
        let text = fs::read_to_string(&original)
            .with_context(|| format!("failed to read `{original}`"))?;
        self.replace(file, &format!("{text}{line}\n"))
    }

    /// Puts `text` in place of what `file` has, in all copies.
    pub(super) fn replace(&self, file: &str, text: &str) -> Result<()> {
        self.changed.borrow_mut().insert(file.into());
        self.peers.iter().try_for_each(|peer| write(&self.of(*peer).join(file), text))
    }

    /// Makes all files again what they are in the tree.
    pub(super) fn restore(&self) -> Result<()> {
        for file in self.changed.take() {
            for peer in &self.peers {
                copy(&self.source.join(&file), &self.of(*peer).join(&file))?;
            }
        }
        Ok(())
    }
}

/// Writes a file and the folders above it.
pub(super) fn write(path: &Utf8Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("failed to make `{folder}`"))?;
    fs::write(path, text).with_context(|| format!("failed to write `{path}`"))
}

/// Files that are tracked or could be, relative to `folder`.
fn files(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = Tool::new("git").arg("-C").arg(folder).args(list).read()?;
    let files = listed.split_terminator('\0').map(Utf8PathBuf::from);
    // A file that was removed and not yet committed is still listed.
    Ok(files.filter(|file| folder.join(file).is_file()).collect())
}

fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).with_context(|| format!("failed to make `{folder}`"))?;
    fs::copy(from, to).with_context(|| format!("failed to copy `{from}` to `{to}`"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo;

    #[test]
    fn all_copies_have_every_line_of_the_tree_and_the_last_edit() {
        let peers = [Peer::Guide, Peer::Pymono];
        let copies = Copies::make(&cargo::root().join("examples/shop"), &peers).unwrap();
        let file = "libs/models/src/shop_models/__init__.py";
        copies.edit(file, "A = 1").unwrap();
        copies.edit(file, "A = 2").unwrap();
        for peer in peers {
            assert!(copies.of(peer).join("uv.lock").is_file());
            let edited = fs::read_to_string(copies.of(peer).join(file)).unwrap();
            assert!(edited.ends_with("\nA = 2\n") && !edited.contains("A = 1"), "{edited}");
        }
        copies.restore().unwrap();
        let restored = fs::read_to_string(copies.of(Peer::Guide).join(file)).unwrap();
        assert!(!restored.contains("A = 2"), "{restored}");
    }
}
