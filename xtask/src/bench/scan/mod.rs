//! `pymono list` on a big tree, beside git and beside a walk that does nothing else.

mod affected;
mod repo;
mod rival;
mod walk;

use std::fmt;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, value_parser};

use super::report::median;
use crate::cargo;
use crate::progress::Progress;
use repo::Size;
use rival::Rival;

pub(super) use affected::{AffectedArgs, run as affected};
pub(super) use repo::{git, write};
pub(super) use walk::{WalkArgs, run as walk};

/// Measure `pymono list` on a generated repository beside git and a bare walk
///
/// The other sides are `git ls-files -co --exclude-standard` and a parallel walk
/// by the crate `ignore` that counts files and does nothing else. All are
/// release builds, take turns, and find the same folder in the page cache.
#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// How often each side is measured
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = value_parser!(u32).range(1..))]
    repetitions: u32,
    /// How many projects the repository has
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = value_parser!(u32).range(10..))]
    projects: u32,
    /// How many files the repository has, besides those that it ignores
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    files: u32,
    /// The folder of the repository, made where it is not there yet and kept; a temporary one without this
    #[arg(long, value_name = "DIR")]
    folder: Option<Utf8PathBuf>,
}

pub(super) fn run(args: &ScanArgs) -> Result<ExitCode> {
    let ScanArgs { repetitions, projects, files, folder } = args;
    let progress = Progress::new("bench");
    progress.say("building pymono and the bare walk");
    let pymono = cargo::build_pymono(true)?;
    let xtask = cargo::build_xtask()?;
    let temporary = tempfile::tempdir()?;
    let temporary = Utf8PathBuf::try_from(temporary.path().join("repository"))?;
    let folder = folder.as_deref().unwrap_or(&temporary);
    if folder.join(".git").is_dir() {
        progress.say(format_args!("taking the repository in {folder} as it is"));
    } else {
        progress.say(format_args!("making {projects} projects of {files} files"));
        repo::make(folder, Size { projects: *projects, files: *files })?;
    }
    let rivals = [Rival::pymono(&pymono), Rival::git(), Rival::walk(&xtask)];
    check(&rivals[0], folder, *projects)?;
    let report = measure(&rivals, folder, *repetitions, &progress)?;
    print!("{report}");
    println!(
        "- `cargo xtask bench scan --repetitions {repetitions} --projects {projects} --files {files}`"
    );
    Ok(ExitCode::SUCCESS)
}

/// A scan that misses something is quickly done.
fn check(pymono: &Rival, folder: &Utf8Path, projects: u32) -> Result<()> {
    let listed = pymono.command(folder).arg("--json").read()?;
    let found = listed.matches("\"kind\":").count();
    ensure!(found == projects as usize, "`pymono list` finds {found} of {projects} projects");
    let services = listed.matches("\"kind\": \"service\"").count();
    ensure!(services == repo::services(projects) as usize, "it finds {services} services");
    Ok(())
}

fn measure(
    rivals: &[Rival],
    folder: &Utf8Path,
    repetitions: u32,
    progress: &Progress,
) -> Result<Report> {
    for rival in rivals {
        progress.say(format_args!("warm-up: {} takes {:.2} s", rival.name, rival.time(folder)?));
    }
    let mut seconds = vec![Vec::new(); rivals.len()];
    for repetition in 0..repetitions as usize {
        for turn in 0..rivals.len() {
            // Each is first as often as the others.
            let at = (turn + repetition) % rivals.len();
            seconds[at].push(rivals[at].time(folder)?);
        }
    }
    let peaks = rivals.iter().map(|rival| rival.peak_memory(folder).ok()).collect();
    let names = rivals.iter().map(|rival| rival.name).collect();
    let seconds = seconds.into_iter().map(median).collect();
    Ok(Report { names, seconds, peaks, repetitions })
}

/// Medians of one run.
struct Report {
    names: Vec<&'static str>,
    seconds: Vec<f64>,
    /// In MB, where the system tells.
    peaks: Vec<Option<f64>>,
    repetitions: u32,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names, seconds, peaks, repetitions } = self;
        writeln!(f, "| | s | pymono ÷ it | peak memory, MB |")?;
        writeln!(f, "|---|---:|---:|---:|")?;
        for ((name, it), peak) in names.iter().zip(seconds).zip(peaks) {
            let peak = peak.map_or_else(String::new, |peak| format!("{peak:.0}"));
            writeln!(f, "| {name} | {it:.3} | {:.2} | {peak} |", seconds[0] / it)?;
        }
        writeln!(f)?;
        writeln!(f, "- medians of {repetitions}, each side first as often as the others")?;
        writeln!(f, "- only the ratios are claims: seconds are those of this machine and hour")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_how_often_pymono_takes_as_long() {
        let report = Report {
            names: vec!["pymono", "git", "walk"],
            seconds: vec![0.3, 0.4, 0.2],
            peaks: vec![Some(99.6), None, Some(10.0)],
            repetitions: 9,
        };
        let text = report.to_string();
        let expected = "| pymono | 0.300 | 1.00 | 100 |\n| git | 0.400 | 0.75 |  |\n| walk | 0.200 | 1.50 | 10 |\n";
        assert!(text.contains(expected), "{text}");
    }
}
