//! The tree around the recipes: names of files, and folders of projects.

use std::{collections::BTreeMap, iter};

use glob::Pattern;
use pymono_names::TreePath;

/// What is in the tree beside the recipes.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// All files, sorted.
    pub files: &'a [TreePath],
    /// The folders of projects, with the name of each.
    pub projects: &'a BTreeMap<TreePath, String>,
}

impl Surroundings<'_> {
    pub(crate) fn is_file(&self, path: &TreePath) -> bool {
        self.files.binary_search(path).is_ok()
    }

    pub(crate) fn is_folder(&self, path: &TreePath) -> bool {
        self.below(path).next().is_some()
    }

    pub(crate) fn exists(&self, path: &TreePath) -> bool {
        self.is_file(path) || self.is_folder(path)
    }

    /// Returns the project folder that a path lies in, the nearest.
    pub(crate) fn project_of(&self, path: &TreePath) -> Option<TreePath> {
        iter::successors(Some(path.clone()), TreePath::parent)
            .find(|it| self.projects.contains_key(it))
    }

    /// Returns the files in a folder, which stand together.
    fn below<'b>(&'b self, folder: &'b TreePath) -> impl Iterator<Item = &'b TreePath> {
        // No name holds a NUL, so this sorts right before all that begin with `folder/`.
        let start = if folder.is_root() { None } else { folder.join("\0").ok() };
        let start = start.map_or(0, |start| self.files.partition_point(|it| *it < start));
        self.files[start..].iter().take_while(|it| it.is_in(folder))
    }

    /// Returns the names of what lies right in a folder, sorted by bytes.
    pub(crate) fn children(&self, folder: &TreePath) -> Vec<String> {
        let mut children = Vec::new();
        let mut next = self.below(folder).next();
        while let Some(file) = next {
            let Some(rest) = file.relative_to(folder) else { break };
            let (child, is_folder) =
                rest.split_once('/').map_or((rest, false), |(child, _)| (child, true));
            children.push(child.to_owned());
            // `0` comes right after `/`, so this skips all that the child holds.
            let beyond = folder.join(&format!("{child}0")).ok().filter(|_| is_folder);
            let at = self.files.partition_point(|it| match &beyond {
                Some(beyond) => it < beyond,
                None => it <= file,
            });
            next = self.files.get(at).filter(|it| it.is_in(folder));
        }
        children
    }

    /// Returns what a `COPY` source means in a context: paths that are in the tree, sorted.
    ///
    /// A variable without a value stands for any name.
    pub(crate) fn matching(&self, context: &TreePath, source: &str) -> Vec<TreePath> {
        let mut found = vec![context.clone()];
        for part in source.split('/').filter(|it| !["", "."].contains(it)) {
            found = found.iter().flat_map(|folder| self.matching_part(folder, part)).collect();
            // A context ends at its root: BuildKit takes `..` there for nothing.
            found.retain(|it| it.is_in(context));
        }
        found.retain(|it| it == context || self.exists(it));
        found
    }

    fn matching_part(&self, folder: &TreePath, part: &str) -> Vec<TreePath> {
        let pattern = without_variables(part);
        let is_pattern = pattern.contains(['*', '?', '[']);
        match Pattern::new(&pattern).ok().filter(|_| is_pattern) {
            Some(pattern) => {
                let children = self.children(folder).into_iter().filter(|it| pattern.matches(it));
                children.filter_map(|it| folder.join(&it).ok()).collect()
            }
            None => folder.join(part).into_iter().collect(),
        }
    }
}

/// Puts a `*` in place of each variable without a value.
fn without_variables(part: &str) -> String {
    let mut rest = part;
    let mut pattern = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        pattern.push_str(before);
        pattern.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    pattern + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_matched_as_docker_matches_them() {
        let files =
            ["a-b/x.py", "a.txt", "a/x/pyproject.toml", "a/y/pyproject.toml", "a/z.py", "b"];
        let files: Vec<TreePath> = files.iter().map(|it| it.parse().unwrap()).collect();
        let tree = Surroundings { files: &files, projects: &BTreeMap::new() };
        assert_eq!(tree.children(&TreePath::root()), ["a-b", "a.txt", "a", "b"]);
        let check = |source: &str, want: &[&str]| {
            let found = tree.matching(&TreePath::root(), source);
            assert_eq!(found.iter().map(TreePath::as_str).collect::<Vec<_>>(), want, "{source}");
        };
        check("./a/", &["a"]);
        check("a/*/pyproject.toml", &["a/x/pyproject.toml", "a/y/pyproject.toml"]);
        check("a/${APP}/pyproject.toml", &["a/x/pyproject.toml", "a/y/pyproject.toml"]);
        check("a*", &["a-b", "a.txt", "a"]);
        check("nope", &[]);
        check("../b", &[]);
        check(".", &["."]);
        assert!(tree.is_folder(&"a".parse().unwrap()) && !tree.is_folder(&"b".parse().unwrap()));
    }
}
