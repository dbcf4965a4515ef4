//! `pymono plan`

mod json;
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
/// locks tell, for third-party distributions only.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
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
    let text = if args.json {
        json::json(&loaded.plan, &estimate)
    } else {
        text::text(&loaded.plan, &estimate)
    };
    Ok(session.shell.print(text)?)
}
