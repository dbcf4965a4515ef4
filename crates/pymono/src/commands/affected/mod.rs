//! `pymono affected`

mod json;
mod paths;
mod text;

use clap::Args;
use pymono_names::TreePath;
use pymono_report::Summary;

use crate::{
    changes::{BaseArgs, Changes},
    error::CommandError,
    reckon::Extent,
    session::Session,
    summary::{self, SummaryArgs},
};

pub(super) use json::AffectedJson;
use paths::PathsArgs;
pub(super) use text::short;
pub(crate) use text::{base_name, reason};

/// List the services whose inputs differ from a base, and why
///
/// A service is affected if and only if its fingerprint differs: the files that
/// its image is made of, the pins that it needs, its settings, its Python and
/// its base images. Each reason is a piece that differs, and how the service
/// comes to have it.
#[derive(Debug, Args)]
pub(crate) struct AffectedArgs {
    #[command(flatten)]
    base: BaseArgs,
    #[command(flatten)]
    paths: PathsArgs,
    #[command(flatten)]
    summary: SummaryArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(session: &mut Session, args: &AffectedArgs) -> Result<(), CommandError> {
    if args.paths.are_given() {
        let head = args.base.head(session)?;
        let changes = args.paths.changes(session, &head)?;
        let output = if args.json { json::json(&changes) } else { text::of_paths(&changes) };
        return Ok(session.shell.print(output)?);
    }
    let base = args.base.base.as_deref().ok_or_else(CommandError::no_base)?;
    let changes = args.base.changes(session, base, Extent::Differing)?;
    let affected = Some(summary::affected(&changes, |_| true));
    args.summary.write(session, &Summary { affected, built: None })?;
    let output = if args.json { json::json(&changes) } else { text::text(&changes) };
    // Of big trees these are many small pieces, and nobody needs their memory before the process ends.
    std::mem::forget(changes);
    Ok(session.shell.print(output)?)
}

impl Changes {
    /// Returns the name of a service's project.
    pub(super) fn name(&self, path: &TreePath) -> String {
        let project = self.head.scan.workspace.projects.get(path);
        project.map_or_else(|| path.to_string(), |project| project.name.to_string())
    }
}
