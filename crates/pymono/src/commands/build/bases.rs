//! What images stand on, which is built before them.

use std::collections::BTreeSet;

use pymono_buildx::Job;
use pymono_event::ServiceReport;
use pymono_names::ServiceName;
use pymono_plan::BuildPlan;

use super::{args::BuildArgs, memory::Memory, requests};
use crate::{load::Loaded, session::Session};

/// Set, it names the builder as `--builder` does.
const BUILDER: &str = "BUILDX_BUILDER";

/// Returns the builds of what the images of `jobs` stand on, but for what one image alone will find.
///
/// To find that everything is there takes a client 0.3 s, a fifth of what one edited service takes. Where it is not, since the
/// builder has dropped it or its image has moved, steps of that one image run once more the next time. Several images
/// wait for their bases whatever is known: each of them would run what they share.
pub(super) fn wanted(
    session: &Session,
    Loaded { plan, rendered, .. }: &Loaded,
    jobs: &[Job],
    memory: &Memory,
    args: &BuildArgs,
) -> Vec<Job> {
    let mut bases = requests::bases(plan, jobs, !rendered.pins.is_empty(), args);
    if !is_own(session, args) || args.buildx.pull {
        return bases;
    }
    let is_there = |base: &&Job| text(plan, base).is_some_and(|text| memory.has_base(&text));
    let there: BTreeSet<ServiceName> =
        bases.iter().filter(is_there).map(|base| base.service.clone()).collect();
    if jobs.len() == 1 {
        bases.retain(|base| !there.contains(&base.service));
    }
    // One that is there is not waited for: each that waits has a client of its own.
    for base in &mut bases {
        base.needs.retain(|need| !there.contains(need));
    }
    bases
}

/// Returns whether nobody says that another builder than the engine's own is used. Whether another one was made the default
/// (`docker buildx use`) takes a client to know, and the worst is what [`wanted`] says.
fn is_own(session: &Session, args: &BuildArgs) -> bool {
    args.buildx.builder.is_none() && session.env.iter().all(|(it, _)| it != BUILDER)
}

/// Remembers the bases that were built.
pub(super) fn remember(
    session: &Session,
    plan: &BuildPlan,
    (bases, reports): (&[Job], &[(ServiceName, ServiceReport)]),
    memory: &mut Memory,
    args: &BuildArgs,
) {
    if !is_own(session, args) {
        return;
    }
    let made = bases.iter().zip(reports).filter(|(_, (_, report))| report.outcome.is_made());
    memory.add_bases(session, made.filter_map(|(base, _)| text(plan, base)));
}

/// Returns what a base is.
fn text(plan: &BuildPlan, base: &Job) -> Option<String> {
    let target = base.request.target.as_deref()?;
    let stage = plan.stages.iter().find(|stage| stage.name.as_str() == target)?;
    let text = pymono_render::base(plan, &stage.name)?;
    Some(base.request.platforms.iter().fold(text, |text, it| format!("# {it}\n{text}")))
}
