//! What `.gitignore` files ignore, as git reads them (gitignore(5)).

use std::sync::Arc;

use gix_ignore::glob::{Pattern, pattern::Case, wildmatch::Mode};

/// The patterns of one `.gitignore`, and those of the folders above it.
#[derive(Debug)]
pub(super) struct Rules {
    above: Option<Arc<Self>>,
    patterns: Vec<Pattern>,
    /// How much of a path from the root is the folder of the file, with the `/` behind it.
    folder: usize,
    /// For a file above the root: the names of the folders from its own down to the root.
    to_root: Vec<String>,
}

impl Rules {
    /// Returns the rules in a folder of the tree: those of its `.gitignore` over those above.
    pub(super) fn in_folder(above: Option<Arc<Self>>, folder: &str, text: &[u8]) -> Arc<Self> {
        let folder = if folder.is_empty() { 0 } else { folder.len() + 1 };
        Arc::new(Self { above, patterns: patterns(text), folder, to_root: Vec::new() })
    }

    /// Returns the rules in a folder above the tree's root.
    pub(super) fn above_root(
        above: Option<Arc<Self>>,
        to_root: &[String],
        text: &[u8],
    ) -> Arc<Self> {
        Arc::new(Self { above, patterns: patterns(text), folder: 0, to_root: to_root.to_owned() })
    }

    /// Returns whether a path from the root is ignored, if no folder that it lies in is.
    pub(super) fn ignore(&self, path: &[u8], is_folder: bool) -> bool {
        self.last_word(|here| match here.to_root.as_slice() {
            [] => here.decide(path.get(here.folder..)?, is_folder),
            to_root => here.decide(&[to_root.join("/").as_bytes(), b"/", path].concat(), is_folder),
        })
    }

    /// Returns whether a folder on the way from these rules' own to the root is ignored: the one
    /// that is `above` levels above the root.
    pub(super) fn ignore_above(&self, above: usize) -> bool {
        self.last_word(|here| {
            let way = here.to_root.len().checked_sub(above)?;
            here.decide(here.to_root[..way].join("/").as_bytes(), true)
        })
    }

    /// Returns what the nearest rules say that say something.
    fn last_word(&self, decide: impl Fn(&Self) -> Option<bool>) -> bool {
        let mut chain = std::iter::successors(Some(self), |rules| rules.above.as_deref());
        chain.find_map(decide).unwrap_or(false)
    }

    /// Returns what the last pattern of this file that matches a path from its folder says, if one does.
    fn decide(&self, path: &[u8], is_folder: bool) -> Option<bool> {
        let name = path.iter().rposition(|byte| *byte == b'/').map(|at| at + 1);
        let matches = |pattern: &&Pattern| {
            let mode = Mode::NO_MATCH_SLASH_LITERAL;
            let path = path.into();
            pattern.matches_repo_relative_path(path, name, Some(is_folder), Case::Sensitive, mode)
        };
        self.patterns.iter().rev().find(matches).map(|pattern| !pattern.is_negative())
    }
}

fn patterns(text: &[u8]) -> Vec<Pattern> {
    gix_ignore::parse(text, false).map(|(pattern, ..)| pattern).collect()
}
