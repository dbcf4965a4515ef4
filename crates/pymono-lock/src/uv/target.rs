//! A lock as one target sees it.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use pep440_rs::Version;
use pep508_rs::{ExtraName, MarkerEnvironment};
use pymono_names::Target;

use super::{
    conflict::Item,
    model::{Edge, Graph, Package, PackageIx},
    walk::{Reached, Roots, Verdict, Walker, verdicts},
};
use crate::{
    Closure, ClosureError, GroupName, Pin, PinSource, Selection,
    draft::{Draft, Place, pin},
    environment::environment,
    file::Distribution,
    marker::Scene,
    source::Source,
};

/// What all closures of a lock on one target have in common.
#[derive(Debug)]
pub(super) struct Shared {
    environment: MarkerEnvironment,
    verdicts: Vec<Verdict>,
    /// By package, its pin as soon as some closure needed it.
    pins: Vec<OnceLock<Pin>>,
}

impl Shared {
    pub(super) fn new(graph: &Graph, target: Target) -> Self {
        let environment = environment(target);
        Self {
            verdicts: verdicts(graph, &environment),
            pins: graph.packages.iter().map(|_| OnceLock::new()).collect(),
            environment,
        }
    }
}

/// A lock as one target sees it: markers are evaluated once for all closures.
pub struct LockForTarget<'a> {
    graph: &'a Graph,
    target: Target,
    shared: Arc<Shared>,
}

impl<'a> LockForTarget<'a> {
    pub(super) fn new(
        graph: &'a Graph,
        target: Target,
        shared: Arc<Shared>,
    ) -> Result<Self, ClosureError> {
        check_python(graph, target, &shared.environment)?;
        check_supported(graph, target, &shared.environment)?;
        Ok(Self { graph, target, shared })
    }

    /// Returns all that `selection` needs.
    pub fn close(&self, selection: &Selection) -> Result<Closure, ClosureError> {
        let package = self.find(selection)?;
        let roots = Roots {
            package,
            extras: self.extras(package, selection)?,
            groups: Vec::new(),
            active: BTreeSet::from([Item::Project(selection.package.clone())]),
        };
        let roots = self.with_groups(roots, selection)?;
        let Shared { environment, verdicts, .. } = &*self.shared;
        let reached = Walker { graph: self.graph, environment, verdicts }.walk(&roots);
        self.check_conflicts(selection, &reached)?;
        self.closure(&reached)
    }

    fn find(&self, selection: &Selection) -> Result<PackageIx, ClosureError> {
        let locals =
            || self.graph.packages.iter().enumerate().filter(|(_, package)| package.is_local());
        locals()
            .find(|(_, package)| package.name == selection.package)
            .map(|(ix, _)| ix)
            .ok_or_else(|| ClosureError::UnknownPackage {
                package: selection.package.clone(),
                known: locals().map(|(_, package)| package.name.clone()).collect(),
            })
    }

