//! pymono beside what people do without it, measured.

mod bytes;
mod copies;
mod counter;
mod expert;
mod fleets;
mod guide;
mod listing;
mod locks;
mod machine;
mod peer;
mod report;
mod reuse;
mod run;
mod run_steps;
mod scan;
mod scenario;
mod shop;
mod spent_report;
mod verify;
mod vertices;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

/// Measure pymono beside other ways of building
///
/// Wants a machine with nothing else to do. A second of one machine is not one
/// of another, so only ratios of one run are claims.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Shop(shop::ShopArgs),
    Fleets(fleets::FleetsArgs),
    Locks(locks::LocksArgs),
    Reuse(reuse::ReuseArgs),
    Scan(scan::ScanArgs),
    Affected(scan::AffectedArgs),
    #[command(hide = true)]
    ScanWalk(scan::WalkArgs),
}

pub(crate) fn run(args: &BenchArgs) -> Result<ExitCode> {
    match &args.command {
        BenchCommand::Shop(args) => shop::run(args),
        BenchCommand::Fleets(args) => fleets::run(args),
        BenchCommand::Locks(args) => locks::run(args),
        BenchCommand::Reuse(args) => reuse::run(args),
        BenchCommand::Scan(args) => scan::run(args),
        BenchCommand::Affected(args) => scan::affected(args),
        BenchCommand::ScanWalk(args) => scan::walk(args),
    }
}
