//! `pymono export`

use clap::{Args, ValueEnum};
use pymono_names::{Platform, PythonVersion, Target};
use pymono_plan::{check_fresh, close, environment};
use pymono_render::{ExportFormat, export};

use crate::{
    error::CommandError,
    load::{LockArgs, find_project, scan},
    session::Session,
};

/// Print the pins of one service for one target
///
/// They are what its image gets installed: third-party distributions in
/// canonical order, with the hashes of what fits the target.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The service, or any other project, by name or path
    #[arg(value_name = "SERVICE")]
    project: String,
    /// Evaluate for this Python in place of the project's
    #[arg(long, value_name = "VERSION")]
    python: Option<PythonVersion>,
    /// Evaluate for this platform
    #[arg(long, value_name = "PLATFORM", default_value_t = Platform::Amd64)]
    platform: Platform,
    /// Add an extra of the project (can be repeated)
    #[arg(long = "extra", value_name = "NAME", value_parser = name)]
    extras: Vec<pep508_rs::ExtraName>,
    /// Add a dependency group of the project (can be repeated)
    #[arg(long = "group", value_name = "NAME", value_parser = name)]
    groups: Vec<pep508_rs::ExtraName>,
    /// The form of the pins
    #[arg(long, value_name = "FORMAT", default_value = "requirements")]
    format: Format,
    #[command(flatten)]
    locks: LockArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A requirements file with hashes
    Requirements,
    /// A `pylock.toml` (PEP 751)
    Pylock,
    /// JSON
    Json,
}

fn name(text: &str) -> Result<pep508_rs::ExtraName, String> {
    text.parse().map_err(|error: pep508_rs::InvalidNameError| error.to_string())
}

pub(crate) fn run(session: &mut Session, args: &ExportArgs) -> Result<(), CommandError> {
    let workspace = scan(session)?;
    let project = find_project(&workspace, &session.folder, &args.project)?;
    let target = Target {
        python: args.python.unwrap_or(project.python),
        platform: args.platform,
        libc: environment(project).libc,
    };
    let settings = &project.settings;
    let extras = settings.extras.iter().chain(&args.extras).cloned().collect();
    let groups = settings.groups.iter().chain(&args.groups).cloned().collect();
    if let Some(lock) = &project.lock {
        check_fresh(&workspace, lock, args.locks.stale())?;
    }
    let closure = close(&workspace, project, extras, groups, &target)?;
    let format = match args.format {
        Format::Requirements => ExportFormat::Requirements,
        Format::Pylock => ExportFormat::Pylock,
        Format::Json => ExportFormat::Json,
    };
    Ok(session.shell.print(export(&closure, target, format)?)?)
}
