//! How images stand on stages.

use std::collections::{BTreeMap, BTreeSet};

use pymono_plan::{BuildPlan, Image, Layer, Stage, StageKind, StageName};

use super::{Graph, Node, NodeKind};
use crate::words;

impl Graph {
    /// Returns the stages and images of a plan, each with what it is made of.
    ///
    /// A node is known by its name in the Dockerfile, which is unique there.
    pub fn of_stages(plan: &BuildPlan) -> Self {
        let mut nodes = BTreeMap::new();
        let mut edges = BTreeSet::new();
        for stage in &plan.stages {
            let name = stage.name.to_string();
            edges.extend(under(&stage.kind).into_iter().map(|to| (name.clone(), to.to_string())));
            nodes.insert(name.clone(), of_stage(name, stage));
        }
        for (service, image) in &plan.images {
            let name = service.to_string();
            edges.extend(parts(image).map(|to| (name.clone(), to.to_string())));
            let note = image.path.to_string();
            nodes.insert(name.clone(), Node { kind: NodeKind::Service, name, note });
        }
        for (target, image) in &plan.handwritten {
            let name = target.to_string();
            edges.extend(image.grounds().map(|ground| (name.clone(), ground.to_string())));
            let kind = if image.is_ground { NodeKind::Stage } else { NodeKind::Service };
            let stage = image.target.as_ref().map(|it| format!("#{it}")).unwrap_or_default();
            let note = format!("{}{stage}", image.dockerfile);
            nodes.insert(name.clone(), Node { kind, name, note });
        }
        Self::new(nodes, edges)
    }
}

fn of_stage(name: String, stage: &Stage) -> Node {
    let users = words::count(stage.users.len(), "service");
    let (kind, what) = match &stage.kind {
        StageKind::Dependencies(dependencies) => {
            (NodeKind::Stage, words::count(dependencies.requirements.len(), "distribution") + ", ")
        }
        StageKind::Open { open, .. } => {
            (NodeKind::Stage, words::count(open.requirements.len(), "open requirement") + ", ")
        }
        StageKind::Package(build) => (NodeKind::Library, format!("{}, ", build.path)),
        StageKind::Uv { image } | StageKind::Runtime { below: None, image, .. } => {
            (NodeKind::Stage, format!("{image}, "))
        }
        StageKind::Base { environment, .. } => {
            (NodeKind::Stage, format!("{}, ", environment.base_image))
        }
        _ => (NodeKind::Stage, String::new()),
    };
    Node { kind, name, note: format!("{what}for {users}") }
}

/// Returns the stages that a stage stands on or takes something from.
fn under(kind: &StageKind) -> Vec<&StageName> {
    match kind {
        StageKind::Uv { .. } | StageKind::Included(_) => Vec::new(),
        StageKind::Runtime { below, .. } => below.iter().collect(),
        StageKind::Base { uv: base, .. }
        | StageKind::Toolchain { base, .. }
        | StageKind::Backend { base, .. }
        | StageKind::Open { base, .. }
        | StageKind::Files { base, .. } => vec![base],
        StageKind::Dependencies(dependencies) => vec![&dependencies.base],
        StageKind::Crates(crates) => vec![&crates.base],
        StageKind::Package(build) => {
            let crates = build.crates.iter().map(|crates| &crates.fetched);
            [&build.base].into_iter().chain(&build.backend).chain(crates).collect()
        }
        StageKind::Steps(steps) => {
            let backend = steps.reinstall.iter().filter_map(|it| it.backend.as_ref());
            let layers = steps.layers.iter().filter_map(Layer::stage);
            [&steps.base].into_iter().chain(backend).chain(layers).collect()
        }
    }
}

fn parts(image: &Image) -> impl Iterator<Item = &StageName> {
    [&image.runtime].into_iter().chain(image.layers.iter().filter_map(Layer::stage))
}
