//! A service closed over its lock, and what the lock leaves open.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::ExtraName;
use pymono_lock::{AnyLock, Closure, ClosureError, LockFormat, Requirements, Selection};
use pymono_names::{Target, TreePath};
use pymono_workspace::{Project, Workspace};

use crate::{FleetError, locks};

/// What a service needs on one target.
pub(crate) struct Closed {
    /// What the lock pins.
    pub(crate) closure: Closure,
    /// The local packages that are installed, with the names that the lock gives them.
    pub(crate) installed: BTreeMap<TreePath, Option<pep508_rs::PackageName>>,
    /// What is to be resolved in place of the pins, where these are not all.
    pub(crate) open: Option<BTreeSet<pymono_lock::Open>>,
}

/// A project and its lock.
pub(crate) struct Closing<'a> {
    /// All projects.
    pub(crate) workspace: &'a Workspace,
    /// The one to close.
    pub(crate) project: &'a Project,
    /// The path of its lock; that of its manifest where it has none.
    pub(crate) lock_path: &'a TreePath,
    /// Its lock.
    pub(crate) lock: &'a AnyLock,
}

/// Returns the pins of any project for a target; all of them must be pinned.
pub fn close(
    workspace: &Workspace,
    project: &Project,
    extras: BTreeSet<ExtraName>,
    groups: BTreeSet<ExtraName>,
    target: &Target,
) -> Result<Closure, FleetError> {
    let missing = || FleetError::no_lock(project);
    let lock_path = project.lock.as_ref().ok_or_else(missing)?;
    let lock = &locks::read(workspace, lock_path).map_err(FleetError::Lock)?;
    let selection = Selection { package: project.name.clone(), extras, groups };
    let closed = lock.close(&selection, target);
    closed.map_err(|source| Closing { workspace, project, lock_path, lock }.failed(source))
}

impl Closing<'_> {
    /// Returns what the project needs in production on `target`.
    pub(crate) fn close(&self, target: Target) -> Result<Closed, FleetError> {
        self.close_with(target, &BTreeSet::new())
    }

    /// Returns what the project needs on `target` in production and for some `groups` together.
    pub(crate) fn close_with(
        &self,
        target: Target,
        groups: &BTreeSet<ExtraName>,
    ) -> Result<Closed, FleetError> {
        let settings = &self.project.settings;
        let selection = Selection {
            package: self.project.name.clone(),
            extras: settings.extras.clone(),
            groups: settings.groups.union(groups).cloned().collect(),
        };
        let AnyLock::Requirements(requirements) = self.lock else {
            let closure =
                self.lock.close(&selection, &target).map_err(|source| self.failed(source))?;
            let installed = self.installed(&closure)?;
            return Ok(Closed { closure, installed, open: None });
        };
        let closed = requirements.close_loosely(&selection, &target);
        let (closure, unpinned) = closed.map_err(|source| self.failed(source))?;
        let installed = self.installed(&closure)?;
        let (all, complete) = self.with_declared(requirements, &installed)?;
        let listed = requirements.lists_all() || settings.require_locked == Some(true);
        if complete && listed && unpinned.is_empty() {
            return Ok(Closed { closure, installed, open: None });
        }
        let open = all.open(&selection, &target).map_err(|source| self.failed(source))?;
        self.check_locked(&open)?;
        Ok(Closed {
            closure: Closure { pins: BTreeSet::new(), ..closure },
            installed,
            open: Some(open),
        })
    }

    /// Adds what the installed local packages declare; returns whether all of it was there by name.
    fn with_declared(
        &self,
        requirements: &Requirements,
        installed: &BTreeMap<TreePath, Option<pep508_rs::PackageName>>,
    ) -> Result<(Requirements, bool), FleetError> {
        let named: BTreeSet<_> = requirements.names().map(|(name, _)| name.clone()).collect();
        let (mut all, mut complete) = (requirements.clone(), true);
        // Without a lock, a project's own requirements are all that there is.
        let own = self.project.lock.is_none().then_some(&self.project.path);
        let declaring: BTreeSet<&TreePath> = installed.keys().chain(own).collect();
        for project in declaring.iter().filter_map(|path| self.workspace.projects.get(*path)) {
            for declared in &project.requirements {
                complete &= named.contains(&declared.name);
                all.add(project.manifest.as_str(), declared.line, &declared.text)
                    .map_err(FleetError::Lock)?;
            }
        }
        Ok((all, complete))
    }

    /// Returns the local packages that are installed: those that the lock names and, where it
    /// does not tell what these need in turn, those too.
    fn installed(
        &self,
        closure: &Closure,
    ) -> Result<BTreeMap<TreePath, Option<pep508_rs::PackageName>>, FleetError> {
        let folder = locks::folder(self.workspace, self.lock_path);
        let copied = self.project.build.is_none().then_some(&self.project.path);
        let mut installed = BTreeMap::new();
        for (path, local) in &closure.locals {
            let path = folder
                .join(path)
                .map_err(|source| FleetError::Outside { lock: self.lock_path.clone(), source })?;
            if local.kind != pymono_lock::LocalKind::Virtual && Some(&path) != copied {
                let sure = self.lock.format() != LockFormat::Requirements;
                installed.insert(path, sure.then(|| local.name.clone()));
            }
        }
        if tells_needs(self.lock.format()) {
            return Ok(installed);
        }
        let mut waiting: Vec<TreePath> = installed.keys().cloned().collect();
        waiting.push(self.project.path.clone());
        let mut seen = BTreeSet::new();
        while let Some(path) = waiting.pop() {
            let Some(project) = self.workspace.projects.get(&path) else { continue };
            if seen.insert(path.clone()) {
                waiting.extend(project.needs.iter().cloned());
                if project.build.is_some() {
                    installed.entry(path).or_insert(None);
                }
            }
        }
        Ok(installed)
    }

    /// Refuses requirements that are not pinned, where the configuration says so.
    fn check_locked(&self, open: &BTreeSet<pymono_lock::Open>) -> Result<(), FleetError> {
        let unpinned = open.iter().filter(|it| !it.pinned);
        let unpinned: Vec<String> = unpinned
            .map(|it| format!("`{}` ({})", it.requirement, self.placed(&it.place)))
            .collect();
        if unpinned.is_empty() || self.project.settings.require_locked != Some(true) {
            return Ok(());
        }
        let service = self.project.path.clone();
        Err(FleetError::Unpinned { service, requirements: unpinned.join(", ") })
    }

    /// Returns a place in a file as seen from the root.
    pub(crate) fn placed(&self, place: &str) -> String {
        let is_of_manifest = |project: &Project| {
            place.rsplit_once(':').is_some_and(|(file, _)| file == project.manifest.as_str())
        };
        if self.workspace.projects.values().any(is_of_manifest) {
            return place.to_owned();
        }
        let folder = locks::folder(self.workspace, self.lock_path);
        folder.join(place).map_or_else(|_| place.to_owned(), |place| place.to_string())
    }

    pub(crate) fn failed(&self, source: ClosureError) -> FleetError {
        FleetError::Closure {
            service: self.project.path.clone(),
            lock: self.lock_path.clone(),
            format: self.lock.format(),
            source: Box::new(source),
        }
    }
}

/// Returns whether a lock tells which local packages a local package needs.
fn tells_needs(format: LockFormat) -> bool {
    matches!(format, LockFormat::Uv | LockFormat::Poetry | LockFormat::Pdm)
}
