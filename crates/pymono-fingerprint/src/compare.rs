//! Two trees, set against each other.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_workspace::Workspace;

use crate::{
    Inputs, Piece, Reason,
    reason::{requirer, versions},
    via::via,
};

/// A tree as far as fingerprints go.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// Its projects.
    pub workspace: &'a Workspace,
    /// The inputs of its services.
    pub inputs: &'a BTreeMap<TreePath, Inputs>,
}

/// What differs between two trees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The services whose inputs differ, each with all reasons.
    pub services: BTreeMap<TreePath, BTreeSet<Reason>>,
    /// The services that are none any more.
    pub removed: BTreeSet<TreePath>,
}

/// Returns which services of `head` are affected by what differs from `base`, and why.
pub fn compare(base: State<'_>, head: State<'_>) -> Comparison {
    let removed = base.inputs.keys().filter(|path| !head.inputs.contains_key(*path));
    let affected = head.inputs.iter().filter_map(|(path, inputs)| {
        let reasons = match base.inputs.get(path) {
            // One that could not be built had no image either.
            None => BTreeSet::from([Reason::Added]),
            Some(before) if before.is_rough() && !inputs.is_rough() => {
                BTreeSet::from([Reason::Added])
            }
            Some(before) => differences(base.workspace, head.workspace, path, (before, inputs)),
        };
        (!reasons.is_empty()).then(|| (path.clone(), reasons))
    });
    Comparison { services: affected.collect(), removed: removed.cloned().collect() }
}

fn differences(
    base: &Workspace,
    head: &Workspace,
    service: &TreePath,
    (before, after): (&Inputs, &Inputs),
) -> BTreeSet<Reason> {
    let (before, after) = (before.pieces(), after.pieces());
    let pieces: BTreeSet<&Piece> = before.keys().chain(after.keys()).collect();
    let different = pieces.into_iter().filter(|piece| before.get(piece) != after.get(piece));
    let reason = |piece: &Piece| {
        // What is gone is explained by the tree that had it.
        let workspace = if after.contains_key(piece) { head } else { base };
        let values = (before.get(piece), after.get(piece));
        Explained { workspace, service, values }.reason(piece)
    };
    different.map(reason).collect()
}

/// A piece that differs, on its way to a reason.
pub(crate) struct Explained<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) service: &'a TreePath,
    pub(crate) values: (Option<&'a String>, Option<&'a String>),
}

impl Explained<'_> {
    pub(crate) fn reason(&self, piece: &Piece) -> Reason {
        let (from, to) = (self.values.0.cloned(), self.values.1.cloned());
        match piece {
            Piece::Source(path) => Reason::Source { path: path.clone() },
            Piece::Dependency { package, file } => Reason::Dependency {
                package: package.clone(),
                via: self.via(package),
                path: file.clone(),
            },
            Piece::Crate { package, file } => Reason::Crate {
                package: package.clone(),
                via: self.via(package),
                path: file.clone(),
            },
            Piece::Dockerfile(path) => Reason::Dockerfile { path: path.clone() },
            Piece::Edge(package) => {
                Reason::Edge { package: package.clone(), via: self.via(package) }
            }
            Piece::Pin(name) => Reason::Pin {
                package: name.to_string(),
                via: self.required_by(name),
                from: from.as_deref().and_then(versions),
                to: to.as_deref().and_then(versions),
            },
            Piece::Config(key) => Reason::Config { key: (*key).to_owned() },
            Piece::Format => Reason::Config { key: "format".to_owned() },
            Piece::Python => Reason::Python { from, to },
            Piece::Base(_) => Reason::Base { from, to },
            Piece::Backend(package) => {
                Reason::Backend { package: package.clone(), via: self.via(package) }
            }
        }
    }

    fn via(&self, package: &TreePath) -> Vec<TreePath> {
        if package == self.service {
            return vec![package.clone()];
        }
        via(self.workspace, self.service, package)
    }

    /// Returns the chain to the nearest project whose manifest requires a distribution.
    fn required_by(&self, name: &pep508_rs::PackageName) -> Vec<TreePath> {
        let near = self.workspace.reached([self.service]);
        let projects = near.iter().filter_map(|path| self.workspace.projects.get(*path));
        self.via(requirer(projects, name).unwrap_or(self.service))
    }
}
