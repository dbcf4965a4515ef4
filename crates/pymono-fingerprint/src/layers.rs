//! Which layers of an image are made anew.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::{ServiceName, TreePath};
use pymono_plan::{BuildPlan, IndexChoice, Layer, Open, Stage, StageKind};
use pymono_workspace::Contents;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Fingerprint, sent};

/// One layer of an image, or the image that it stands on.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct LayerChange {
    /// The stage that makes it, or the path that is copied.
    pub name: String,
    /// Whether it is made anew.
    pub rebuilt: bool,
}

/// A plan, and what the files hold that it is made for.
#[derive(Clone, Copy, Debug)]
pub struct Laid<'a> {
    /// The plan.
    pub plan: &'a BuildPlan,
    /// The files.
    pub contents: &'a Contents,
}

/// Returns the layers of an image, from the ground up, and which of them no image of `base` has.
///
/// Nothing if there is no image of that name. A builder that has been cleaned makes all of them anew.
pub fn layers(base: Laid<'_>, head: Laid<'_>, image: &ServiceName) -> Vec<LayerChange> {
    let before: BTreeSet<String> = base.identities().into_values().collect();
    let known: BTreeSet<String> = base
        .plan
        .images
        .values()
        .flat_map(|image| files(&image.layers))
        .map(|it| base.file(it))
        .collect();
    let after = head.identities();
    let Some(image) = head.plan.images.get(image) else { return Vec::new() };
    let stage = |name: &str| LayerChange {
        name: name.to_owned(),
        rebuilt: after.get(name).is_none_or(|identity| !before.contains(identity)),
    };
    let ground = head.plan.runtimes(image).into_iter().map(|runtime| stage(runtime.as_str()));
    let above = image.layers.iter().map(|layer| match layer {
        Layer::Environment(name) | Layer::Files(name) | Layer::All(name) | Layer::Made(name) => {
            stage(name.as_str())
        }
        Layer::File(file) => LayerChange {
            name: file.source.to_string(),
            rebuilt: !known.contains(&head.file(&file.source)),
        },
    });
    ground.chain(above).collect()
}

fn files(layers: &[Layer]) -> impl Iterator<Item = &TreePath> {
    layers.iter().filter_map(|layer| match layer {
        Layer::File(file) => Some(&file.source),
        _ => None,
    })
}

impl Laid<'_> {
    /// Returns what each stage is, whatever it is called.
    fn identities(self) -> BTreeMap<String, String> {
        let mut known = BTreeMap::<String, String>::new();
        for Stage { name, kind, users: _ } in &self.plan.stages {
            // Names depend on who else is there, and a stage stands after all that it stands on.
            let text = renamed(&format!("{kind:?}"), &known);
            let held: String = paths(kind).iter().map(|path| self.file(path)).collect();
            let identity = Fingerprint::of(&(text + &held)).to_string();
            known.insert(name.to_string(), identity);
        }
        known
    }

    /// Returns a path with all that is in it.
    fn file(self, path: &TreePath) -> String {
        let held = self.contents.of(std::slice::from_ref(path));
        held.map(|(file, content)| format!("{file} {content}\n")).collect()
    }
}

/// Replaces the name of each stage in a description by what that stage is.
fn renamed(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut parts = text.split("StageName(\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (name, rest) = part.split_once("\")").unwrap_or((part, ""));
        text + known.get(name).map_or(name, String::as_str) + rest
    })
}

/// Returns the paths of the tree that a stage reads.
fn paths(kind: &StageKind) -> Vec<TreePath> {
    let folder = |index: &IndexChoice| match index {
        IndexChoice::Folder(folder) => Some(folder.clone()),
        _ => None,
    };
    match kind {
        StageKind::Package(build) => {
            let crates = build.crates.iter().flat_map(|crates| &crates.sources);
            build.sources.iter().chain(crates).cloned().collect()
        }
        StageKind::Files { files, .. } => files.iter().map(|it| it.source.clone()).collect(),
        StageKind::Included(included) => included.all().map(|it| it.source.clone()).collect(),
        StageKind::Steps(steps) => {
            let copied = files(&steps.layers).cloned();
            copied.chain(steps.sources.iter().map(|it| it.source.clone())).collect()
        }
        StageKind::Backend { index, .. } => folder(index).into_iter().collect(),
        StageKind::Open { open: Open { requirements, index, .. }, .. } => {
            requirements.iter().filter_map(|it| it.archive.clone()).chain(folder(index)).collect()
        }
        StageKind::Dependencies(dependencies) => {
            dependencies.requirements.iter().flat_map(sent::of_requirement).cloned().collect()
        }
        StageKind::Uv { .. }
        | StageKind::Base { .. }
        | StageKind::Toolchain { .. }
        | StageKind::Crates(_)
        | StageKind::Runtime { .. } => Vec::new(),
    }
}
