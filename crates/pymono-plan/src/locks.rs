//! The locks of a workspace, parsed.

use std::collections::BTreeMap;

use pymono_lock::{AnyLock, LockError, LockFormat, Requirements};
use pymono_names::TreePath;
use pymono_workspace::{Kind, Manager, Project, Workspace};

use crate::{FleetError, StaleLocks, Unplanned, check_fresh};

/// The locks of a workspace that could be read, by path.
pub(crate) type Locks = BTreeMap<TreePath, AnyLock>;

/// Reads the locks of all services.
pub(crate) fn read_all(workspace: &Workspace, stale: StaleLocks) -> (Locks, Vec<Unplanned>) {
    let mut users = BTreeMap::<&TreePath, Vec<&Project>>::new();
    let services = workspace.projects.values().filter(|project| project.kind == Kind::Service);
    for service in services {
        if let Some(lock) = &service.lock {
            users.entry(lock).or_default().push(service);
        }
    }
    let (mut locks, mut unplanned) = (Locks::new(), Vec::new());
    for (path, users) in users {
        let lock = read(workspace, path).map_err(FleetError::Lock);
        // What is torn cannot be held against anything.
        match lock.and_then(|lock| check_fresh(workspace, path, stale).map(|()| lock)) {
            Ok(lock) => drop(locks.insert(path.clone(), lock)),
            Err(error) => {
                // A hand-written Dockerfile does with a lock as it likes.
                let users = users.iter().filter(|project| project.images.is_empty());
                let services: Vec<TreePath> = users.map(|project| project.path.clone()).collect();
                if !services.is_empty() {
                    unplanned.push(Unplanned { services, error });
                }
            }
        }
    }
    (locks, unplanned)
}

/// Reads the lock at `path`, with what belongs to it.
pub(crate) fn read(workspace: &Workspace, path: &TreePath) -> Result<AnyLock, LockError> {
    let folder = folder(workspace, path);
    let text = |path: &str| {
        let path = folder.join(path).ok()?;
        workspace.locks.get(&path).or_else(|| workspace.texts.get(&path)).cloned()
    };
    let relative = path.relative_to(&folder).unwrap_or(path.as_str());
    AnyLock::read(relative, text).map_err(|error| {
        let file = folder.join(&error.file).map_or(error.file, |file| file.to_string());
        LockError { file, ..error }
    })
}

/// Returns the folder that the paths in a lock are seen from: that of the lock, but in files of
/// requirements that of their project, where an installer is started.
pub(crate) fn folder(workspace: &Workspace, lock: &TreePath) -> TreePath {
    let beside = lock.parent().unwrap_or_else(TreePath::root);
    let format = lock.file_name().and_then(LockFormat::of_file_name);
    let mut users = workspace.projects.values().filter(|it| it.lock.as_ref() == Some(lock));
    match format {
        None | Some(LockFormat::Requirements) => {
            users.next().map_or(beside, |project| project.path.clone())
        }
        _ => beside,
    }
}

/// Returns what stands for the lock of a project without one, whose manager has no locks.
pub(crate) fn without(project: &Project) -> Option<AnyLock> {
    match project.manager {
        Some(Manager::Uv | Manager::Poetry | Manager::Pdm | Manager::Pipenv) => None,
        _ => Some(AnyLock::Requirements(Requirements::default())),
    }
}
