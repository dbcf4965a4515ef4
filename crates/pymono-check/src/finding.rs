//! One finding.

use pymono_names::TreePath;

use crate::Code;

/// Something that is wrong or risky.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// What it is about: a file, or the folder of a project.
    pub path: TreePath,
    /// The line in the file, from 1, where it is about one.
    pub line: Option<usize>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// Makes a finding about a file or folder as a whole.
    pub(crate) fn new(code: Code, path: &TreePath, message: String, hint: &str) -> Self {
        Self { code, path: path.clone(), line: None, message, hint: Some(hint.to_owned()) }
    }
}
