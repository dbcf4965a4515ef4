//! In what a commit differs from another one, or from what is on disk.

use std::collections::BTreeMap;

use pymono_names::TreePath;

use super::{Attributes, Config, Git, entries};
use crate::{
    ScanError,
    tree::{Identity, Mode},
};

/// What every listing of differences is asked with: one path each, and whole ids.
const FORM: [&str; 5] = ["--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none"];

/// Where a commit and a head differ.
///
/// Git compares ids from the top down, so that nobody looks into a folder that is the same in both.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The paths that the commit and the head's commit, or git's index, do not hold alike.
    pub(crate) changed: BTreeMap<TreePath, Change>,
    /// What the index holds of the files that are not on disk as they are in there.
    pub(crate) modified: BTreeMap<TreePath, Option<Identity>>,
    /// The settings of git.
    pub(crate) config: Config,
}

/// What two sides hold at one path; nothing where there is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// In the commit.
    pub(crate) before: Option<Identity>,
    /// In the head's commit, or in the index.
    pub(crate) after: Option<Identity>,
}

impl Difference {
    /// Asks in what `commit` differs from a head: a commit, or the working tree where there is none.
    ///
    /// Nothing where what differs cannot be told by ids alone: files are converted, sides of a conflict
    /// are left, or the repository begins above git's folder.
    pub(crate) fn ask(
        git: &Git,
        commit: &str,
        head: Option<&str>,
    ) -> Result<Option<Self>, ScanError> {
        let config = Config::read(git)?;
        let is_as_stored = config.has_modes && !config.guesses_text();
        if !is_as_stored || Attributes::beside_tree(git)? {
            return Ok(None);
        }
        let asked = match head {
            Some(head) => git.ask(&[&["diff-tree", "-r"], &FORM[..], &[commit, head]].concat())?,
            None => git.ask(&[&["diff-index", "--cached"], &FORM[..], &[commit, "--"]].concat())?,
        };
        let Some(changed) = changes(&asked) else { return Ok(None) };
        let modified = match head {
            Some(_) => Vec::new(),
            None => git.ask(&[&["diff-files"], &FORM[..4], &["--ignore-submodules"]].concat())?,
        };
        let Some(modified) = changes(&modified) else { return Ok(None) };
        let modified = modified.into_iter().map(|(path, it)| (path, it.before)).collect();
        let is_plain = |path: &TreePath| path.file_name() != Some(".gitattributes");
        Ok(changed.keys().all(is_plain).then_some(Self { changed, modified, config }))
    }
}

/// Returns what git lists in its raw form (git-diff(1)); nothing where some of it is no file on either
/// side, or has a name that pymono has no words for.
fn changes(output: &[u8]) -> Option<BTreeMap<TreePath, Change>> {
    let mut changes = BTreeMap::new();
    let mut entries = entries(output);
    while let Some(entry) = entries.next() {
        let mut words = str::from_utf8(entry.strip_prefix(b":")?).ok()?.split(' ');
        let mut word = || words.next();
        let (modes, ids, status) = ((word()?, word()?), (word()?, word()?), word()?);
        let side = |mode: &str, id: &str| match mode {
            "000000" => Some(None),
            _ => Some(Some(Identity { mode: Mode::of_git(mode.as_bytes())?, content: id.into() })),
        };
        let change = Change { before: side(modes.0, ids.0)?, after: side(modes.1, ids.1)? };
        if status == "U" {
            return None;
        }
        changes.insert(str::from_utf8(entries.next()?).ok()?.parse().ok()?, change);
    }
    Some(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_told_with_what_both_sides_hold() {
        let (one, two, none) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let text = format!(
            ":100644 100755 {one} {two} M\0a/b.py\0:000000 120000 {none} {two} A\0link\0:100644 000000 {one} {none} D\0x\0"
        );
        let found = changes(text.as_bytes()).unwrap();
        let modes = |path: &str| {
            let change = &found[&path.parse::<TreePath>().unwrap()];
            let mode = |it: &Option<Identity>| it.as_ref().map(|it| it.mode);
            (mode(&change.before), mode(&change.after))
        };
        assert_eq!(modes("a/b.py"), (Some(Mode::File), Some(Mode::Executable)));
        assert_eq!(modes("link"), (None, Some(Mode::Link)));
        assert_eq!(modes("x"), (Some(Mode::File), None));
    }

    #[test]
    fn submodules_and_conflicts_are_no_files() {
        let id = "1".repeat(40);
        for text in [
            format!(":160000 160000 {id} {id} M\0sub\0"),
            format!(":000000 000000 {id} {id} U\0a\0"),
        ] {
            assert_eq!(changes(text.as_bytes()), None);
        }
    }
}
