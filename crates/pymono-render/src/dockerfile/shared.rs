//! A stage that needs others and gives nothing, so that one build makes them all.

use pymono_plan::{BuildPlan, Stage, StageKind, StageName};

use super::stage::StageText;
use crate::instruction::Run;

/// The name of the stage that [`shared`] writes: no service and no other stage has a dot in its name.
pub const SHARED: &str = "shared.stages";

/// Returns the text of a stage, to be put behind a Dockerfile of `plan`, for which `stages` are made.
pub fn shared(plan: &BuildPlan, stages: &[StageName]) -> String {
    let wanted = plan.stages.iter().filter(|stage| stages.contains(&stage.name));
    // It stands on one that has a shell, if there is one; files alone have none.
    let has_shell =
        |stage: &&Stage| !matches!(stage.kind, StageKind::Uv { .. } | StageKind::Included(_));
    let ground = wanted.clone().find(has_shell).or_else(|| wanted.clone().next());
    let Some(ground) = ground else { return String::new() };
    let others = wanted.filter(|stage| stage.name != ground.name);
    let mount = |stage: &Stage| format!("type=bind,from={0},target=/shared/{0}", stage.name);
    let run = others.map(mount).fold(Run::new("true"), Run::mount);
    format!(
        "\n# == What several jobs share: one build makes it ==\n\nFROM {} AS {SHARED}\n{run}",
        ground.name
    )
}

/// Returns the text of a stage on which things are installed and built, behind the text of those that it is made of; nothing
/// for a stage that is none.
pub fn base(plan: &BuildPlan, name: &StageName) -> Option<String> {
    let stage = plan.stage(name)?;
    let below = match &stage.kind {
        StageKind::Uv { .. } | StageKind::Runtime { below: None, .. } => String::new(),
        StageKind::Base { uv: below, .. }
        | StageKind::Toolchain { base: below, .. }
        | StageKind::Runtime { below: Some(below), .. } => base(plan, below)?,
        _ => return None,
    };
    Some(format!("{below}{}", StageText { plan, stage }))
}
