//! What of the projects' folders stays behind: `.gitignore` files in the words of `.dockerignore`.
//!
//! Both drop a path if a pattern matches it or a folder that it lies in, but a
//! `.dockerignore` has one root, no patterns for folders only, and lines with
//! `!` and a wildcard that make the client walk everything. So only what
//! ignores is translated, rather too much than too little, and what that would
//! drop of the tree's files is listed by name. Whatever the patterns are, no
//! file of the tree is lost.

mod class;
mod context;
mod docker;
mod git;

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_workspace::{Unsent, literal_pattern};
use rayon::prelude::*;

use crate::{ScanError, litter, tree::Tree};

pub(crate) use context::ContextRules;

/// Returns what is not sent of the folders in `projects`.
///
/// What a lock pins reaches an image as pins. The file itself would change the
/// folder of the project that it lies beside whenever any pin changes.
pub(crate) fn unsent(
    tree: &Tree,
    projects: &BTreeSet<TreePath>,
    locks: &BTreeSet<TreePath>,
) -> Result<Unsent, ScanError> {
    let mut patterns: Vec<String> =
        litter::PATTERNS.iter().map(|pattern| (*pattern).to_owned()).collect();
    for (text, below) in tree.ignore_files_above()? {
        patterns.extend(lines(&text).flat_map(|line| git::translate_above(line, &below)));
    }
    let ignore_files = tree.files().iter().filter(|file| file.file_name() == Some(".gitignore"));
    for file in ignore_files {
        let folder = file.parent().unwrap_or_else(TreePath::root);
        let concerns = |project: &TreePath| folder.is_in(project) || project.is_in(&folder);
        if projects.iter().any(concerns) {
            // Git follows no links here, so one that leads nowhere ignores nothing.
            let Ok(text) = tree.read(file) else { continue };
            patterns.extend(lines(&text).filter_map(|line| git::translate(line, &folder)));
        }
    }
    let mut seen = BTreeSet::new();
    patterns.retain(|pattern| seen.insert(pattern.clone()));
    // What is dropped everywhere need not be dropped again below some folder.
    patterns.retain(|pattern| {
        let anywhere = pattern.rsplit_once("**/").filter(|(folder, _)| !folder.is_empty());
        anywhere.is_none_or(|(_, rest)| !seen.contains(&format!("**/{rest}")))
    });
    let mut kept = kept(tree, projects, &patterns);
    kept.retain(|file| !locks.contains(file));
    let within = |lock: &&TreePath| projects.iter().any(|project| lock.is_in(project));
    patterns.extend(locks.iter().filter(within).map(|lock| literal_pattern(lock.as_str())));
    Ok(Unsent { patterns, kept })
}

/// Returns the lines of a `.gitignore` as git takes it apart: without a byte order mark.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.strip_prefix('\u{feff}').unwrap_or(text).split('\n')
}

/// Returns the files of the tree in one of `projects` that the patterns drop.
fn kept(tree: &Tree, projects: &BTreeSet<TreePath>, patterns: &[String]) -> Vec<TreePath> {
    let matcher = docker::Matcher::new(patterns);
    let above = |folder: &TreePath| std::iter::successors(folder.parent(), TreePath::parent);
    let tops: Vec<&TreePath> = projects
        .iter()
        .filter(|folder| !above(folder).any(|other| projects.contains(&other)))
        .collect();
    tops.par_iter().map(|folder| kept_in(tree, folder, &matcher)).collect::<Vec<_>>().concat()
}

/// Returns the files of the tree in `folder` that the matcher drops.
fn kept_in(tree: &Tree, folder: &TreePath, matcher: &docker::Matcher<'_>) -> Vec<TreePath> {
    let (mut folders, mut kept) = (BTreeMap::new(), Vec::new());
    // Most files lie in the folder of the one before.
    let (mut last, mut here, mut dropped) = ("", matcher.within(""), false);
    for file in tree.within(folder) {
        let above = file.as_str().rsplit_once('/').map_or("", |(above, _)| above);
        if above != last {
            (last, here) = (above, matcher.within(above));
            let above = file.parent().filter(|above| !above.is_root());
            dropped = above.is_some_and(|above| drops(matcher, &above, &mut folders));
        }
        if dropped || here.matches(file.as_str()) {
            kept.push(file.clone());
        }
    }
    kept
}

/// Returns whether a path or a folder that it lies in is matched; answers for folders are remembered.
fn drops(
    matcher: &docker::Matcher<'_>,
    path: &TreePath,
    folders: &mut BTreeMap<TreePath, bool>,
) -> bool {
    let above = path.parent().filter(|above| !above.is_root());
    let by_folder = above.is_some_and(|above| {
        folders.get(&above).copied().unwrap_or_else(|| {
            let answer = drops(matcher, &above, folders);
            folders.insert(above, answer);
            answer
        })
    });
    by_folder || matcher.matches(path.as_str())
}

#[cfg(test)]
mod tests;
