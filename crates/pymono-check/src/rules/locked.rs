//! What `pymono.lock` has and nothing needs.

use pymono_lock::ImageLock;
use pymono_names::TreePath;
use pymono_plan::unneeded;

use crate::{Code, Facts, Finding};

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    // What services need that cannot be planned is not known.
    let lock = facts.fleet.lock.as_ref().filter(|_| facts.unplanned.is_empty());
    let idle = lock.map(|lock| unneeded(facts.fleet, lock)).unwrap_or_default();
    let path = ImageLock::PATH.parse().unwrap_or_else(|_| TreePath::root());
    let finding = |what: String| {
        let message = format!("it has {what}, which nothing needs");
        Finding::new(Code::StaleLock, &path, message, "run `pymono lock`")
    };
    idle.into_iter().map(finding).collect()
}
