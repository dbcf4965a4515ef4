//! `pymono bake`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use pymono_report::plural;

use crate::{
    error::CommandError,
    files::{Changes, rendered_files},
    load::{LockArgs, Overrides, load},
    session::Session,
};

/// The folder that everything generated but the bake file lies in.
const FOLDER: &str = ".pymono";

/// The file that `docker buildx bake` finds by itself.
const BAKE_FILE: &str = "docker-bake.json";

/// Write `docker-bake.json` and the Dockerfile behind it
///
/// Plain `docker buildx bake` then builds the same images without pymono.
/// Nothing is written outside of `.pymono/` and the bake file.
#[derive(Debug, Args)]
pub(crate) struct BakeArgs {
    /// Write nothing; fail if a file is not as it would be written
    #[arg(long, conflicts_with = "print")]
    check: bool,
    /// Write nothing; print the bake file
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    locks: LockArgs,
}

pub(crate) fn run(session: &mut Session, args: &BakeArgs) -> Result<(), CommandError> {
    let mut loaded =
        load(session, &Overrides { locks: args.locks.clone(), ..Overrides::default() })?;
    // A bake file that lacks a service would be taken for all there is.
    loaded.whole()?;
    let bake_file = pymono_render::bake_file(&loaded.plan, &loaded.rendered, FOLDER);
    if args.print {
        return Ok(session.shell.print(bake_file)?);
    }
    let folder = Utf8Path::new(FOLDER);
    let mut files = rendered_files(&loaded.rendered, folder);
    files.insert(Utf8PathBuf::from(BAKE_FILE), bake_file);
    let changes = Changes::between(&session.root, files, &[folder.join("pins")])?;

    if args.check && !changes.is_empty() {
        return Err(CommandError::stale(changes.written().chain(changes.removed())));
    }
    changes.apply()?;
    for path in changes.written() {
        session.shell.status("Wrote", path)?;
    }
    for path in changes.removed() {
        session.shell.status("Removed", path)?;
    }
    let targets = plural(loaded.plan.images.len() + loaded.plan.handwritten.len(), "target");
    session.shell.status("Fresh", format_args!("{BAKE_FILE}, {targets}"))?;
    Ok(())
}
