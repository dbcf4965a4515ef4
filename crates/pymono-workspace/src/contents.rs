//! What the files of projects hold, without their bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pymono_names::TreePath;

/// What the files that can reach images hold.
///
/// The locks of projects are none of them: what they pin reaches images, not they themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// What each file holds, as it is sent to a build.
    pub files: BTreeMap<TreePath, ContentId>,
    /// Those of which what they hold is not here: files of which Git LFS has left the pointer, and
    /// submodules that are not checked out.
    pub unfetched: BTreeSet<TreePath>,
    /// What each lock of a project holds, as it lies there: a hand-written Dockerfile may take it.
    pub locks: BTreeMap<TreePath, ContentId>,
    /// What each submodule holds, in place of its files.
    pub submodules: BTreeMap<TreePath, ContentId>,
    /// What of a manifest its project's build backend makes use of, by the manifest's path;
    /// those of which that is not known are left out, and count as they are.
    pub manifests: BTreeMap<TreePath, ContentId>,
}

impl Contents {
    /// Returns the same as a build is sent it: what is not here is not what it should be.
    #[must_use]
    pub fn as_sent(mut self) -> Self {
        for path in &self.unfetched {
            let known = [self.files.get_mut(path), self.submodules.get_mut(path)];
            known.into_iter().flatten().for_each(|id| id.0.push_str(" unfetched"));
        }
        self
    }

    /// Returns the same as [`Self::of`] and the locks in one of the paths.
    pub fn of_all<'a>(
        &'a self,
        paths: &'a [TreePath],
    ) -> impl Iterator<Item = (&'a TreePath, &'a ContentId)> {
        let is_in = |lock: &TreePath| paths.iter().any(|path| lock.is_in(path));
        self.of(paths).chain(self.locks.iter().filter(move |(lock, _)| is_in(lock)))
    }

    /// Returns the files and submodules in one of the paths, or that one of them lies in.
    pub fn of<'a>(
        &'a self,
        paths: &'a [TreePath],
    ) -> impl Iterator<Item = (&'a TreePath, &'a ContentId)> {
        let files = paths.iter().flat_map(|path| {
            let itself = self.files.get_key_value(path);
            let first = path.first_below();
            let from =
                first.as_ref().map_or_else(|| self.files.range(..), |at| self.files.range(at..));
            itself.into_iter().chain(from.take_while(|(file, _)| file.is_in(path)))
        });
        let touches = |it: &TreePath| paths.iter().any(|path| it.is_in(path) || path.is_in(it));
        files.chain(self.submodules.iter().filter(move |(path, _)| touches(path)))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(contents: &Contents, path: &str) -> Vec<String> {
        let paths = [path.parse().unwrap()];
        contents.of(&paths).map(|(file, _)| file.to_string()).collect()
    }

    #[test]
    fn a_path_has_what_lies_in_it_and_the_submodule_that_it_lies_in() {
        let id = |path: &str| (path.parse().unwrap(), ContentId(path.into()));
        let contents = Contents {
            files: ["a-b/x", "a/x", "a/y/z", "b"].map(id).into(),
            submodules: ["a/sub"].map(id).into(),
            ..Contents::default()
        };
        assert_eq!(of(&contents, "a"), ["a/x", "a/y/z", "a/sub"]);
        assert_eq!(of(&contents, "a/sub/project"), ["a/sub"]);
        assert_eq!(of(&contents, "b"), ["b"]);
        assert_eq!(of(&contents, "."), ["a-b/x", "a/x", "a/y/z", "b", "a/sub"]);
    }
}
