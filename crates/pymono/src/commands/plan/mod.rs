//! `pymono plan`

mod json;
mod measured;
mod text;

use clap::Args;

pub(crate) use json::PlanJson;

use crate::{
    error::CommandError,
    load::{Overrides, load},
    session::Session,
};

/// Show the stages, who shares each, and what that saves
///
/// Nothing is built. Bytes are estimated from the sizes of artifacts that the
/// locks tell, for third-party distributions only. After a build, `--measured`
/// shows what the images really take up.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Look at the images that were built, too: what they take up unpacked, and what the estimate missed
    #[arg(long)]
    measured: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(session: &mut Session, args: &PlanArgs) -> Result<(), CommandError> {
    let loaded = load(session, &Overrides::default())?;
    for unplanned in &loaded.unplanned {
        session.shell.warn(unplanned.error.chain())?;
    }
    let estimate = loaded.plan.estimate();
    let measured =
        args.measured.then(|| measured::measure(session, &loaded, &estimate)).transpose()?;
    let text = if args.json {
        json::json(&loaded.plan, &estimate, measured.as_ref())
    } else {
        text::text(&loaded.plan, &estimate, measured.as_ref())
    };
    Ok(session.shell.print(text)?)
}
