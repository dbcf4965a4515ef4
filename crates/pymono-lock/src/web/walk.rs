//! Which entries of a web are needed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pep508_rs::ExtraName;

use super::{Edge, Entry, EntryIx, Only, PROJECT, Web};
use crate::{
    ClosureError,
    marker::Scene,
    need::{Need, Wanted},
};

/// What of a web is needed: by entry, in what shape.
pub(crate) type Reached = BTreeMap<EntryIx, Reach>;

/// In what shape an entry is needed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// The extras that somebody asks for.
    pub(crate) extras: BTreeSet<ExtraName>,
    /// The entries that it needs directly.
    pub(crate) needs: BTreeSet<EntryIx>,
}

/// Which entries a walk visits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// All that are needed.
    Everything,
    /// Only local packages; what else they need is known already.
    Locals,
}

/// Walks a web from its project, with the extras and groups that `scene` wants.
pub(crate) fn walk(web: &Web, scene: &Scene, visit: Visit) -> Result<Reached, ClosureError> {
    let mut walk = Walk {
        web,
        scene,
        visit,
        reached: Reached::new(),
        queue: VecDeque::new(),
        open: VecDeque::new(),
    };
    walk.reach(PROJECT, scene.extras.iter());
    loop {
        while let Some(entry) = walk.queue.pop_front() {
            walk.visit(entry)?;
        }
        // What several entries fit is decided last, when it is known what is needed anyway.
        let Some((from, need, fitting)) = walk.open.pop_front() else { return Ok(walk.reached) };
        let chosen = walk.choose(&fitting);
        walk.follow(from, need, chosen);
    }
}

struct Walk<'a> {
    web: &'a Web,
    scene: &'a Scene,
    visit: Visit,
    reached: Reached,
    queue: VecDeque<EntryIx>,
    open: VecDeque<(EntryIx, &'a Need, Vec<EntryIx>)>,
}

impl<'a> Walk<'a> {
    /// Notes that an entry is needed with these extras; it is visited again if that is news.
    fn reach<'e>(&mut self, entry: EntryIx, extras: impl Iterator<Item = &'e ExtraName>) {
        let is_new = !self.reached.contains_key(&entry);
        let reach = self.reached.entry(entry).or_default();
        let before = reach.extras.len();
        reach.extras.extend(extras.cloned());
        if is_new || reach.extras.len() > before {
            self.queue.push_back(entry);
        }
    }

    fn visit(&mut self, from: EntryIx) -> Result<(), ClosureError> {
        let web = self.web;
        let own = Scene {
            environment: self.scene.environment.clone(),
            extras: self.reached[&from].extras.iter().cloned().collect(),
            groups: self.scene.groups.clone(),
        };
        for edge in &web.entries[from].edges {
            if !holds(edge, &own) {
                continue;
            }
            match self.fitting(&edge.need)[..] {
                [] if self.visit == Visit::Locals => {}
                [] => return Err(missing(&web.entries[from], &edge.need)),
                [only] => self.follow(from, &edge.need, only),
                ref several => self.open.push_back((from, &edge.need, several.to_vec())),
            }
        }
        Ok(())
    }

    /// Returns the entries that a dependency may mean.
    ///
    /// A name that is there once is meant whatever its version: a lock knows
    /// better than a range, which an override may have changed.
    fn fitting(&self, need: &Need) -> Vec<EntryIx> {
        let named = self.web.named(&need.name);
        let visited = named.iter().copied().filter(|entry| {
            self.visit == Visit::Everything
                || self.web.entries[*entry].source.local_path().is_some()
        });
        let visited: Vec<_> = visited.collect();
        if visited.len() <= 1 {
            return visited;
        }
        let allows =
            |entry: &EntryIx| need.wanted.allows(self.web.entries[*entry].version.as_ref());
        visited.into_iter().filter(allows).collect()
    }

    /// Returns the entry that is needed anyway, or else the newest.
    fn choose(&self, fitting: &[EntryIx]) -> EntryIx {
        let needed = fitting.iter().copied().find(|entry| self.reached.contains_key(entry));
        let newest =
            || fitting.iter().copied().max_by_key(|entry| &self.web.entries[*entry].version);
        needed.or_else(newest).unwrap_or(PROJECT)
    }

    fn follow(&mut self, from: EntryIx, need: &'a Need, to: EntryIx) {
        self.reached.entry(from).or_default().needs.insert(to);
        self.reach(to, need.extras.iter());
    }
}

/// Returns true if a dependency of an entry holds, whose own extras `scene` has.
fn holds(edge: &Edge, scene: &Scene) -> bool {
    let wanted = match &edge.only {
        Only::Always => true,
        Only::AnyExtra(extras) => scene.extras.iter().any(|extra| extras.contains(extra)),
        Only::AllExtras(extras) => extras.iter().all(|extra| scene.extras.contains(extra)),
        Only::Group(group) => scene.groups.contains(group),
    };
    wanted && edge.need.marker.as_ref().is_none_or(|marker| marker.holds(scene))
}

fn missing(from: &Entry, need: &Need) -> ClosureError {
    let ranges = match &need.wanted {
        Wanted::Versions(ranges) => ranges.iter().map(ToString::to_string).collect(),
        Wanted::At(_) => Vec::new(),
    };
    ClosureError::Missing {
        package: from.name.to_string(),
        dependency: format!("{}{}", need.name, ranges.join(" || ")),
        line: from.line,
    }
}
