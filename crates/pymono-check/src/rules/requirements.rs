//! Requirements that no lock pins.

use pymono_names::TreePath;
use pymono_plan::{OpenRequirement, Service};

use crate::{Code, Facts, Finding};

const HINT: &str = "lock it, such as with `uv pip compile --generate-hashes`, or set `require-locked = true` to refuse it";

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    let services = facts.fleet.services.iter();
    services.flat_map(|(path, service)| about(path, service)).collect()
}

fn about(path: &TreePath, service: &Service) -> Vec<Finding> {
    service.unpinned().map(|requirement| finding(path, requirement)).collect()
}

/// Returns the finding at the requirement's own place, or at the service's where that is no file's line.
fn finding(service: &TreePath, requirement: &OpenRequirement) -> Finding {
    let OpenRequirement { text, place, .. } = requirement;
    let (file, line) = place.rsplit_once(':').unwrap_or((place, ""));
    let line: Option<usize> = line.parse().ok();
    let file = line.and_then(|_| file.parse().ok());
    Finding {
        code: Code::UnlockedRequirement,
        path: file.unwrap_or_else(|| service.clone()),
        line,
        message: format!("nothing pins `{text}`, so the image of `{service}` cannot be made again"),
        hint: Some(HINT.to_owned()),
    }
}
