//! From a scanned workspace to the fleet: every service closed over its lock.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::Lock;
use pymono_names::TreePath;
use pymono_workspace::{Kind, Workspace};

use crate::{Fleet, FleetError, assembly::Assembly, naming};

/// The uv that installs everything where the configuration names none.
const UV_IMAGE: &str = "ghcr.io/astral-sh/uv:0.13.9";

/// Closes every service of a workspace over its lock.
///
/// All services are taken, whichever are to be built: what they share depends
/// on all of them. The first error in order of paths is the answer if there is
/// one.
pub fn assemble(workspace: &Workspace) -> Result<Fleet, FleetError> {
    let (fleet, errors) = assemble_what_can_be(workspace);
    errors.into_iter().next().map_or(Ok(fleet), Err)
}

/// Closes those services over their locks for which that is possible.
///
/// Returns them, and why the others are not among them: one error a lock that
/// cannot be read, and one a service.
pub fn assemble_what_can_be(workspace: &Workspace) -> (Fleet, Vec<FleetError>) {
    let services = || workspace.projects.values().filter(|project| project.kind == Kind::Service);
    let names = naming::services(services());
    let mut fleet = Fleet {
        services: BTreeMap::new(),
        packages: BTreeMap::new(),
        uv_image: workspace.uv_image.clone().unwrap_or_else(|| UV_IMAGE.to_owned()),
    };
    let (locks, mut errors) = parse_locks(workspace);
    for project in services() {
        let Some(lock_path) = &project.lock else {
            errors.push(FleetError::NoLock { service: project.path.clone() });
            continue;
        };
        // A lock that is not there has its error already.
        let Some(lock) = locks.get(lock_path) else { continue };
        let assembly = Assembly { workspace, project, lock_path, lock };
        match assembly.service(names[&project.path].clone(), &mut fleet.packages) {
            Ok(service) => drop(fleet.services.insert(project.path.clone(), service)),
            Err(error) => errors.push(error),
        }
    }
    errors.extend(shared_references(&fleet));
    (fleet, errors)
}

/// Returns an error for each image reference that several services would be built as.
fn shared_references(fleet: &Fleet) -> Vec<FleetError> {
    let mut bearers = BTreeMap::<&str, BTreeSet<&TreePath>>::new();
    for (path, service) in &fleet.services {
        for reference in &service.image.references {
            bearers.entry(reference).or_default().insert(path);
        }
    }
    let shared = bearers.into_iter().filter(|(_, services)| services.len() > 1);
    let error = |(reference, services): (&str, BTreeSet<&TreePath>)| FleetError::SharedReference {
        reference: reference.to_owned(),
        services: services.into_iter().cloned().collect(),
    };
    shared.map(error).collect()
}

fn parse_locks(workspace: &Workspace) -> (BTreeMap<TreePath, Lock>, Vec<FleetError>) {
    let (mut locks, mut errors) = (BTreeMap::new(), Vec::new());
    for (path, text) in &workspace.locks {
        match Lock::parse(text) {
            Ok(lock) => drop(locks.insert(path.clone(), lock)),
            Err(source) => errors.push(FleetError::Lock { path: path.clone(), source }),
        }
    }
    (locks, errors)
}
