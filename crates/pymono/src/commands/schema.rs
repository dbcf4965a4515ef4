//! `pymono schema`

use clap::{Args, ValueEnum};
use pymono_event::BuildEvent;
use pymono_lock::ImageLockFile;
use pymono_render::{Export, GraphJson};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use super::{
    affected::AffectedJson,
    check::Findings,
    list::Listing,
    matrix::{JobsJson, MatrixJson},
    plan::PlanJson,
    why::WhyJson,
};
use crate::{error::CommandError, session::Session};

/// Print the JSON Schema of the configuration or of a command's JSON
///
/// Editors that know JSON Schema complete and check `pymono.toml` with it; outputs
/// may get further keys later.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// What to describe
    #[arg(value_name = "WHAT")]
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// `pymono.toml`, and the tables that hold the same
    Config,
    /// `pymono.lock`
    Lock,
    /// `pymono list --json`
    List,
    /// `pymono graph --format json`
    Graph,
    /// `pymono export --format json`
    Export,
    /// `pymono plan --json`
    Plan,
    /// `pymono affected --json`
    Affected,
    /// `pymono matrix --format github`
    Matrix,
    /// `pymono matrix --format json`
    Jobs,
    /// `pymono why --json`
    Why,
    /// `pymono check --json`
    Check,
    /// A line of `pymono build --progress json`
    Build,
}

pub(crate) fn run(session: &mut Session, args: &SchemaArgs) -> Result<(), CommandError> {
    let schema = match args.what {
        What::Config => pymono_scan::config_schema(),
        What::Lock => of::<ImageLockFile>(),
        What::List => of::<Listing>(),
        What::Graph => of::<GraphJson<'static>>(),
        What::Export => of::<Export<'static>>(),
        What::Plan => of::<PlanJson<'static>>(),
        What::Affected => of::<AffectedJson<'static>>(),
        What::Matrix => of::<MatrixJson<'static>>(),
        What::Jobs => of::<JobsJson<'static>>(),
        What::Why => of::<WhyJson<'static>>(),
        What::Check => of::<Findings<'static>>(),
        What::Build => of::<BuildEvent>(),
    };
    Ok(session.shell.print(format!("{schema:#}\n"))?)
}

/// Returns the schema of the jobs of a matrix and the one before them.
#[cfg(test)]
pub(crate) fn jobs() -> Value {
    of::<JobsJson<'static>>()
}

/// Returns the schema (draft 2020-12) of what a type is written as.
fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
