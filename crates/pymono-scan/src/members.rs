//! The members of a uv workspace.
//!
//! Facts from uv's own behaviour: `members` are patterns of the Rust crate
//! `glob`, where `*` is one part of a path and `**` any number; in `exclude`, `*`
//! goes across `/` as well. A matched folder without a manifest is an error,
//! unless its name begins with a dot.

use std::collections::{BTreeMap, BTreeSet};

use glob::{MatchOptions, Pattern};
use pymono_names::TreePath;
use rayon::prelude::*;

use crate::{
    ScanError,
    manifest::{Manifest, WorkspaceTable},
    tree::Tree,
};

const MEMBERS: &[&str] = &["tool", "uv", "workspace", "members"];
const EXCLUDE: &[&str] = &["tool", "uv", "workspace", "exclude"];

/// One uv lock and what it is for.
#[derive(Debug)]
pub(crate) struct UvWorkspace {
    /// The manifest beside the lock.
    pub(crate) root: Manifest,
    /// The projects that the lock is made for, the root's own if it has one, by folder.
    pub(crate) members: BTreeMap<TreePath, Manifest>,
}

/// Reads the workspace whose lock lies beside `root`.
pub(crate) fn read(tree: &Tree, root: Manifest) -> Result<UvWorkspace, ScanError> {
    let mut members = BTreeMap::new();
    if let Some(table) = &root.content.tool.uv.workspace {
        let matched = matched(tree, &root, table)?;
        let read = |(folder, pattern): (TreePath, &str)| member(tree, &root, &folder, pattern);
        // Not rayon's own collection of results: of several errors it would return any.
        let found: Vec<Result<_, _>> = matched.into_par_iter().map(read).collect();
        let found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
        members.extend(found.into_iter().flatten().map(|member| (member.folder.clone(), member)));
    }
    if root.content.project.is_some() {
        members.insert(root.folder.clone(), root.clone());
    }
    let mut names = BTreeMap::new();
    for (folder, name) in
        members.values().filter_map(|m| Some((&m.folder, &m.content.project.as_ref()?.name)))
    {
        if let Some(first) = names.insert(name, folder) {
            return Err(ScanError::Names {
                name: name.to_string(),
                first: first.to_string(),
                second: folder.to_string(),
            });
        }
    }
    Ok(UvWorkspace { root, members })
}

/// Returns the folders that `members` match and `exclude` does not, each with its pattern.
fn matched<'a>(
    tree: &Tree,
    root: &Manifest,
    table: &'a WorkspaceTable,
) -> Result<Vec<(TreePath, &'a str)>, ScanError> {
    let whole = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
    let members = patterns(root, &table.members, MEMBERS)?;
    let exclude = patterns(root, &table.exclude, EXCLUDE)?;
    let hit = |path: &TreePath| {
        let path = path.as_str();
        let hit = members.iter().find(|(_, pattern)| pattern.matches_with(path, whole));
        let excluded = || exclude.iter().any(|(_, pattern)| pattern.matches(path));
        hit.filter(|_| !excluded()).map(|(text, _)| *text)
    };
    let own = tree.folders().par_iter();
    let own = own.filter_map(|folder| Some((folder.clone(), hit(folder)?)));
    let mut matched: BTreeMap<TreePath, &str> = own.collect();
    // What is linked to is a member by its real path.
    let linked = tree.linked_folders();
    matched.extend(linked.filter_map(|(link, folder)| Some((folder, hit(link)?))));
    matched.remove(&root.folder);
    Ok(matched.into_iter().collect())
}

/// Returns patterns with the path from the tree's root before them and `..` resolved.
fn patterns<'a>(
    root: &Manifest,
    texts: &'a [String],
    key: &[&str],
) -> Result<Vec<(&'a str, Pattern)>, ScanError> {
    let wrong = |text: &str, problem: String| ScanError::Value {
        place: root.file.place_in_list(key, text),
        problem,
        hint: None,
    };
    let compile = |text: &'a String| {
        // The folder's own name is no pattern, so it is escaped before `..` is resolved.
        let escaped = TreePath::root().join(&Pattern::escape(root.folder.as_str()));
        let path = escaped.and_then(|folder| folder.join(text));
        let path = path.map_err(|error| wrong(text, error.to_string()))?;
        let pattern = Pattern::new(path.as_str());
        let pattern = pattern
            .map_err(|error| wrong(text, format!("`{text}` is no pattern: {}", error.msg)))?;
        Ok((text.as_str(), pattern))
    };
    texts.iter().map(compile).collect()
}

/// Reads a member; nothing where uv passes it by.
fn member(
    tree: &Tree,
    root: &Manifest,
    folder: &TreePath,
    pattern: &str,
) -> Result<Option<Manifest>, ScanError> {
    let at = || (root.file.place_in_list(MEMBERS, pattern), folder.to_string(), pattern.to_owned());
    let Some(manifest) = Manifest::read(tree, folder)? else {
        if folder.file_name().is_some_and(|name| name.starts_with('.')) {
            return Ok(None);
        }
        let (place, member, pattern) = at();
        return Err(ScanError::NoManifest { place, member, pattern });
    };
    let uv = &manifest.content.tool.uv;
    if uv.managed == Some(false) {
        return Ok(None);
    }
    if uv.workspace.is_some() {
        let place = manifest.file.place(&["tool", "uv", "workspace"]);
        return Err(ScanError::Nested { place, root: root.folder.to_string() });
    }
    if manifest.content.project.is_none() {
        let (place, member, pattern) = at();
        return Err(ScanError::NoProject { place, member, pattern });
    }
    Ok(Some(manifest))
}

/// Returns the folders of the tree that hold a `uv.lock`.
pub(crate) fn lock_folders(tree: &Tree) -> BTreeSet<TreePath> {
    let locks = tree.files().iter().filter(|file| file.file_name() == Some("uv.lock"));
    locks.filter_map(TreePath::parent).collect()
}
