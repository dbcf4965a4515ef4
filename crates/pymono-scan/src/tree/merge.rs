//! What git tracks and what is on disk, brought together.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_names::TreePath;
use rayon::prelude::*;

use super::{
    listing::{Aside, Listed, not_utf8, path_of},
    tracked::{ATTRIBUTES, Piece, Tracked},
    walk::{Found, Kind, Listing, Ruled, Walk, joined},
};
use crate::{
    ScanError, Warning,
    ask::Programs,
    git::{Git, entries},
    litter::{is_litter_name, is_ours},
};

/// How many names one thread looks for at a time.
const CHUNK: usize = 8192;

/// How far from the last one a folder is looked for first.
const NEAR: usize = 4;

/// The files that were found so far.
pub(super) struct Merge<'a> {
    root: &'a Utf8Path,
    git: &'a Git,
    programs: &'a Programs<'a>,
    found: Found,
    listed: Listed,
    /// Tracked names in folders that were not listed.
    elsewhere: Vec<String>,
    /// Tracked names that are folders.
    folders: BTreeSet<String>,
}

impl<'a> Merge<'a> {
    /// Begins with what is on disk.
    pub(super) fn new(
        root: &'a Utf8Path,
        git: &'a Git,
        programs: &'a Programs<'a>,
        mut found: Found,
    ) -> Self {
        found.sort();
        Self {
            root,
            git,
            programs,
            found,
            listed: Listed::default(),
            elsewhere: Vec::new(),
            folders: BTreeSet::new(),
        }
    }

    /// Returns what is tracked and on disk, and what is there but neither tracked nor ignored.
    pub(super) fn list(
        mut self,
        tracked: &Tracked,
        warnings: &mut Vec<Warning>,
    ) -> Result<Listed, ScanError> {
        let pieces = tracked.pieces();
        let plain = !pieces.iter().any(|piece| piece.unsure) && !self.found.has(ATTRIBUTES);
        for Piece { sparse, odd, .. } in &pieces {
            self.listed.sparse.extend(sparse.iter().filter_map(|name| path_of(name, warnings)));
            warnings.extend(odd.iter().map(|name| not_utf8(name)));
        }
        self.take_all(&pieces.iter().map(|piece| piece.names.as_slice()).collect::<Vec<_>>());
        warnings.append(&mut self.found.warnings);
        self.warn_of_repositories(warnings);
        let on_disk = std::mem::take(&mut self.found);
        self.submodules()?;
        self.look_elsewhere(&on_disk, warnings)?;
        let plain = plain && !self.found.has(ATTRIBUTES);
        let others = untracked_in(self.root, &on_disk.folders);
        self.listed.aside = plain.then(|| Aside { untracked: others.files.clone() });
        self.listed.files.extend(others.files);
        self.listed.links.extend(others.links);
        self.listed.files.sort();
        self.listed.files.dedup();
        self.listed.sparse.dedup();
        warnings.extend(sparse_warning(&self.listed.sparse));
        // Many small pieces, and nobody waits for their end.
        rayon::spawn(move || drop(on_disk));
        Ok(self.listed)
    }

    /// Takes those of the tracked names that are on disk.
    fn take_all(&mut self, names: &[&[&str]]) {
        let (root, found) = (self.root, &self.found);
        let taken: Vec<Taken<'_>> =
            names.par_iter().map(|names| Taken::of(root, found, names)).collect();
        for taken in taken {
            let Taken { files, links, entries, elsewhere, folders } = taken;
            self.listed.files.extend(files);
            self.listed.links.extend(links);
            self.elsewhere.extend(elsewhere.into_iter().map(str::to_owned));
            self.folders.extend(folders.into_iter().map(str::to_owned));
            for (folder, at) in entries {
                self.found.folders[folder].entries.list[at].kind = Kind::Taken;
            }
        }
    }

    /// A repository in the repository is a submodule if git tracks it. If not, it is on no other machine.
    fn warn_of_repositories(&self, warnings: &mut Vec<Warning>) {
        let odd = self.found.repositories.iter().filter(|path| !self.folders.contains(*path));
        warnings.extend(odd.map(|path| {
            Warning::new(format!(
                "`{path}` is left out with all in it: it is a git repository of its own, and no submodule"
            ))
        }));
    }

