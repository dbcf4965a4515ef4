//! Whether images are within their budgets, now that they are there.

use std::cell::OnceCell;

use pymono_buildx::{Docker, Export, Job};
use pymono_check::excesses;
use pymono_event::ServiceReport;
use pymono_names::ServiceName;
use pymono_plan::{BuildPlan, plan};
use pymono_workspace::Budget;

use super::reuse::image_of;
use crate::{changes::Changes, error::CommandError, load::Loaded, session::Session};

/// Looks at the images of some services that are there, and says which are over their budgets.
///
/// `changes` has what they are compared with, where something is. Where images are `loaded`, the engine
/// tells how big they are unpacked; else the registry tells what it keeps of them, which is less.
pub(super) fn check<'a>(
    session: &mut Session,
    docker: &Docker,
    loaded: &Loaded,
    reports: impl Iterator<Item = (&'a ServiceName, &'a ServiceReport)>,
    changes: Option<&Changes>,
    is_loaded: bool,
) -> Result<(), CommandError> {
    let planned = OnceCell::<BuildPlan>::new();
    let mut over = 0;
    for (service, report) in reports {
        let budget = of(loaded, service);
        let Some(image) = report.digest.as_ref().filter(|_| budget != Budget::default()) else {
            continue;
        };
        let layers = if is_loaded {
            let layers = docker.layers(image, &session.interrupt)?;
            layers.map(|layers| layers.iter().map(|layer| layer.bytes).collect())
        } else {
            of_registry(session, docker, &format!("{}@{image}", image_of(report)))
        };
        let Some(layers) = layers else {
            let who = if is_loaded { "engine" } else { "registry" };
            let message = format!("the {who} does not tell how big the layers of `{service}` are");
            session.shell.warn(message)?;
            continue;
        };
        let size = layers.iter().copied().fold(0, u64::saturating_add);
        let before = changes.and_then(|changes| changes.before.as_ref()).map(|before| {
            let before = planned.get_or_init(|| plan(&before.fleet));
            before.content(service).unwrap_or_default()
        });
        let content = loaded.plan.content(service).unwrap_or_default();
        let place = if is_loaded { "" } else { " in the registry, compressed," };
        for excess in excesses(budget, size, layers.len(), &content, before.as_ref()) {
            let message = format!("the image of `{service}`{place} has {excess}");
            session.shell.error(&Message(message), None)?;
            over += 1;
        }
    }
    if over > 0 { Err(CommandError::over_budget()) } else { Ok(()) }
}

/// Returns the bytes of the layers of the platform that has most.
fn of_registry(session: &Session, docker: &Docker, reference: &str) -> Option<Vec<u64>> {
    let platforms = docker.published_layers(reference, &session.interrupt)?;
    platforms.into_iter().max_by_key(|layers| (layers.iter().sum::<u64>(), layers.len()))
}

/// Says that images are not looked at, where some of those have budgets that are neither loaded nor pushed.
pub(super) fn warn_unseen(
    session: &mut Session,
    loaded: &Loaded,
    jobs: &[Job],
) -> Result<(), CommandError> {
    let is_unseen = |job: &&Job| {
        let is_seen = |export: &Export| matches!(export, Export::Load | Export::Push);
        !job.request.exports.iter().any(is_seen) && of(loaded, &job.service) != Budget::default()
    };
    let Some(job) = jobs.iter().find(is_unseen) else { return Ok(()) };
    let message = format!(
        "budgets are not checked, as of `{}`: an image that is neither loaded nor pushed cannot be looked at; add `--load`",
        job.service
    );
    Ok(session.shell.warn(message)?)
}

fn of(loaded: &Loaded, service: &ServiceName) -> Budget {
    let generated = loaded.plan.images.get(service).map(|image| &image.path);
    let by_hand = loaded.plan.handwritten.get(service).filter(|image| !image.is_ground);
    let path = generated.or_else(|| by_hand.map(|image| &image.path));
    let project = path.and_then(|path| loaded.workspace.projects.get(path));
    project.map(|project| project.settings.budget).unwrap_or_default()
}

/// An error that is all in its words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Message(String);
