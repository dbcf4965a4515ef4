//! The Dockerfile of all images.

mod crates;
mod image;
mod install;
mod recording;
mod settle;
mod shared;
mod stage;
mod steps;
mod system;
mod test;

use pymono_plan::{BuildPlan, Stage, StageKind};

use image::ImageText;
pub(crate) use install::Install;
pub(crate) use recording::{RECORDER_NAME, RECORDER_TEXT, recordings};
pub use settle::EPOCH;
pub(crate) use settle::{SCRIPT as SETTLE, SCRIPT_NAME as SETTLE_NAME};
pub use shared::{SHARED, base, shared};
use stage::StageText;
pub(crate) use stage::uv_cache;
pub(crate) use steps::{RUNNER, RUNNER_NAME, commands, commands_name};
pub(crate) use system::{SNAPSHOT, SNAPSHOT_NAME};
use test::TestText;

/// Where everything lies in an image.
const HOME: &str = "/app";

/// Where a stage gathers the files that are copied to [`HOME`].
const FILES: &str = "/files";

/// The virtual environment of every image; it is made where it stays.
const VENV: &str = "/app/.venv";

/// How requirements are resolved for all platforms, with hashes: markers tell which platform has which.
pub(crate) const COMPILE: &str =
    "uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet";

/// Returns the text of the Dockerfile.
pub(crate) fn dockerfile(plan: &BuildPlan) -> String {
    let mut text = String::from(HEAD) + &stages(plan, &plan.stages);
    text.push_str("\n# == Images: one target per service ==\n");
    for (service, image) in &plan.images {
        text += &format!("\n{}", ImageText { service, image });
    }
    if !plan.tests.services.is_empty() {
        text.push_str("\n# == Tests of images: no image stands on what follows ==\n");
        text += &stages(plan, &plan.tests.stages);
        for (service, test) in &plan.tests.services {
            text += &format!("\n{}", TestText { service, test });
        }
    }
    text
}

/// Returns stages under headings.
fn stages(plan: &BuildPlan, stages: &[Stage]) -> String {
    let (mut text, mut section) = (String::new(), "");
    for stage in stages {
        let next = heading(&stage.kind);
        if next != section {
            text += &format!("\n# {next}\n");
            section = next;
        }
        text += &format!("\n{}", StageText { plan, stage });
    }
    text
}

// A warning would carry the whole file to the client; the file is clean without the directive too.
const HEAD: &str = "\
# check=skip=all

# Written by pymono from the projects, their locks and the configuration.
# Do not edit: `pymono bake` writes it anew.
";

fn heading(kind: &StageKind) -> &'static str {
    match kind {
        StageKind::Uv { .. } | StageKind::Base { .. } | StageKind::Toolchain { .. } => {
            "== Bases: where things are installed and built =="
        }
        StageKind::Backend { .. } => "== Build backends, installed once ==",
        StageKind::Dependencies(_) | StageKind::Open { .. } => {
            "== Third-party distributions, by the services that get them together =="
        }
        StageKind::Crates(_) => "== Rust crates, fetched for what is compiled without network ==",
        StageKind::Package(_) => "== Local packages ==",
        StageKind::Files { .. } | StageKind::Included(_) => {
            "== Files of services that are not installed =="
        }
        StageKind::Steps(_) => "== Build steps of services ==",
        StageKind::Runtime { .. } => "== Runtimes: what services run on ==",
    }
}
