//! `pymono affected` on a big repository with a history, beside git's own look at what changed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, value_parser};

use super::repo::{self, Size};
use super::{Rival, measure};
use crate::cargo;
use crate::progress::Progress;

/// So many commits of the history are compared, each of which changes a service.
pub(super) const COMPARED: u32 = 20;

/// Measure `pymono affected` on a generated repository beside `git status`
///
/// What is compared are the last commits of a long history, a change of a library
/// that is not committed, and a file that git does not track. Both are release
/// builds, take turns, and find the same folder in the page cache.
#[derive(Debug, Args)]
pub(in crate::bench) struct AffectedArgs {
    /// How often each side is measured
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = value_parser!(u32).range(1..))]
    repetitions: u32,
    /// How many projects the repository has
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = value_parser!(u32).range(50..))]
    projects: u32,
    /// How many files the repository has, besides those that it ignores
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    files: u32,
    /// How many commits the history has
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = value_parser!(u32).range(50..))]
    commits: u32,
    /// The folder of the repository, made where it is not there yet and kept; a temporary one without this
    #[arg(long, value_name = "DIR")]
    folder: Option<Utf8PathBuf>,
}

pub(in crate::bench) fn run(args: &AffectedArgs) -> Result<ExitCode> {
    let AffectedArgs { repetitions, projects, files, commits, folder } = args;
    let progress = Progress::new("bench");
    progress.say("building pymono");
    let pymono = cargo::build_pymono(true)?;
    let temporary = tempfile::tempdir()?;
    let temporary = Utf8PathBuf::try_from(temporary.path().join("repository"))?;
    let folder = folder.as_deref().unwrap_or(&temporary);
    if folder.join(".git").is_dir() {
        progress.say(format_args!("taking the repository in {folder} as it is"));
    } else {
        progress
            .say(format_args!("making {projects} projects of {files} files, {commits} commits"));
        repo::make(folder, Size { projects: *projects, files: *files })?;
        let changed = history(folder, *projects, *commits)?;
        let expected: String = changed.iter().map(|path| format!("{path}\n")).collect();
        fs::write(folder.join(".git/affected"), expected)?;
    }
    let rivals = [Rival::affected(&pymono), Rival::status()];
    check(&rivals[0], folder)?;
    let report = measure(&rivals, folder, *repetitions, &progress)?;
    print!("{report}");
    println!(
        "- `cargo xtask bench affected --repetitions {repetitions} --projects {projects} --files {files} --commits {commits}`"
    );
    Ok(ExitCode::SUCCESS)
}

/// A comparison that misses something is quickly done.
fn check(pymono: &Rival, folder: &Utf8Path) -> Result<()> {
    let answer: serde_json::Value =
        serde_json::from_str(&pymono.command(folder).arg("--json").read()?)?;
    let rows = answer["services"].as_array().context("`pymono affected` lists no services")?;
    let found: BTreeSet<&str> = rows.iter().filter_map(|row| row["path"].as_str()).collect();
    let expected = fs::read_to_string(folder.join(".git/affected"))?;
    let expected: BTreeSet<&str> = expected.lines().collect();
    ensure!(found == expected, "`pymono affected` finds {found:?}, not {expected:?}");
    Ok(())
}

/// Gives a repository a history, and changes that are not committed; returns the services that the last
/// commits and these concern.
fn history(folder: &Utf8Path, projects: u32, commits: u32) -> Result<BTreeSet<String>> {
    let git = || repo::git(folder);
    git().args(["add", "--all"]).quiet()?;
    git().args(["commit", "--quiet", "--message", "notes"]).quiet()?;
    let services: Vec<u32> = (0..projects).filter(|number| !repo::is_library(*number)).collect();
    let mut stream = String::new();
    let mut changed = BTreeSet::new();
    for commit in 2..commits {
        let service = services[commit as usize % services.len()];
        let file = repo::module(service);
        let text = format!("NUMBER = {commit}\n");
        let from = if commit == 2 { "from refs/heads/history^0\n" } else { "" };
        write!(
            stream,
            "commit refs/heads/history\ncommitter bench <bench@example.org> {} +0000\ndata 2\nc\n{from}\
             M 100644 inline {file}\ndata {}\n{text}\n",
            1_700_000_000 + commit,
            text.len()
        )?;
        if commit + COMPARED >= commits {
            changed.insert(repo::path(service));
        }
    }
    let file = folder.join(".git/stream");
    fs::write(&file, stream)?;
    git().args(["checkout", "--quiet", "-b", "history"]).quiet()?;
    git().args(["fast-import", "--quiet", "--force"]).stdin(File::open(&file)?).quiet()?;
    fs::remove_file(&file)?;
    git().args(["reset", "--quiet", "--hard"]).quiet()?;
    git().args(["gc", "--quiet"]).quiet()?;
    git().args(["status"]).quiet()?;
    let (library, service) = (0, services[0] + 20);
    fs::write(folder.join(repo::module(library)), "NUMBER = -1\n")?;
    fs::write(folder.join(repo::path(service)).join("new.py"), "NUMBER = -1\n")?;
    changed.insert(repo::path(service));
    changed.extend(repo::users(library).map(repo::path));
    Ok(changed)
}
