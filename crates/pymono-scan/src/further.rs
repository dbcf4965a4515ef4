//! Files that the configuration names beside those that a project is made of.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use glob::Pattern;
use pymono_names::TreePath;
use pymono_workspace::{Further, Include, Settings};
use walkdir::WalkDir;

use crate::{config::PARTS, litter, tree::Tree};

/// Files that are there but are none of the tree, each with what it says that it leads to if it is a link.
pub(crate) type Ignored = BTreeMap<TreePath, Option<Utf8PathBuf>>;

/// A configured path or pattern: what matches it, and what lies in a folder that does.
struct Selection {
    pattern: Pattern,
    /// The folder in which all that can match lies, or the very path if it has no wildcard.
    prefix: TreePath,
}

impl Selection {
    fn new(text: &str) -> Option<Self> {
        let pattern = Pattern::new(text).ok()?;
        let wild = |part: &&str| part.contains(['*', '?', '[']);
        let literal: Vec<&str> = text.split('/').take_while(|part| !wild(part)).collect();
        Some(Self { pattern, prefix: literal.join("/").parse().ok()? })
    }

    fn matches(&self, file: &TreePath) -> bool {
        std::iter::successors(Some(file.clone()), TreePath::parent)
            .any(|path| self.pattern.matches_with(path.as_str(), PARTS))
    }

    /// Returns the files of the tree that are meant.
    fn files<'a>(&'a self, tree: &'a Tree) -> impl Iterator<Item = &'a TreePath> {
        tree.within(&self.prefix).filter(|file| self.matches(file))
    }

    /// Returns the files on disk that are meant, whether or not git ignores them.
    ///
    /// What tools leave behind is none of them, unless the path without wildcards leads to it.
    fn on_disk(&self, tree: &Tree) -> Ignored {
        let Some(start) = tree.on_disk(&self.prefix) else { return Ignored::new() };
        if start.is_symlink() {
            // What lies beyond a link is there by its own path, or is no part of the tree.
            let target = start.read_link_utf8().ok();
            let link = self.matches(&self.prefix).then(|| (self.prefix.clone(), target));
            return link.into_iter().collect();
        }
        let kept = |entry: &walkdir::DirEntry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() == 0 || !litter::is_litter_name(&name)
        };
        let walk = WalkDir::new(&start).sort_by_file_name().into_iter().filter_entry(kept);
        let files = walk.flatten().filter(|entry| !entry.file_type().is_dir());
        let files = files.filter_map(|entry| {
            let below = entry.path().strip_prefix(&start).ok()?.to_str()?.to_owned();
            let file = self.prefix.join(&below).ok()?;
            let target = entry.path_is_symlink().then(|| entry.path().read_link().ok()).flatten();
            let target = target.map(Utf8PathBuf::from_path_buf).transpose().ok()?;
            Some((file, target))
        });
        files.filter(|(file, _)| self.matches(file)).collect()
    }
}

/// Returns the files that `include` names in some settings and that are there, but are none of the tree.
pub(crate) fn ignored<'a>(tree: &Tree, settings: impl Iterator<Item = &'a Settings>) -> Ignored {
    let texts: BTreeSet<&String> =
        settings.flat_map(|settings| &settings.include).map(|include| &include.from).collect();
    let selections = texts.into_iter().filter_map(|text| Selection::new(text));
    let mut found: Ignored = selections.flat_map(|selection| selection.on_disk(tree)).collect();
    found.retain(|file, _| !tree.has(file));
    found
}

/// Returns the files that a project's settings name; `ignored` are those of the tree that git ignores.
pub(crate) fn further(tree: &Tree, settings: &Settings, ignored: &Ignored) -> Further {
    let mut further = Further::default();
    for include in &settings.include {
        let Some(selection) = Selection::new(&include.from) else { continue };
        let before = further.included.len();
        for file in selection.files(tree) {
            further.included.insert(file.clone(), place(include, &selection.prefix, file));
        }
        if further.included.len() == before && tree.commit().is_none() {
            further.missing.push(include.from.clone());
        }
    }
    let known = |file: &&TreePath| ignored.contains_key(*file);
    further.ignored = further.included.keys().filter(known).cloned().collect();
    further.copies = Copies { tree, included: &further.included, whole: BTreeMap::new() }.all();
    let inputs = settings.inputs.iter().filter_map(|text| Selection::new(text));
    for selection in inputs {
        further.inputs.extend(selection.files(tree).cloned());
    }
    further
}

/// Included files on their way to files and folders that can be copied whole.
struct Copies<'a> {
    tree: &'a Tree,
    included: &'a BTreeMap<TreePath, String>,
    /// Whether all files of a folder keep their places in it when it goes to a place.
    whole: BTreeMap<(TreePath, String), bool>,
}

impl Copies<'_> {
    fn all(mut self) -> BTreeMap<TreePath, String> {
        let files = self.included.iter();
        files.map(|(file, place)| self.highest(file.clone(), place.clone())).collect()
    }

    /// Returns the highest folder around a path that goes to its place as a whole, or the path itself.
    fn highest(&mut self, path: TreePath, place: String) -> (TreePath, String) {
        let above = path.parent().filter(|folder| !folder.is_root());
        let at = place
            .rsplit_once('/')
            .filter(|(at, name)| !at.is_empty() && Some(*name) == path.file_name());
        match (above, at) {
            (Some(folder), Some((at, _))) if self.is_whole(&folder, at) => {
                self.highest(folder, at.to_owned())
            }
            _ => (path, place),
        }
    }

    fn is_whole(&mut self, folder: &TreePath, place: &str) -> bool {
        let key = (folder.clone(), place.to_owned());
        if let Some(known) = self.whole.get(&key) {
            return *known;
        }
        let fits = |file: &TreePath| {
            let below = file.relative_to(folder).unwrap_or_default();
            self.included.get(file).and_then(|at| at.strip_prefix(place)?.strip_prefix('/'))
                == Some(below)
        };
        let whole = self.tree.below(folder).all(fits);
        self.whole.insert(key, whole);
        whole
    }
}

/// Returns where an included file goes: relative to the working directory, or absolute.
fn place(include: &Include, prefix: &TreePath, file: &TreePath) -> String {
    let Some(to) = &include.to else {
        return file.relative_to(&include.folder).unwrap_or(file.as_str()).to_owned();
    };
    match file.relative_to(prefix) {
        // The very file: it becomes what is named.
        Some(".") | None => to.clone(),
        Some(below) => format!("{}/{below}", to.trim_end_matches('/')),
    }
}
