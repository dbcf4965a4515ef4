//! `pymono matrix`

mod formats;

use std::{collections::BTreeSet, num::NonZeroUsize};

use clap::{Args, ValueEnum};
use pymono_names::TreePath;
use pymono_report::Summary;

use crate::{
    changes::BaseArgs,
    error::CommandError,
    load::warn_all,
    reckon::{Extent, Reckoned},
    session::Session,
    summary::{self, SummaryArgs},
};

pub(super) use formats::{JobsJson, MatrixJson};

/// Print the jobs in which CI builds the affected services
///
/// Without `--shards` each service is a job. With it, services that share stages
/// are kept together, jobs take about the same time by an estimate from nothing
/// cached, and there are fewer where more would hardly shorten the longest.
#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    #[command(flatten)]
    base: BaseArgs,
    #[command(flatten)]
    summary: SummaryArgs,
    /// All services, whether or not they are affected
    #[arg(long, conflicts_with_all = ["base", "summary"])]
    all: bool,
    /// At most N jobs
    #[arg(long, value_name = "N")]
    shards: Option<NonZeroUsize>,
    /// For which CI service
    #[arg(long, value_name = "FORMAT", default_value = "github")]
    format: Format,
    /// The file of the repository that has the hidden jobs `.pymono-build` and `.pymono-first`, which GitLab's jobs extend
    #[arg(long, value_name = "FILE", default_value = ".gitlab/pymono-build.yml")]
    template: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// What `fromJSON` takes as the matrix of a job
    Github,
    /// The same matrix, and a first job that builds what several jobs share where that pays
    Json,
    /// A child pipeline, with a first job where that pays
    Gitlab,
}

pub(crate) fn run(session: &mut Session, args: &MatrixArgs) -> Result<(), CommandError> {
    let (head, wanted) = wanted(session, args)?;
    // A job that is left out would be taken for one that went well.
    let blocked = |paths: &[TreePath]| paths.iter().any(|path| wanted.contains(path));
    if head.unplanned.iter().any(|unplanned| blocked(&unplanned.services)) {
        return Err(CommandError::unplanned());
    }
    let plan = pymono_plan::plan(&head.fleet);
    let shards = plan.shards(&wanted, most(session, args, wanted.len())?);
    let first = plan.first_job(&shards);
    let text = match args.format {
        Format::Github => formats::github(&shards),
        Format::Json => formats::jobs(first.as_ref(), &shards),
        Format::Gitlab => formats::gitlab(first.as_ref(), &shards, &args.template),
    };
    Ok(session.shell.print(text)?)
}

/// GitHub makes no more jobs of one matrix
/// (<https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations>).
const MOST_OF_GITHUB: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Returns how many jobs there may be; what GitHub would refuse is said.
fn most(
    session: &mut Session,
    args: &MatrixArgs,
    services: usize,
) -> Result<Option<NonZeroUsize>, CommandError> {
    let asked = args.shards.map_or(services, NonZeroUsize::get).min(services);
    if matches!(args.format, Format::Gitlab) || asked <= MOST_OF_GITHUB.get() {
        return Ok(args.shards);
    }
    let said =
        format!("GitHub makes at most {MOST_OF_GITHUB} jobs of one matrix: services share them");
    session.shell.warn(said)?;
    Ok(Some(MOST_OF_GITHUB))
}

/// Returns the tree, and the services of it that are asked for.
fn wanted(
    session: &mut Session,
    args: &MatrixArgs,
) -> Result<(Reckoned, BTreeSet<TreePath>), CommandError> {
    if args.all {
        let head = Reckoned::of(&args.base.head(session)?)?;
        warn_all(session, &head)?;
        let all = head.inputs.keys().cloned().collect();
        return Ok((head, all));
    }
    let base = args.base.base.as_deref().ok_or_else(CommandError::no_base)?;
    let changes = args.base.changes(session, base, Extent::Differing)?;
    let affected = Some(summary::affected(&changes, |_| true));
    args.summary.write(session, &Summary { affected, built: None })?;
    Ok((changes.head, changes.comparison.services.into_keys().collect()))
}
