//! Which files differ between a repository and a checkout of it (gitattributes(5)).

use std::{
    io::{self, BufRead},
    sync::{Mutex, PoisonError},
};

use pymono_exec::Dialogue;
use pymono_names::TreePath;

use super::{Config, Git};
use crate::ScanError;

/// The attributes that decide what a checkout makes of a blob.
const NAMES: [&str; 5] = ["filter", "ident", "working-tree-encoding", "text", "eol"];

/// Attributes of paths, asked of one git that goes on running.
#[derive(Debug)]
pub(crate) struct Attributes {
    git: Git,
    config: Config,
    none: bool,
    dialogue: Mutex<Option<Dialogue>>,
}

/// The values of [`NAMES`] for one path.
struct Values([Vec<u8>; 5]);

impl Attributes {
    /// Returns the attributes as git in this folder knows them.
    pub(crate) fn new(git: Git, config: Config) -> Self {
        Self { git, config, none: false, dialogue: Mutex::default() }
    }

    /// Returns the same where it is known that no path has an attribute.
    pub(crate) fn without_any(self) -> Self {
        Self { none: true, ..self }
    }

    /// Returns whether files have attributes, or may have, that nothing in the tree at git's folder says.
    pub(crate) fn beside_tree(git: &Git) -> Result<bool, ScanError> {
        if !git.ask(&["rev-parse", "--show-prefix"])?.trim_ascii().is_empty() {
            return Ok(true);
        }
        let own = git.ask(&["rev-parse", "--git-path", "info/attributes"])?;
        let mut found = vec![git.folder.join(String::from_utf8_lossy(&own).trim_end_matches('\n'))];
        for name in ["GIT_ATTR_SYSTEM", "GIT_ATTR_GLOBAL"] {
            match git.ask(&["var", name]) {
                Ok(path) => {
                    found.push(String::from_utf8_lossy(&path).trim_end_matches('\n').into());
                }
                // It has none. An older git does not know the variable, and says that.
                Err(ScanError::Answer { stderr, .. }) if stderr.is_empty() => {}
                Err(_) => return Ok(true),
            }
        }
        Ok(found.iter().any(|path| path.exists()))
    }

    /// Returns for each path whether the bytes of a checked out file may be others than those of the blob
    /// that git takes them for.
    pub(crate) fn loosely_stored(&self, paths: &[&TreePath]) -> Result<Vec<bool>, ScanError> {
        self.ask(paths, |values| values.is_text(&self.config) || values.is_filtered())
    }

    /// Returns for each path whether a checkout may write other bytes than those of its blob.
    pub(crate) fn converted(&self, paths: &[&TreePath]) -> Result<Vec<bool>, ScanError> {
        self.ask(paths, |values| {
            (values.is_text(&self.config) && values.writes_crlf(&self.config))
                || values.is_filtered()
        })
    }

    /// Returns for each path whether it is kept in Git LFS.
    pub(crate) fn in_lfs(&self, paths: &[&TreePath]) -> Result<Vec<bool>, ScanError> {
        self.ask(paths, |Values([filter, ..])| filter == b"lfs")
    }

    fn ask(
        &self,
        paths: &[&TreePath],
        decide: impl Fn(&Values) -> bool,
    ) -> Result<Vec<bool>, ScanError> {
        if self.none {
            let unspecified = Values([(); 5].map(|()| b"unspecified".to_vec()));
            return Ok(vec![decide(&unspecified); paths.len()]);
        }
        Ok(self.values(paths)?.iter().map(decide).collect())
    }

    fn values(&self, paths: &[&TreePath]) -> Result<Vec<Values>, ScanError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut request = Vec::new();
        for path in paths {
            request.extend_from_slice(path.as_str().as_bytes());
            request.push(0);
        }
        let mut dialogue = self.dialogue.lock().unwrap_or_else(PoisonError::into_inner);
        let dialogue = match &mut *dialogue {
            Some(dialogue) => dialogue,
            none => {
                let args = ["check-attr", "-z", "--stdin"];
                none.insert(self.git.converse(&[&args[..], &NAMES].concat())?)
            }
        };
        let read = |stdout: &mut dyn BufRead| paths.iter().map(|_| Values::read(stdout)).collect();
        dialogue.ask(&request, read).map_err(|source| self.git.failed(source))
    }
}

impl Values {
    /// Reads one path's answer: for each attribute the path, its name and its value.
    fn read(stdout: &mut dyn BufRead) -> io::Result<Self> {
        let mut values = <[Vec<u8>; 5]>::default();
        for value in &mut values {
            for _ in 0..3 {
                value.clear();
                stdout.read_until(0, value)?;
                if value.pop() != Some(0) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(Self(values))
    }

    /// Returns whether something else than line ends changes.
    fn is_filtered(&self) -> bool {
        let Self([filter, ident, encoding, ..]) = self;
        let named = |value: &[u8]| ![&b"unspecified"[..], b"unset", b"set"].contains(&value);
        named(filter) || named(encoding) || ident == b"set"
    }

    /// Returns whether git changes line ends on the way in, out or both.
    fn is_text(&self, config: &Config) -> bool {
        let Self([.., text, eol]) = self;
        match text.as_slice() {
            b"unset" => false,
            b"unspecified" => Self::is_line_end(eol) || config.guesses_text(),
            _ => true,
        }
    }

    fn writes_crlf(&self, config: &Config) -> bool {
        let Self([.., eol]) = self;
        if Self::is_line_end(eol) { eol == b"crlf" } else { config.writes_crlf() }
    }

    fn is_line_end(eol: &[u8]) -> bool {
        [&b"lf"[..], b"crlf"].contains(&eol)
    }
}
