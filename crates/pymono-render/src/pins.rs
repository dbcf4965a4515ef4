//! The requirement files that stages install from.

use std::collections::BTreeMap;

use pymono_names::Platform;
use pymono_plan::{BuildPlan, Origin, Requirement, StageKind, StageName};

/// Where the sources of the tree are mounted in a build.
pub(crate) const SOURCES: &str = "/src";

/// Returns the name of a stage's requirement file.
pub(crate) fn file_name(stage: &StageName) -> String {
    format!("{stage}.txt")
}

/// Returns the requirement file of every stage that installs from one, by file name.
pub(crate) fn pins(plan: &BuildPlan) -> BTreeMap<String, String> {
    let texts = plan.stages.iter().filter_map(|stage| {
        let text = match &stage.kind {
            StageKind::Dependencies(dependencies) => {
                dependencies.requirements.iter().map(requirement).collect()
            }
            StageKind::Backend { requires, .. } => {
                requires.iter().map(|line| format!("{line}\n")).collect()
            }
            _ => return None,
        };
        Some((file_name(&stage.name), text))
    });
    texts.collect()
}

/// Returns the lines that pin one distribution.
fn requirement(requirement: &Requirement) -> String {
    let Requirement { name, version, origin, only, from_source: _, hashes, size: _ } = requirement;
    let mut text = match (origin, version) {
        (Origin::Index(_), Some(version)) => format!("{name}=={version}"),
        (Origin::Index(_), None) => name.to_string(),
        (Origin::Url { url, subdirectory }, _) => {
            format!("{name} @ {url}{}", fragment(subdirectory.as_deref()))
        }
        (Origin::Archive(path), _) => format!("{name} @ file://{SOURCES}/{path}"),
        (Origin::Git { url, commit, subdirectory }, _) => {
            format!("{name} @ git+{url}@{commit}{}", fragment(subdirectory.as_deref()))
        }
    };
    if !only.is_empty() {
        let machines = only.iter().copied().map(Platform::machine);
        let markers = machines.map(|machine| format!("platform_machine == '{machine}'"));
        // A requirement by URL ends at a space, so the space before `;` belongs to the syntax.
        text += &format!(" ; {}", markers.collect::<Vec<_>>().join(" or "));
    }
    for hash in hashes {
        text += &format!(" \\\n    --hash={hash}");
    }
    text.push('\n');
    text
}

fn fragment(subdirectory: Option<&str>) -> String {
    subdirectory.map(|folder| format!("#subdirectory={folder}")).unwrap_or_default()
}
