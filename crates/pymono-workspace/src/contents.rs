//! What the files of projects hold, without their bytes.

use std::{collections::BTreeMap, fmt};

use pymono_names::TreePath;

/// The files that are sent to the build of each project, with what each of them holds.
pub type Contents = BTreeMap<TreePath, BTreeMap<TreePath, ContentId>>;

/// What a file holds and how it is kept: its bytes as they are sent, its mode, or where it leads to.
///
/// Equal identities mean equal files; it says nothing about how it was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId(pub String);

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
