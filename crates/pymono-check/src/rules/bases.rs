//! Images that are named by a tag alone.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;

use crate::{Code, Facts, Finding};

const HINT: &str = "name it with its digest, as in `python:3.13-slim@sha256:…`";

/// The same for an image that pymono writes into a Dockerfile.
const LOCK: &str = "run `pymono lock` and commit `pymono.lock`";

/// Returns one finding for each image: most services of a repository stand on the same.
pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    let mut users = BTreeMap::<&str, BTreeSet<&TreePath>>::new();
    for (path, service) in &facts.fleet.services {
        for image in
            [&service.environment.base_image, &service.runtime_image, &facts.fleet.uv_image]
        {
            if !image.contains("@sha256:") {
                users.entry(image).or_default().insert(path);
            }
        }
    }
    for project in facts.workspace.projects.values() {
        let bases = project.images.iter().filter_map(|image| image.base.as_deref());
        for base in bases.filter(|base| !base.contains("@sha256:")) {
            users.entry(base).or_default().insert(&project.path);
        }
    }
    let finding = |(image, users): (&str, BTreeSet<&TreePath>)| {
        let message = format!(
            "`{image}`, on which {} stands, can be another image tomorrow",
            if users.len() == 1 {
                "one service".to_owned()
            } else {
                format!("each of {} services", users.len())
            },
        );
        let is_generated = users.iter().any(|path| facts.fleet.services.contains_key(*path));
        let path = if users.len() == 1 { users.first().copied().cloned() } else { None };
        Finding::new(
            Code::FloatingBase,
            &path.unwrap_or_else(TreePath::root),
            message,
            if is_generated { LOCK } else { HINT },
        )
    };
    users.into_iter().map(finding).collect()
}
