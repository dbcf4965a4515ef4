//! What the files of projects show beyond what a build needs to know.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

/// What a closer look at the files of all projects found.
///
/// It is taken only when asked for, since it opens every Python file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The modules of each project and those that it imports.
    pub modules: BTreeMap<TreePath, Modules>,
    /// Files that would be sent to a build and look as if they held a secret, each with what it looks like.
    pub secrets: BTreeMap<TreePath, String>,
}

/// The modules of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    /// The modules that its files are, by dotted name, such as `core.db`.
    pub own: BTreeSet<String>,
    /// What its files import, by dotted name. The last part may be no module but a name in one.
    pub imported: BTreeMap<String, Import>,
}

/// Where something is imported for the first time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The file.
    pub file: TreePath,
    /// The line in it, from 1.
    pub line: usize,
}
