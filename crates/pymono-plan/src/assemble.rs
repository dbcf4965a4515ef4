//! From a scanned workspace to the fleet: every service closed over its lock.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::Lock;
use pymono_names::TreePath;
use pymono_workspace::{Kind, Workspace};

use crate::{Fleet, FleetError, assembly::Assembly, naming};

/// The uv that installs everything where the configuration names none.
const UV_IMAGE: &str = "ghcr.io/astral-sh/uv:0.13.9";

/// Services that cannot be planned, and why.
#[derive(Debug)]
pub struct Unplanned {
    /// The services' folders; none if the reason keeps no service from being built.
    pub services: Vec<TreePath>,
    /// The reason.
    pub error: FleetError,
}

/// Closes every service of a workspace over its lock.
///
/// Returns the fleet of those services for which that is possible, and the
/// others. All services are taken, whichever are to be built: what they share
/// depends on all of them.
pub fn assemble(workspace: &Workspace) -> (Fleet, Vec<Unplanned>) {
    let services = || workspace.projects.values().filter(|project| project.kind == Kind::Service);
    let names = naming::services(services());
    let mut fleet = Fleet {
        services: BTreeMap::new(),
        packages: BTreeMap::new(),
        uv_image: workspace.uv_image.clone().unwrap_or_else(|| UV_IMAGE.to_owned()),
        warnings: BTreeSet::new(),
    };
    let (locks, mut unplanned) = parse_locks(workspace);
    for project in services() {
        // A lock that is not there has its error already.
        let lock = match &project.lock {
            Some(path) => locks.get_key_value(path).ok_or(None),
            None => Err(Some(FleetError::NoLock { service: project.path.clone() })),
        };
        let assembled = lock.and_then(|(lock_path, lock)| {
            let assembly = Assembly { workspace, project, lock_path, lock };
            let Fleet { packages, warnings, .. } = &mut fleet;
            assembly.service(names[&project.path].clone(), packages, warnings).map_err(Some)
        });
        match assembled {
            Ok(service) => drop(fleet.services.insert(project.path.clone(), service)),
            Err(None) => {}
            Err(Some(error)) => {
                unplanned.push(Unplanned { services: vec![project.path.clone()], error });
            }
        }
    }
    unplanned.extend(take_shared_references(&mut fleet));
    (fleet, unplanned)
}

/// Takes those services out of the fleet that would be built as the same image as another.
fn take_shared_references(fleet: &mut Fleet) -> Vec<Unplanned> {
    let mut bearers = BTreeMap::<String, BTreeSet<TreePath>>::new();
    for (path, service) in &fleet.services {
        for reference in &service.image.references {
            bearers.entry(reference.clone()).or_default().insert(path.clone());
        }
    }
    bearers.retain(|_, services| services.len() > 1);
    for path in bearers.values().flatten() {
        fleet.services.remove(path);
    }
    let shared = bearers.into_iter().map(|(reference, services)| {
        let services: Vec<TreePath> = services.into_iter().collect();
        let error = FleetError::SharedReference { reference, services: services.clone() };
        Unplanned { services, error }
    });
    shared.collect()
}

fn parse_locks(workspace: &Workspace) -> (BTreeMap<TreePath, Lock>, Vec<Unplanned>) {
    let (mut locks, mut unplanned) = (BTreeMap::new(), Vec::new());
    for (path, text) in &workspace.locks {
        match Lock::parse(path.as_str(), text) {
            Ok(lock) => drop(locks.insert(path.clone(), lock)),
            Err(source) => {
                let services = workspace.projects.values().filter(|project| {
                    project.kind == Kind::Service && project.lock.as_ref() == Some(path)
                });
                let services = services.map(|project| project.path.clone()).collect();
                let error = FleetError::Lock(source);
                unplanned.push(Unplanned { services, error });
            }
        }
    }
    (locks, unplanned)
}