    /// Finds the files of the submodules that are checked out.
    fn submodules(&mut self) -> Result<(), ScanError> {
        if self.folders.is_empty() {
            return Ok(());
        }
        let args =
            ["--literal-pathspecs", "ls-files", "-z", "--stage", "--recurse-submodules", "--"];
        let paths: Vec<&str> = self.folders.iter().map(String::as_str).collect();
        let output = self.git.ask(&[&args[..], &paths].concat())?;
        for entry in entries(&output) {
            let tab = entry.iter().position(|byte| *byte == b'\t').unwrap_or_default();
            let Ok(name) = str::from_utf8(&entry[tab + 1..]) else { continue };
            if !self.folders.contains(name) {
                self.elsewhere.push(name.to_owned());
            }
        }
        self.listed.submodules = self.commits()?;
        Ok(())
    }

    /// Returns which of the tracked folders are submodules, with the commit that the index has for each;
    /// another one is where a file was.
    fn commits(&self) -> Result<BTreeMap<TreePath, Box<str>>, ScanError> {
        let args = ["--literal-pathspecs", "ls-files", "-z", "--stage", "--"];
        let paths: Vec<&str> = self.folders.iter().map(String::as_str).collect();
        let output = self.git.ask(&[&args[..], &paths].concat())?;
        let commit = |entry: &[u8]| {
            let (place, name) = str::from_utf8(entry).ok()?.split_once('\t')?;
            let id = place.strip_prefix("160000 ")?.split(' ').next()?;
            Some((name.parse().ok()?, id.into()))
        };
        Ok(entries(&output).filter_map(commit).collect())
    }

    /// Takes the tracked names in folders that are ignored or repositories.
    fn look_elsewhere(
        &mut self,
        on_disk: &Found,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ScanError> {
        let names = std::mem::take(&mut self.elsewhere);
        let tops: BTreeSet<&str> =
            names.iter().filter_map(|name| unlisted(on_disk, name)).collect();
        if tops.is_empty() {
            return Ok(());
        }
        let tops = tops.into_iter().map(|top| (top.to_owned(), Ruled::All)).collect();
        self.found = Walk::new(self.root, self.programs.interrupt).run(tops);
        self.found.sort();
        self.programs.go_on()?;
        warnings.append(&mut self.found.warnings);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.take_all(&names.chunks(CHUNK).collect::<Vec<_>>());
        Ok(())
    }
}

/// Returns all that was found as the files of a tree.
pub(super) fn untracked(root: &Utf8Path, found: Found, warnings: &mut Vec<Warning>) -> Listed {
    let mut listed = untracked_in(root, &found.folders);
    warnings.extend(found.warnings);
    listed.files.sort();
    listed
}

/// Returns what git does not track and nothing ignores.
fn untracked_in(root: &Utf8Path, folders: &[Listing]) -> Listed {
    let of_some = folders.par_chunks(CHUNK / 8).map(|folders| {
        let mut listed = Listed::default();
        for folder in folders {
            take_untracked(root, folder, &mut listed);
        }
        listed
    });
    let all: Vec<Listed> = of_some.collect();
    let mut listed = Listed::default();
    for Listed { files, links, .. } in all {
        listed.files.extend(files);
        listed.links.extend(links);
    }
    listed
}

/// Takes what git does not track and nothing ignores.
fn take_untracked(root: &Utf8Path, folder: &Listing, listed: &mut Listed) {
    for (name, kind) in folder.entries.iter() {
        if matches!(kind, Kind::File | Kind::Link) && !is_litter_name(name) {
            let path = joined(&folder.path, name);
            if !is_ours(&path) && !folder.rules.ignore(&path, false) {
                // A path that was listed is in the form that is wanted.
                if let Ok(path) = path.try_into() {
                    add(root, path, kind, listed);
                }
            }
        }
    }
}

fn add(root: &Utf8Path, path: TreePath, kind: Kind, listed: &mut Listed) {
    if kind == Kind::Link {
        listed.links.insert(path.clone(), target(root, &path));
    }
    listed.files.push(path);
}

/// Returns where a link leads; one that cannot be read leads nowhere.
fn target(root: &Utf8Path, link: &TreePath) -> Utf8PathBuf {
    root.join(link.as_str()).read_link_utf8().unwrap_or_default()
}

/// What some tracked names are on disk.
#[derive(Default)]
struct Taken<'a> {
    files: Vec<TreePath>,
    links: Vec<(TreePath, Utf8PathBuf)>,
    /// Where those are: which folder, and which entry of it.
    entries: Vec<(usize, usize)>,
    /// Names in folders that were not listed.
    elsewhere: Vec<&'a str>,
    /// Names that are folders.
    folders: Vec<&'a str>,
}

