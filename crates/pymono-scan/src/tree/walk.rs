//! What is on disk where git is: folders are listed in parallel, by as many threads as there are
//! processors, and what is ignored is not gone into.

use std::{
    collections::BTreeSet,
    fs::{self, FileType},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use camino::Utf8Path;
use pymono_exec::Interrupt;
use rayon::{Scope, prelude::*};

use super::{
    entries::{Entries, Root},
    listing::not_utf8,
    rules::Rules,
};
use crate::{
    Warning,
    litter::{is_litter_name, is_our_folder},
};

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file with content.
    File,
    /// A symbolic link, to a file or a folder.
    Link,
    /// A folder that was listed, unless it turned out to be another repository.
    Folder,
    /// A folder that was not: it is ignored, or a tool's.
    Skipped,
    /// A file or link that git tracks, and that is a file of the tree by that.
    Taken,
}

/// A folder that was listed.
#[derive(Debug)]
pub(super) struct Listing {
    /// Its path from the root, empty for the root.
    pub(super) path: String,
    /// What is in it, in any order; devices and the like are not.
    pub(super) entries: Entries,
    /// What is ignored in it; nothing where all is that git does not track.
    pub(super) rules: Ruled,
}

/// What is ignored in a folder.
#[derive(Clone, Debug)]
pub(super) enum Ruled {
    /// All that git does not track.
    All,
    /// What the rules say.
    By(Option<Arc<Rules>>),
}

impl Ruled {
    /// Returns whether a path that git does not track is ignored.
    pub(super) fn ignore(&self, path: &str, is_folder: bool) -> bool {
        self.ignore_bytes(path.as_bytes(), is_folder)
    }

    fn ignore_bytes(&self, path: &[u8], is_folder: bool) -> bool {
        match self {
            Self::All => true,
            Self::By(rules) => rules.as_ref().is_some_and(|rules| rules.ignore(path, is_folder)),
        }
    }
}

/// One walk.
pub(super) struct Walk<'a> {
    root: Root,
    interrupt: &'a Interrupt,
    found: Mutex<Found>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The folders, in any order.
    pub(super) folders: Vec<Listing>,
    /// Folders that are not among those because they are repositories of their own.
    pub(super) repositories: BTreeSet<String>,
    /// What is odd or cannot be read.
    pub(super) warnings: Vec<Warning>,
}

impl Found {
    /// Returns whether some folder has a file of this name; the folders are sorted.
    pub(super) fn has(&self, name: &str) -> bool {
        self.folders.par_iter().any(|folder| folder.entries.find(name, 0).is_some())
    }

    /// Brings all into the order that lookups need: who comes first on disk is chance.
    pub(super) fn sort(&mut self) {
        self.folders.par_sort_unstable_by(|one, other| one.path.cmp(&other.path));
        self.folders.par_iter_mut().for_each(|folder| folder.entries.sort());
    }
}

impl<'a> Walk<'a> {
    /// Returns a walk that has not begun.
    pub(super) fn new(root: &Utf8Path, interrupt: &'a Interrupt) -> Self {
        Self { root: Root::new(root), interrupt, found: Mutex::default() }
    }

    /// Lists some folders and all that is below; a folder that is ignored, another repository or
    /// made by a tool is an entry and not listed.
    ///
    /// Where everything is ignored, such folders are listed as well: there may be something in them that git tracks.
    pub(super) fn run(self, folders: Vec<(String, Ruled)>) -> Found {
        rayon::scope(|scope| {
            for (folder, rules) in folders {
                self.spawn(scope, folder, rules);
            }
        });
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn<'scope>(&'scope self, scope: &Scope<'scope>, folder: String, rules: Ruled) {
        scope.spawn(move |scope| self.visit(scope, folder, rules));
    }

