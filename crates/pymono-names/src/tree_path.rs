//! Paths of files and folders in the source tree.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A path below the root of the tree, `/` separated, `.` for the root itself.
///
/// It has no empty part, no `.` or `..` part, and never starts with `/`, so two
/// spellings of one path always compare equal.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct TreePath(String);

/// A path that does not lie in the tree.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidTreePath {
    /// The path has more `..` than parts to go up from.
    #[error("`{0}` lies outside of the repository")]
    Outside(String),
    /// The path starts at the root of the file system.
    #[error("`{0}` is absolute; a path in the repository is relative to its root")]
    Absolute(String),
}

impl TreePath {
    /// Returns the root of the tree, `.`.
    pub fn root() -> Self {
        Self(".".to_owned())
    }

    /// Returns the path as a string: `.` or `a/b`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true for the root.
    pub fn is_root(&self) -> bool {
        self.0 == "."
    }

    /// Returns the parts of the path; the root has none.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| *part != ".")
    }

    /// Returns the last part; the root has none.
    pub fn file_name(&self) -> Option<&str> {
        let name = self.0.rsplit_once('/').map_or(self.as_str(), |(_, name)| name);
        (!self.is_root()).then_some(name)
    }

    /// Returns the folder that holds this path; the root has none.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let parent = self.0.rsplit_once('/').map_or(".", |(parent, _)| parent);
        Some(Self(parent.to_owned()))
    }

    /// Returns this path followed by `relative`, in which `.` and `..` are resolved.
    pub fn join(&self, relative: &str) -> Result<Self, InvalidTreePath> {
        if relative.starts_with('/') {
            return Err(InvalidTreePath::Absolute(relative.to_owned()));
        }
        let mut parts: Vec<&str> = self.parts().collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        return Err(InvalidTreePath::Outside(relative.to_owned()));
                    }
                }
                part => parts.push(part),
            }
        }
        Ok(if parts.is_empty() { Self::root() } else { Self(parts.join("/")) })
    }

    /// Returns true if this path is `folder` or lies below it.
    pub fn is_in(&self, folder: &Self) -> bool {
        folder.is_root()
            || self
                .0
                .strip_prefix(&folder.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns what sorts right before all that lies in this folder, which then stands together: no
    /// name holds a NUL. Nothing for the root, in which all lies.
    pub fn first_below(&self) -> Option<Self> {
        (!self.is_root()).then(|| Self(format!("{}/\0", self.0)))
    }

    /// Returns this path as seen from `folder`, or nothing if it is not in there.
    pub fn relative_to(&self, folder: &Self) -> Option<&str> {
        if folder.is_root() {
            return Some(self.as_str());
        }
        let rest = self.0.strip_prefix(&folder.0)?;
        if rest.is_empty() { Some(".") } else { rest.strip_prefix('/') }
    }

    /// Returns this path as seen from `folder`, with `..` where it is not in there.
    pub fn seen_from(&self, folder: &Self) -> String {
        let (from, to): (Vec<&str>, Vec<&str>) = (folder.parts().collect(), self.parts().collect());
        let same = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
        let parts: Vec<&str> =
            from[same..].iter().map(|_| "..").chain(to[same..].iter().copied()).collect();
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }
}

/// Returns whether a path needs no change: it has a part, and none that is empty, `.` or `..`.
fn is_normal(text: &str) -> bool {
    // Most have no part that begins with a dot, and need not be taken apart.
    let is_plain = !text.starts_with(['/', '.'])
        && !text.ends_with('/')
        && !text.contains("//")
        && !text.contains("/.");
    (is_plain && !text.is_empty()) || text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

impl FromStr for TreePath {
    type Err = InvalidTreePath;

    fn from_str(text: &str) -> Result<Self, InvalidTreePath> {
        // Listings of whole trees are in this form already, and long.
        if is_normal(text) { Ok(Self(text.to_owned())) } else { Self::root().join(text) }
    }
}

impl TryFrom<String> for TreePath {
    type Error = InvalidTreePath;

    fn try_from(text: String) -> Result<Self, InvalidTreePath> {
        if is_normal(&text) { Ok(Self(text)) } else { text.parse() }
    }
}

impl From<TreePath> for String {
    fn from(path: TreePath) -> Self {
        path.0
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        text.parse().unwrap()
    }

    #[test]
    fn two_spellings_of_one_path_are_equal() {
        assert_eq!(path("./libs//core/"), path("libs/x/../core"));
        assert_eq!(path("libs/.."), TreePath::root());
        assert_eq!(path(""), TreePath::root());
    }

    #[test]
    fn a_path_outside_of_the_tree_is_refused() {
        assert_eq!(
            path("services/api").join("../../../x"),
            Err(InvalidTreePath::Outside("../../../x".into()))
        );
        assert_eq!("/etc".parse::<TreePath>(), Err(InvalidTreePath::Absolute("/etc".into())));
    }

    #[test]
    fn a_sibling_with_the_same_beginning_is_not_inside() {
        assert!(path("libs/core/a.py").is_in(&path("libs/core")));
        assert!(path("libs/core").is_in(&path("libs/core")));
        assert!(!path("libs/core-extra").is_in(&path("libs/core")));
        assert!(path("libs").is_in(&TreePath::root()));
        assert_eq!(path("libs/core/a.py").relative_to(&path("libs")), Some("core/a.py"));
        assert_eq!(path("libs/core-extra").relative_to(&path("libs/core")), None);
    }

    #[test]
    fn a_path_is_seen_from_any_folder() {
        let seen = |to: &str, from: &str| path(to).seen_from(&path(from));
        assert_eq!(seen("crates/core", "."), "crates/core");
        assert_eq!(seen("services/a", "rust"), "../services/a");
        assert_eq!(seen("rust", "rust/a"), "..");
        assert_eq!(seen("rust", "rust"), ".");
    }
}