impl<'a> Taken<'a> {
    /// Looks for each name; neighbours are mostly in one folder, and follow each other there.
    fn of(root: &Utf8Path, found: &Found, names: &[&'a str]) -> Self {
        let mut taken = Self::default();
        let (mut last, mut next) = (0, 0);
        for (at, name) in names.iter().enumerate() {
            // The other side of a conflict.
            let again = at.checked_sub(1).is_some_and(|before| names[before] == *name);
            if again || is_ours(name) {
                continue;
            }
            let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
            if found.folders.get(last).is_none_or(|listing| listing.path != folder) {
                let at = near(found, folder, last).or_else(|| find(found, folder));
                let Some(at) = at else {
                    taken.elsewhere.push(name);
                    continue;
                };
                (last, next) = (at, 0);
            }
            let entries = &found.folders[last].entries;
            if let Some(at) = entries.find(file, next) {
                next = at + 1;
                taken.take(root, name, (last, at), entries.list[at].kind);
            }
        }
        taken
    }

    fn take(&mut self, root: &Utf8Path, name: &'a str, entry: (usize, usize), kind: Kind) {
        match kind {
            Kind::Folder | Kind::Skipped => self.folders.push(name),
            Kind::File | Kind::Link | Kind::Taken => {
                let Ok(path) = name.parse::<TreePath>() else { return };
                if kind == Kind::Link {
                    self.links.push((path.clone(), target(root, &path)));
                }
                self.files.push(path);
                self.entries.push(entry);
            }
        }
    }
}

/// Returns where a folder's listing is, if it is not far from another one: after what lies in a folder
/// come its neighbours, or more of the folder itself.
fn near(found: &Found, folder: &str, last: usize) -> Option<usize> {
    let is_it = |at: &usize| found.folders.get(*at).is_some_and(|it| it.path == folder);
    (last.saturating_sub(NEAR)..=last + NEAR).find(is_it)
}

/// Returns where a folder's listing is.
fn find(found: &Found, folder: &str) -> Option<usize> {
    found.folders.binary_search_by(|listing| listing.path.as_str().cmp(folder)).ok()
}

/// Returns the highest folder on the way to `name` that was not listed though it is there.
fn unlisted<'a>(found: &Found, name: &'a str) -> Option<&'a str> {
    let mut above = "";
    for (end, _) in name.match_indices('/') {
        let folder = &name[..end];
        if find(found, folder).is_none() {
            let last = folder.rsplit('/').next()?;
            let entries = &found.folders.get(find(found, above)?)?.entries;
            let at = entries.find(last, 0)?;
            let is_folder = matches!(entries.list[at].kind, Kind::Folder | Kind::Skipped);
            return is_folder.then_some(folder);
        }
        above = folder;
    }
    None
}

fn sparse_warning(sparse: &[TreePath]) -> Option<Warning> {
    let first = sparse.first()?;
    let what = match sparse.len() - 1 {
        0 => format!("`{first}`"),
        1 => format!("`{first}` and another file"),
        more => format!("`{first}` and {more} other files"),
    };
    Some(Warning::new(format!(
        "{what} cannot be seen: git tracks them, but a sparse checkout leaves them out; \
         `git sparse-checkout disable` brings them back"
    )))
}

#[cfg(test)]
mod tests {
    use super::{super::entries::Entries, *};

    fn found(folders: &[(&str, &[(&str, Kind)])]) -> Found {
        let listing = |(path, entries): &(&str, &[(&str, Kind)])| Listing {
            path: (*path).to_owned(),
            entries: {
                let mut list = Entries::default();
                entries.iter().for_each(|(name, kind)| list.push(name, *kind));
                list
            },
            rules: Ruled::By(None),
        };
        Found { folders: folders.iter().map(listing).collect(), ..Found::default() }
    }

    #[test]
    fn the_highest_folder_that_was_not_listed_is_told() {
        let found = found(&[
            ("", &[("a", Kind::Folder), ("link", Kind::Link), ("skip", Kind::Skipped)]),
            ("a", &[("b", Kind::Skipped)]),
        ]);
        assert_eq!(unlisted(&found, "a/b/c/d"), Some("a/b"));
        assert_eq!(unlisted(&found, "skip/x"), Some("skip"));
        for gone in ["link/x", "a/gone/x", "gone/x", "a/x", "x"] {
            assert_eq!(unlisted(&found, gone), None, "{gone}");
        }
    }
}
