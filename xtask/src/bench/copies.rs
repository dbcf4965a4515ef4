//! A copy of the example for each side, so that neither sees what the other
//! writes and the example stays as it is.

use std::fs;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::peer::Peer;
use crate::cargo;
use crate::process::Tool;

/// The copies, removed on drop.
pub(super) struct Copies {
    _folder: TempDir,
    root: Utf8PathBuf,
}

impl Copies {
    /// Copies what git would commit below `example`, once for each side.
    pub(super) fn make(example: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pymono-bench-").tempdir()?;
        let root = Utf8PathBuf::try_from(folder.path().canonicalize()?)?;
        let copies = Self { _folder: folder, root };
        let files = files(example)?;
        for peer in Peer::ALL {
            for file in &files {
                copy(&cargo::root().join(example).join(file), &copies.of(peer).join(file))?;
            }
            // As its users have it: pymono asks git what belongs to a tree.
            let git = || Tool::new("git").arg("-C").arg(copies.of(peer));
            git().args(["init", "--quiet"]).quiet()?;
            git().args(["add", "--all"]).quiet()?;
        }
        Ok(copies)
    }

    /// The copy that `peer` builds.
    pub(super) fn of(&self, peer: Peer) -> Utf8PathBuf {
        self.root.join(peer.as_str())
    }

    /// A folder beside the copies.
    pub(super) fn beside(&self, name: &str) -> Utf8PathBuf {
        self.root.join(name)
    }

    /// Adds `line` to the end of `file` as the example has it, in both copies.
    pub(super) fn edit(&self, example: &str, file: &str, line: &str) -> Result<()> {
        let original = cargo::root().join(example).join(file);
        let text = fs::read_to_string(&original)
            .with_context(|| format!("failed to read `{original}`"))?;
        let edited = format!("{text}{line}\n");
        Peer::ALL.iter().try_for_each(|peer| write(&self.of(*peer).join(file), &edited))
    }
}

/// Writes a file and the folders above it.
pub(super) fn write(path: &Utf8Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("failed to make `{folder}`"))?;
    fs::write(path, text).with_context(|| format!("failed to write `{path}`"))
}

/// Files that are tracked or could be, relative to `example`.
fn files(example: &str) -> Result<Vec<Utf8PathBuf>> {
    let folder = cargo::root().join(example);
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = Tool::new("git").arg("-C").arg(&folder).args(list).read()?;
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

    #[test]
    fn both_copies_have_every_line_of_the_example_and_the_edit() {
        let copies = Copies::make("examples/shop").unwrap();
        copies.edit("examples/shop", "libs/models/src/shop_models/__init__.py", "A = 1").unwrap();
        copies.edit("examples/shop", "libs/models/src/shop_models/__init__.py", "A = 2").unwrap();
        for peer in Peer::ALL {
            let copy = copies.of(peer);
            assert!(copy.join("uv.lock").is_file());
            let edited = copy.join("libs/models/src/shop_models/__init__.py");
            let edited = fs::read_to_string(edited).unwrap();
            assert!(edited.ends_with("\nA = 2\n") && !edited.contains("A = 1"), "{edited}");
        }
    }
}
