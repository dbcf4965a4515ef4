//! Closures of all services of a big workspace, beside `uv export`.

mod workspace;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use camino::Utf8Path;
use clap::{Args, value_parser};
use serde::Serialize;

use self::workspace::LockedWorkspace;
use super::machine::load;
use super::report::median;
use crate::process::Tool;
use crate::progress::Progress;
use crate::{cargo, uv};

/// What the closures of all services may take, reading included, in milliseconds.
const MILLISECONDS: f64 = 100.0;

/// How many times faster they have to be than `uv export` once per service.
const FACTOR: f64 = 20.0;

/// Measure the closures of 200 services beside `uv export` once per service
///
/// The workspace is made from nothing and locked by uv once, with what the
/// package index had on one day; the lock stays below `target`. Both are
/// measured in turn. Fails if pymono is less than twenty times faster.
#[derive(Debug, Args)]
pub(super) struct LocksArgs {
    /// How often both are measured
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = value_parser!(u32).range(1..))]
    repetitions: u32,
    /// Print JSON with every single measurement in place of Markdown
    #[arg(long)]
    json: bool,
}

/// What was measured, in milliseconds.
#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    services: usize,
    packages: usize,
    lock_bytes: u64,
    uv: Vec<f64>,
    pymono: Vec<f64>,
}

pub(super) fn run(args: &LocksArgs) -> Result<ExitCode> {
    let progress = Progress::new("bench");
    let target = cargo::target_directory()?;
    let uv = uv::provide(&target)?;
    let workspace = LockedWorkspace::make(&target.join("bench/locks"), &uv, &progress)?;
    progress.say("building");
    let build = ["build", "--release", "--package", "pymono-lock", "--example", "close"];
    cargo::cargo().args(build).run()?;
    let close = target.join(format!("release/examples/close{}", std::env::consts::EXE_SUFFIX));
    let lock = workspace.root.join("uv.lock");
    let mut report = Report {
        version: 1,
        services: workspace.services.len(),
        packages: workspace.packages,
        lock_bytes: lock.metadata()?.len(),
        uv: Vec::new(),
        pymono: Vec::new(),
    };
    for repetition in 1..=args.repetitions {
        report.pymono.extend(closures(&close, &lock)?);
        report.uv.push(exports(&uv, &workspace)?);
        progress.say(format_args!("{repetition}/{} done", args.repetitions));
    }
    print(&report, args.json)?;
    let is_fast = median(report.uv) >= FACTOR * median(report.pymono);
    Ok(if is_fast { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Closes every service a few times; what each time took.
fn closures(close: &Utf8Path, lock: &Utf8Path) -> Result<Vec<f64>> {
    let said = Tool::new(close).args([lock.as_str(), "5"]).read()?;
    said.lines().map(first_number).collect()
}

fn first_number(line: &str) -> Result<f64> {
    let mut words = line.split(' ');
    let took = words.next().and_then(|word| word.parse().ok());
    let closures = words.next().and_then(|word| word.parse().ok());
    ensure!(closures == Some(workspace::SERVICES), "not every service was closed: `{line}`");
    took.with_context(|| format!("`{line}` is no measurement"))
}

/// Asks uv for every service, one after the other; what that took in all.
fn exports(uv: &Utf8Path, workspace: &LockedWorkspace) -> Result<f64> {
    let start = Instant::now();
    for service in &workspace.services {
        let export = ["export", "--frozen", "--offline", "--no-emit-workspace", "--quiet"];
        let export = Tool::new(uv).args(export).cwd(&workspace.root);
        export
            .args(["--no-default-groups", "--python", &workspace.python, "--package", service])
            .quiet()?;
    }
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

fn print(report: &Report, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    let Report { services, packages, lock_bytes, uv, pymono, .. } = report;
    let (slow, fast) = (median(uv.clone()), median(pymono.clone()));
    println!("| | `uv export` per service, ms | pymono, ms | uv ÷ pymono |");
    println!("|---|---:|---:|---:|");
    let what = format!("closures of {services} services, {packages} packages, a target");
    println!("| {what} | {slow:.0} | {fast:.1} | {:.0} |", slow / fast);
    println!("\n- a lock of {lock_bytes} bytes; reading it is part of both");
    println!("- medians of {} and {} times, in turn on one core each", uv.len(), pymono.len());
    let least = pymono.iter().copied().fold(f64::INFINITY, f64::min);
    let load = load().map_or_else(|| "not told".to_owned(), |load| format!("{load:.1}"));
    println!("- the least time of pymono was {least:.1} ms; load at the end: {load}");
    let verdict = if fast < MILLISECONDS { "below" } else { "not below" };
    println!(
        "- {verdict} the bound of {MILLISECONDS} ms; at least {FACTOR} times faster is wanted"
    );
    Ok(())
}
