//! A lock whose entries depend on names: ranges of versions, not on each other.
//!
//! Poetry and PDM write locks of this kind. Which entry a dependency leads to
//! is decided while the web is walked, for one target.

mod closure;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use crate::{
    GroupName, LocalPackage,
    file::Files,
    need::Need,
    project::{Project, nameless},
    source::Source,
};

/// The index of an entry in its web; 0 is the project that owns the lock.
pub(crate) type EntryIx = usize;

/// The project that owns a lock.
pub(crate) const PROJECT: EntryIx = 0;

/// The project that owns a lock, and the lock's entries.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    pub(crate) entries: Vec<Entry>,
    by_name: BTreeMap<PackageName, Vec<EntryIx>>,
}

/// One package of a web.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: PackageName,
    pub(crate) version: Option<Version>,
    pub(crate) source: Source,
    pub(crate) files: Files,
    pub(crate) edges: Vec<Edge>,
    /// The line of the entry; the project has none.
    pub(crate) line: Option<usize>,
}

/// A dependency of one package.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) need: Need,
    pub(crate) only: Only,
}

/// What of a package must be wanted for a dependency to hold, besides its marker.
#[derive(Clone, Debug)]
pub(crate) enum Only {
    /// The package itself.
    Always,
    /// One of these extras.
    AnyExtra(BTreeSet<ExtraName>),
    /// All of these extras.
    AllExtras(BTreeSet<ExtraName>),
    /// A group; the project alone has groups.
    Group(GroupName),
}

impl Web {
    /// Ties a project and the entries of its lock together.
    pub(crate) fn new(project: Project, entries: Vec<Entry>) -> Self {
        let mut web = Self { entries: Vec::new(), by_name: BTreeMap::new() };
        let name = project.name.unwrap_or_else(nameless);
        // An extra of a project may be made of others: `all = ["svc[fast,safe]"]`.
        web.by_name.insert(name.clone(), vec![PROJECT]);
        web.entries.push(Entry {
            name,
            version: None,
            source: Source::Local { path: ".".into(), kind: project.kind },
            files: Files::default(),
            edges: project.edges,
            line: None,
        });
        for entry in entries {
            web.by_name.entry(entry.name.clone()).or_default().push(web.entries.len());
            web.entries.push(entry);
        }
        web
    }

    /// Returns the local packages, the project among them if it has a name.
    pub(crate) fn local_packages(&self) -> impl Iterator<Item = LocalPackage<'_>> {
        let nameless = nameless();
        let locals = self.entries.iter().filter_map(|entry| entry.source.local(&entry.name));
        locals.filter(move |local| *local.name != nameless)
    }

    /// Returns the entries of a name.
    fn named(&self, name: &PackageName) -> &[EntryIx] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}
