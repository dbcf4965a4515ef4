//! What images stand on, which is built before them.

use pymono_buildx::Job;
use pymono_event::ServiceReport;
use pymono_names::ServiceName;
use pymono_plan::BuildPlan;

use super::{args::BuildArgs, memory::Memory, requests};
use crate::session::Session;

/// Set, it names the builder as `--builder` does.
const BUILDER: &str = "BUILDX_BUILDER";

/// Returns the builds of what the images of `jobs` stand on, but for what is certainly there.
///
/// To find that everything is there takes a client 0.3 s, a fifth of what one edited service takes. Several
/// images that are built at once wait for it all the same: a base may be another one under the same name, and then each of
/// them would run what they share.
pub(super) fn wanted(
    session: &Session,
    plan: &BuildPlan,
    jobs: &[Job],
    memory: &Memory,
    args: &BuildArgs,
) -> Vec<Job> {
    let mut bases = requests::bases(plan, jobs, args);
    // The engine does not tell what happens in other builders.
    let is_own = args.buildx.builder.is_none() && session.env.iter().all(|(it, _)| it != BUILDER);
    if jobs.len() == 1 && is_own && !args.buildx.pull {
        bases.retain(|base| text(plan, base).is_none_or(|text| !memory.has_base(&text)));
    }
    bases
}

/// Remembers the bases that were built.
pub(super) fn remember(
    session: &Session,
    plan: &BuildPlan,
    bases: &[Job],
    reports: &[(ServiceName, ServiceReport)],
    memory: &mut Memory,
) {
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
