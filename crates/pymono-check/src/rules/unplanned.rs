//! Services that cannot be planned.

use pymono_lock::{ImageLock, LockFormat};
use pymono_names::TreePath;
use pymono_plan::{FleetError, Unplanned};

use crate::{Code, Facts, Finding};

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    facts.unplanned.iter().flat_map(findings).chain(mute(facts)).collect()
}

/// Returns a finding for each image of a hand-written Dockerfile that nothing tells how to start.
fn mute(facts: Facts<'_>) -> impl Iterator<Item = Finding> {
    let projects = facts.workspace.projects.values();
    let images = projects.flat_map(|project| &project.images);
    images.filter(|image| image.command.is_none() && !image.serves).map(|image| {
        let message = "nothing tells what its image starts".to_owned();
        let hint = "add a `CMD` or an `ENTRYPOINT`";
        Finding::new(Code::NoCommand, &image.build.dockerfile, message, hint)
    })
}

/// Returns a finding for each service, or one for the repository where none is concerned.
fn findings(Unplanned { services, error }: &Unplanned) -> Vec<Finding> {
    let about = |path: &TreePath| Finding {
        code: code(error),
        path: path.clone(),
        line: None,
        message: error.chain(),
        hint: error.hint(),
    };
    match services.as_slice() {
        [] => vec![about(&TreePath::root())],
        // What is wrong with the one lock of all is told once.
        _ if is_of_own_lock(error) => ImageLock::PATH.parse().iter().map(about).collect(),
        services => services.iter().map(about).collect(),
    }
}

fn is_of_own_lock(error: &FleetError) -> bool {
    match error {
        FleetError::Unlocked { .. } => true,
        FleetError::Lock(error) => error.format == LockFormat::Pymono,
        _ => false,
    }
}

fn code(error: &FleetError) -> Code {
    match error {
        FleetError::Lock { .. } => Code::BrokenLock,
        FleetError::NoLock { .. } => Code::NoLock,
        FleetError::Closure { .. }
        | FleetError::Missing { .. }
        | FleetError::Stale { .. }
        | FleetError::Unlocked { .. } => Code::StaleLock,
        FleetError::SharedReference { .. } => Code::SharedImage,
        FleetError::NoCommand { .. } => Code::NoCommand,
        _ => Code::Unplanned,
    }
}