    fn extras(
        &self,
        package: PackageIx,
        selection: &Selection,
    ) -> Result<Vec<&'a ExtraName>, ClosureError> {
        let known = &self.graph.packages[package].extras;
        let find = |extra: &ExtraName| {
            known.get_key_value(extra).map(|(extra, _)| extra).ok_or_else(|| {
                ClosureError::UnknownExtra {
                    package: selection.package.clone(),
                    extra: extra.clone(),
                    known: known.keys().cloned().collect(),
                }
            })
        };
        selection.extras.iter().map(find).collect()
    }

    /// Adds the selected extras and groups to what is active, and the groups' dependencies to the roots.
    fn with_groups(
        &self,
        mut roots: Roots<'a>,
        selection: &Selection,
    ) -> Result<Roots<'a>, ClosureError> {
        let name = &selection.package;
        roots
            .active
            .extend(selection.extras.iter().map(|extra| Item::Extra(name.clone(), extra.clone())));
        for group in &selection.groups {
            let owners = self.owners(roots.package, group);
            if owners.is_empty() {
                return Err(self.unknown_group(roots.package, group));
            }
            for (owner, edges) in owners {
                roots.groups.extend(edges);
                roots
                    .active
                    .extend(owner.map(|owner| Item::Group(owner.name.clone(), group.clone())));
            }
        }
        Ok(roots)
    }

    /// Returns who has a group: the package itself if it does, else the root of the workspace.
    fn owners(
        &self,
        package: PackageIx,
        group: &GroupName,
    ) -> Vec<(Option<&'a Package>, &'a [Edge])> {
        let of =
            |package: &'a Package| Some((Some(package), package.groups.get(group)?.as_slice()));
        if let Some(own) = of(&self.graph.packages[package]) {
            return vec![own];
        }
        let root = self.root().and_then(of);
        let without_project =
            self.graph.root_groups.get(group).map(|edges| (None, edges.as_slice()));
        root.into_iter().chain(without_project).collect()
    }

    /// Returns the package in the lock's own folder.
    fn root(&self) -> Option<&'a Package> {
        let is_root = |package: &&Package| matches!(&package.source, Source::Local { path, .. } if path == ".");
        self.graph.packages.iter().find(is_root)
    }

    fn unknown_group(&self, package: PackageIx, group: &GroupName) -> ClosureError {
        let package = &self.graph.packages[package];
        let of_root = self.root().into_iter().flat_map(|root| root.groups.keys());
        let known = package.groups.keys().chain(of_root).chain(self.graph.root_groups.keys());
        ClosureError::UnknownGroup {
            package: package.name.clone(),
            group: group.clone(),
            known: known.cloned().collect(),
        }
    }

    fn check_conflicts(
        &self,
        selection: &Selection,
        reached: &Reached<'_>,
    ) -> Result<(), ClosureError> {
        for set in &self.graph.conflicts {
            let items: BTreeSet<_> =
                set.iter().filter(|item| reached.active.contains(item)).collect();
            if items.len() > 1 {
                return Err(ClosureError::Conflict {
                    package: selection.package.clone(),
                    items: items.into_iter().map(ToString::to_string).collect(),
                });
            }
        }
        Ok(())
    }

    fn closure(&self, reached: &Reached<'_>) -> Result<Closure, ClosureError> {
        let mut draft = Draft::new(self.target);
        for (&ix, needs) in &reached.needs {
            let Package { name, source, line, .. } = &self.graph.packages[ix];
            match source {
                Source::ThirdParty(source) => {
                    draft.add(self.pin(ix, source)?.clone(), Place::Line(*line));
                }
                Source::Local { path, kind } => {
                    let local = draft.local(name, path, *kind);
                    let paths =
                        needs.iter().filter_map(|&need| self.graph.packages[need].local_path());
                    local.needs.extend(paths.filter(|need| need != path).map(str::to_owned));
                }
            }
        }
        for &(ix, extra) in &reached.extras {
            let Package { name, source, .. } = &self.graph.packages[ix];
            if let Source::Local { path, kind } = source {
                draft.local(name, path, *kind).extras.insert(extra.clone());
            }
        }
        draft.finish()
    }
}

impl LockForTarget<'_> {
    /// Returns the pin of a package, which is made once for all closures.
    fn pin(&self, ix: PackageIx, source: &PinSource) -> Result<&Pin, ClosureError> {
        let cell = &self.shared.pins[ix];
        if let Some(pin) = cell.get() {
            return Ok(pin);
        }
        let Package { name, version, files, line, .. } = &self.graph.packages[ix];
        let distribution = Distribution { name, version: version.as_ref(), source, files };
        let pin = pin(&distribution, self.target, Place::Line(*line))?;
        Ok(cell.get_or_init(|| pin))
    }
}

fn check_python(
    graph: &Graph,
    target: Target,
    environment: &MarkerEnvironment,
) -> Result<(), ClosureError> {
    let version: &Version = environment.python_full_version();
    match &graph.requires_python {
        Some(requires) if !requires.contains(version) => {
            Err(ClosureError::UnsupportedPython { target, requires: requires.clone() })
        }
        _ => Ok(()),
    }
}

fn check_supported(
    graph: &Graph,
    target: Target,
    environment: &MarkerEnvironment,
) -> Result<(), ClosureError> {
    let supported = &graph.supported;
    let scene = Scene::with_extras(environment, Vec::new());
    if supported.is_empty() || supported.iter().any(|(_, marker)| marker.holds(&scene)) {
        return Ok(());
    }
    let supported = supported.iter().map(|(text, _)| text.clone()).collect();
    Err(ClosureError::UnsupportedTarget { target, supported })
}
