//! Which entries a selection reaches.
//!
//! The walk is breadth-first over nodes of a package and one of its extras, or
//! none. A marker on an edge counts only where the edge's parent is reached:
//! uv drops from it what already holds there.
//!
//! Where a lock declares conflicts, markers ask which projects, extras, and
//! groups are active, and which extras are active depends on what is reached.
//! So the walk is repeated until the answer is the assumption.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pep508_rs::{ExtraName, MarkerEnvironment};

use super::{
    conflict::Item,
    model::{Edge, Graph, Marker, PackageIx},
};
use crate::marker::Scene;

/// How often assumptions are corrected before they may only grow.
///
/// Real locks settle in two or three rounds.
const ROUNDS: usize = 16;

/// A package with one of its extras, or the package itself.
type Node<'a> = (PackageIx, Option<&'a ExtraName>);

/// Where a walk starts.
pub(super) struct Roots<'a> {
    /// The selected package.
    pub(super) package: PackageIx,
    /// Extras of it.
    pub(super) extras: Vec<&'a ExtraName>,
    /// Dependencies of the selected groups.
    pub(super) groups: Vec<&'a Edge>,
    /// What is active by the selection itself.
    pub(super) active: BTreeSet<Item>,
}

/// What a walk has reached.
#[derive(Default)]
pub(super) struct Reached<'a> {
    /// Packages, each with those that it depends on directly.
    pub(super) needs: BTreeMap<PackageIx, BTreeSet<PackageIx>>,
    /// Extras of packages.
    pub(super) extras: BTreeSet<(PackageIx, &'a ExtraName)>,
    /// All that is active.
    pub(super) active: BTreeSet<Item>,
}

/// What a marker is for one target.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    Holds(bool),
    /// It depends on what is active.
    Open,
}

/// Asks every marker of a lock.
pub(super) fn verdicts(graph: &Graph, environment: &MarkerEnvironment) -> Vec<Verdict> {
    let scene = Scene::with_extras(environment, Vec::new());
    let verdict = |marker: &Marker| {
        if marker.has_extras {
            Verdict::Open
        } else {
            Verdict::Holds(marker.condition.holds(&scene))
        }
    };
    graph.markers.iter().map(verdict).collect()
}

/// Walks a lock for one target.
pub(super) struct Walker<'w, 'a> {
    pub(super) graph: &'a Graph,
    pub(super) environment: &'w MarkerEnvironment,
    pub(super) verdicts: &'w [Verdict],
}

impl<'a> Walker<'_, 'a> {
    /// Returns what is reached from `roots`.
    pub(super) fn walk(&self, roots: &Roots<'a>) -> Reached<'a> {
        let mut assumed = roots.active.clone();
        for _ in 0..ROUNDS {
            let reached = self.round(roots, &assumed);
            if reached.active == assumed {
                return reached;
            }
            assumed = reached.active;
        }
        self.grow(roots, assumed)
    }

    /// Ends the search where correcting goes round in circles: what was active once stays so.
    fn grow(&self, roots: &Roots<'a>, mut assumed: BTreeSet<Item>) -> Reached<'a> {
        loop {
            let mut reached = self.round(roots, &assumed);
            let before = assumed.len();
            assumed.append(&mut reached.active);
            if assumed.len() == before {
                return Reached { active: assumed, ..reached };
            }
        }
    }

    fn round(&self, roots: &Roots<'a>, assumed: &BTreeSet<Item>) -> Reached<'a> {
        let mut round = Round::new(self, roots, assumed);
        round.visit(roots.package, roots.groups.iter().copied());
        while let Some((package, extra)) = round.queue.pop_front() {
            let entry = &self.graph.packages[package];
            let edges = match extra {
                None => Some(&entry.dependencies),
                Some(extra) => entry.extras.get(extra),
            };
            round.visit(package, edges.into_iter().flatten());
        }
        round.reached
    }
}

/// One walk under a fixed assumption.
struct Round<'w, 'a> {
    walker: &'w Walker<'w, 'a>,
    assumed: &'w BTreeSet<Item>,
    /// The same as markers speak of it.
    encoded: Vec<ExtraName>,
    seen: BTreeSet<Node<'a>>,
    queue: VecDeque<Node<'a>>,
    reached: Reached<'a>,
}

impl<'w, 'a> Round<'w, 'a> {
    fn new(walker: &'w Walker<'w, 'a>, roots: &Roots<'a>, assumed: &'w BTreeSet<Item>) -> Self {
        let encoded = if walker.graph.has_open_markers() {
            assumed.iter().map(Item::encoded).collect()
        } else {
            Vec::new()
        };
        let reached = Reached { active: roots.active.clone(), ..Reached::default() };
        let mut round = Self {
            walker,
            assumed,
            encoded,
            seen: BTreeSet::new(),
            queue: VecDeque::new(),
            reached,
        };
        round.reach(roots.package, roots.extras.iter().copied());
        round
    }

    fn visit(&mut self, package: PackageIx, edges: impl IntoIterator<Item = &'a Edge>) {
        for edge in edges {
            if self.holds(package, edge) {
                self.reached.needs.entry(package).or_default().insert(edge.to);
                self.activate(edge);
                self.reach(edge.to, &edge.extras);
            }
        }
    }

    fn reach(&mut self, package: PackageIx, extras: impl IntoIterator<Item = &'a ExtraName>) {
        self.reached.needs.entry(package).or_default();
        let nodes = std::iter::once(None).chain(extras.into_iter().map(Some));
        for extra in nodes {
            if self.seen.insert((package, extra)) {
                self.queue.push_back((package, extra));
                self.reached.extras.extend(extra.map(|extra| (package, extra)));
            }
        }
    }

    fn activate(&mut self, edge: &Edge) {
        if self.walker.graph.conflicts.is_empty() {
            return;
        }
        self.reached.active.extend(self.walker.asked(edge));
    }

    /// Returns true if `package` depends on what `edge` leads to.
    fn holds(&self, package: PackageIx, edge: &Edge) -> bool {
        let Some(marker) = edge.marker else { return true };
        match self.walker.verdicts[marker] {
            Verdict::Holds(holds) => holds,
            Verdict::Open => {
                let extras = self.extras_for(package, edge);
                let scene = Scene::with_extras(self.walker.environment, extras);
                self.walker.graph.markers[marker].condition.holds(&scene)
            }
        }
    }

    /// Returns the extras that the marker of an edge sees.
    ///
    /// They include those that the edge itself asks for: uv writes edges that
    /// hold only if they hold. A plain extra is one of the parent's own.
    fn extras_for(&self, package: PackageIx, edge: &Edge) -> Vec<ExtraName> {
        let own = self.assumed.iter().filter_map(|item| match item {
            Item::Extra(name, extra) if *name == self.walker.graph.packages[package].name => {
                Some(extra.clone())
            }
            _ => None,
        });
        let asked = self.walker.asked(edge).map(|item| item.encoded());
        self.encoded.iter().cloned().chain(asked).chain(own).collect()
    }
}

impl Walker<'_, '_> {
    /// Returns the extras that an edge asks for.
    fn asked<'e>(&self, edge: &'e Edge) -> impl Iterator<Item = Item> + use<'_, 'e> {
        let name = &self.graph.packages[edge.to].name;
        edge.extras.iter().map(|extra| Item::Extra(name.clone(), extra.clone()))
    }
}
