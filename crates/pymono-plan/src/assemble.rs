//! From a scanned workspace to the fleet: every service closed over its lock.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::{Platform, ServiceName, Target, TreePath};
use pymono_workspace::{Kind, Project, Workspace};

use crate::{
    Fleet, FleetError, Service, ServiceTest, StaleLocks,
    assembly::{Assembly, environment},
    close::Closing,
    foundation, handwritten,
    locks::{self, Locks},
    naming,
};

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
pub fn assemble(workspace: &Workspace, stale: StaleLocks) -> (Fleet, Vec<Unplanned>) {
    let services = || workspace.projects.values().filter(|project| project.kind == Kind::Service);
    let names = naming::services(services());
    let mut fleet = Fleet {
        services: BTreeMap::new(),
        handwritten: handwritten::images(workspace, &names),
        locals: BTreeMap::new(),
        packages: BTreeMap::new(),
        tests: BTreeMap::new(),
        uv_image: workspace.uv_image.clone().unwrap_or_else(|| UV_IMAGE.to_owned()),
        lock: None,
        apt_snapshot: None,
        settled: false,
        warnings: BTreeSet::new(),
    };
    let (locks, mut unplanned) = locks::read_all(workspace, stale);
    for project in services().filter(|project| !project.images.is_empty()) {
        let locals = locals(workspace, &locks, project);
        fleet.locals.extend(locals.map(|locals| (project.path.clone(), locals)));
    }
    for project in services().filter(|project| project.images.is_empty()) {
        let name = names[&project.path].clone();
        match service(workspace, &locks, project, name, &mut fleet) {
            Ok(Some(planned)) => {
                fleet.services.insert(project.path.clone(), planned.service);
                match planned.test {
                    Ok(test) => fleet.tests.extend(test.map(|it| (project.path.clone(), it))),
                    // The image does without its test.
                    Err(error) => unplanned.push(unplanned_one(project, error)),
                }
            }
            Ok(None) => {}
            Err(error) => unplanned.push(unplanned_one(project, error)),
        }
    }
    unplanned.extend(take_shared_references(&mut fleet));
    unplanned.extend(foundation::pin(&mut fleet, workspace, stale));
    (fleet, unplanned)
}

fn unplanned_one(project: &Project, error: FleetError) -> Unplanned {
    Unplanned { services: vec![project.path.clone()], error }
}

/// A service, and what tests it where something does.
struct Planned {
    service: Service,
    test: Result<Option<ServiceTest>, FleetError>,
}

/// Returns the local packages that a service's lock has for it; nothing where that cannot be told.
fn locals(workspace: &Workspace, locks: &Locks, project: &Project) -> Option<BTreeSet<TreePath>> {
    let (lock_path, lock) = locks.get_key_value(project.lock.as_ref()?)?;
    let libc = environment(project).libc;
    let target = Target { python: project.python, platform: Platform::Amd64, libc };
    let closed = Closing { workspace, project, lock_path, lock }.close(target).ok()?;
    Some(closed.installed.into_keys().collect())
}

/// Takes those services out of the fleet that would be built as the same image as another.
fn take_shared_references(fleet: &mut Fleet) -> Vec<Unplanned> {
    let mut bearers = BTreeMap::<String, BTreeSet<TreePath>>::new();
    for (path, service) in &fleet.services {
        for reference in &service.image.references {
            bearers.entry(reference.clone()).or_default().insert(path.clone());
        }
    }
    for image in fleet.handwritten.values() {
        for reference in &image.references {
            bearers.entry(reference.clone()).or_default().insert(image.path.clone());
        }
    }
    bearers.retain(|_, services| services.len() > 1);
    for path in bearers.values().flatten() {
        fleet.services.remove(path);
        fleet.tests.remove(path);
        fleet.handwritten.retain(|_, image| image.path != *path);
    }
    let shared = bearers.into_iter().map(|(reference, services)| {
        let services: Vec<TreePath> = services.into_iter().collect();
        let error = FleetError::SharedReference { reference, services: services.clone() };
        Unplanned { services, error }
    });
    shared.collect()
}

/// Returns one service; nothing where its lock could not be read, which has its error already.
fn service(
    workspace: &Workspace,
    locks: &Locks,
    project: &Project,
    name: ServiceName,
    fleet: &mut Fleet,
) -> Result<Option<Planned>, FleetError> {
    let strict = project.settings.require_locked == Some(true);
    let without = locks::without(project).filter(|_| !strict);
    let (lock_path, lock) = match &project.lock {
        Some(path) => match locks.get_key_value(path) {
            Some(known) => known,
            None => return Ok(None),
        },
        None => (&project.manifest, without.as_ref().ok_or_else(|| FleetError::no_lock(project))?),
    };
    let closing = Closing { workspace, project, lock_path, lock };
    let assembly = Assembly { closing };
    let service = assembly.service(name, &mut fleet.packages, &mut fleet.warnings)?;
    let test = assembly.test(&service, &mut fleet.packages);
    Ok(Some(Planned { service, test }))
}