    /// Lists one folder and sees to those in it.
    fn visit<'scope>(&'scope self, scope: &Scope<'scope>, path: String, above: Ruled) {
        if self.interrupt.requested() {
            return;
        }
        let Listed { mut entries, odd, mut warnings } = list(&self.root, &path);
        let inner = !path.is_empty() && matches!(above, Ruled::By(_));
        if inner && is_repository(&self.root, &path, &entries) {
            self.found().repositories.insert(path);
            return;
        }
        let rules = rules(&self.root, &path, above, &entries);
        for (name, is_folder) in odd {
            let path = below(path.as_bytes(), &name);
            if !rules.ignore_bytes(&path, is_folder) {
                warnings.push(not_utf8(&path));
            }
        }
        for at in 0..entries.list.len() {
            let entry = entries.list[at];
            if entry.kind == Kind::Folder {
                entries.list[at].kind = self.enter(scope, &path, entries.name(entry), &rules);
            }
        }
        let mut found = self.found();
        found.folders.push(Listing { path, entries, rules });
        found.warnings.append(&mut warnings);
    }

    /// Goes into a folder, if that is wanted, and returns what it is.
    fn enter<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        path: &str,
        name: &str,
        rules: &Ruled,
    ) -> Kind {
        let folder = joined(path, name);
        let all = matches!(rules, Ruled::All);
        if name == ".git" || is_our_folder(name) {
            return Kind::Skipped;
        }
        if !all && (is_litter_name(name) || rules.ignore(&folder, true)) {
            return Kind::Skipped;
        }
        self.spawn(scope, folder, rules.clone());
        Kind::Folder
    }
}

/// What is in a folder.
#[derive(Default)]
struct Listed {
    entries: Entries,
    /// The names that are no UTF-8, and whether each is a folder's.
    odd: Vec<(Vec<u8>, bool)>,
    /// Why some of it is missing.
    warnings: Vec<Warning>,
}

fn list(root: &Root, path: &str) -> Listed {
    let mut listed = Listed::default();
    root.each(path, |entry| match entry {
        Ok((name, Some(kind))) => match name.to_str() {
            Some(name) => listed.entries.push(name, kind),
            None => listed.odd.push((name.as_encoded_bytes().to_owned(), kind == Kind::Folder)),
        },
        Ok((_, None)) => {}
        // Somebody else works in the tree, too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => listed.warnings.push(unreadable(path, &error)),
    });
    listed
}

/// Returns the rules in a folder.
fn rules(root: &Root, path: &str, above: Ruled, entries: &Entries) -> Ruled {
    let Ruled::By(above) = above else { return above };
    // Git follows no links here.
    let there = entries.iter().any(|entry| entry == (".gitignore", Kind::File));
    match there.then(|| fs::read(root.join(path).join(".gitignore")).ok()).flatten() {
        Some(text) => Ruled::By(Some(Rules::in_folder(above, path, &text))),
        None => Ruled::By(above),
    }
}

/// Returns the path of an entry of a folder.
pub(super) fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn below(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_owned() } else { [folder, b"/", name].concat() }
}

/// Returns what an entry is; nothing for what has no content.
pub(super) fn kind(kind: FileType) -> Option<Kind> {
    if kind.is_dir() {
        Some(Kind::Folder)
    } else if kind.is_symlink() {
        Some(Kind::Link)
    } else {
        kind.is_file().then_some(Kind::File)
    }
}

/// Returns whether a folder is the top of a repository, a worktree or a submodule.
fn is_repository(root: &Root, path: &str, entries: &Entries) -> bool {
    if !entries.iter().any(|(name, _)| name == ".git") {
        return false;
    }
    let git = root.join(path).join(".git");
    git.join("HEAD").is_file() || fs::read(git).is_ok_and(|text| text.starts_with(b"gitdir:"))
}

/// Returns a warning about a folder, or one in it, that cannot be read.
pub(super) fn unreadable(path: &str, error: &io::Error) -> Warning {
    let path = if path.is_empty() { "." } else { path };
    Warning::new(format!("`{path}` is left out with all in it, because it cannot be read: {error}"))
}
