//! The ignore file: what of the tree is sent to a build.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_plan::{BuildPlan, IndexChoice, Layer, Open, Origin, Requirement, StageKind};
use pymono_workspace::{Unsent, literal_pattern};

/// Returns the text of the ignore file beside the Dockerfile.
///
/// Everything is left behind but the folders of what is built. The lines that
/// take something back in are literal paths: with a wildcard in one, the client
/// would walk the whole tree.
pub(crate) fn ignore_file(plan: &BuildPlan, unsent: &Unsent) -> String {
    let sent = sent(plan);
    let mut lines = vec!["# Written by pymono. What is sent to a build: these folders,".to_owned()];
    if sent.iter().any(TreePath::is_root) {
        lines.push("# which are the whole repository,".to_owned());
        lines.extend([".pymono", "docker-bake.json"].map(str::to_owned));
    } else {
        lines.push("*".to_owned());
        lines.extend(sent.iter().map(|path| format!("!{path}")));
    }
    lines.push("# without what is nobody's source and what the repository ignores,".to_owned());
    lines.extend(unsent.patterns.iter().cloned());
    let kept = unsent.kept.iter().filter(|file| sent.iter().any(|path| file.is_in(path)));
    let kept: Vec<String> =
        kept.map(|file| format!("!{}", literal_pattern(file.as_str()))).collect();
    if !kept.is_empty() {
        lines.push("# but with what it tracks all the same.".to_owned());
        lines.extend(kept);
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Returns the paths that some stage or image reads.
fn sent(plan: &BuildPlan) -> BTreeSet<TreePath> {
    let mut sent = BTreeSet::new();
    for stage in plan.stages.iter().chain(&plan.tests.stages) {
        match &stage.kind {
            StageKind::Package(build) => {
                let crates = build.crates.iter().flat_map(|crates| &crates.sources);
                sent.extend(build.sources.iter().chain(crates).cloned());
            }
            StageKind::Files { files, .. } => {
                sent.extend(files.iter().map(|file| file.source.clone()));
            }
            StageKind::Included(included) => {
                sent.extend(included.all().map(|file| file.source.clone()));
            }
            StageKind::Steps(steps) => {
                sent.extend(steps.sources.iter().map(|file| file.source.clone()));
            }
            StageKind::Backend { index: IndexChoice::Folder(folder), .. } => {
                sent.insert(folder.clone());
            }
            StageKind::Open { open: Open { requirements, index, .. }, .. } => {
                sent.extend(requirements.iter().filter_map(|it| it.archive.clone()));
                if let IndexChoice::Folder(folder) = index {
                    sent.insert(folder.clone());
                }
            }
            StageKind::Dependencies(dependencies) => {
                if let (true, IndexChoice::Folder(folder)) =
                    (dependencies.from_source, &dependencies.index)
                {
                    sent.insert(folder.clone());
                }
                for Requirement { origin, files, .. } in &dependencies.requirements {
                    sent.extend(files.iter().cloned());
                    if let Origin::Archive(path) = origin {
                        sent.insert(path.clone());
                    }
                }
            }
            _ => {}
        }
    }
    let tests = plan.tests.services.values().flat_map(|test| &test.sources);
    sent.extend(tests.map(|file| file.source.clone()));
    for layer in plan.images.values().flat_map(|image| &image.layers) {
        if let Layer::File(file) = layer {
            sent.insert(file.source.clone());
        }
    }
    sent
}
