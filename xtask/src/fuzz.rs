//! Fuzzing: texts that nobody would write, for a bounded time.

use std::fs::{self, File};
use std::process::{Child, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use crate::process::{Tool, last_lines};
use crate::progress::Progress;
use crate::{cargo, interrupt, wait};

/// What makes LLVM count which code an input reaches; a stable toolchain has these as well.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cap-lints=allow";

/// Checks that a release leaves out but that a fuzzer should run into.
const CHECKS: &str = "-Cdebug-assertions=on -Coverflow-checks=on";

/// No input may take longer, or more memory: a lock is read in milliseconds.
const LIMITS: [&str; 4] =
    ["-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=1024", "-max_len=8192"];

/// How long a run may be late before it counts as one that never ends.
const LATE: Duration = Duration::from_secs(60);

/// Run the fuzz targets of the lock formats, each for a bounded time
///
/// An input that does harm is kept in `target/fuzz/crashes`, and named.
#[derive(Debug, Args)]
pub(crate) struct FuzzArgs {
    /// Run only this target, a folder in `tests/fuzz/seeds`
    target: Option<String>,
    /// For how long each target runs
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// How many targets run at once
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
    /// Tear seeds at random, as it is done where the guided fuzzer cannot be built
    #[arg(long)]
    blind: bool,
}

pub(crate) fn run(args: &FuzzArgs) -> Result<ExitCode> {
    let progress = Progress::new("fuzz");
    let mut targets = targets()?;
    if let Some(wanted) = &args.target {
        let known = targets.join(", ");
        targets.retain(|target| target == wanted);
        ensure!(!targets.is_empty(), "there is no target `{wanted}`; there are {known}");
    }
    let fuzzer = if args.blind { Fuzzer::blind()? } else { Fuzzer::build(&progress)? };
    let passed = fuzzer.run_all(&targets, args.seconds, args.jobs, &progress)?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs every target for `seconds`, two at once; whether none did harm.
pub(crate) fn check(seconds: u64, progress: &Progress) -> Result<bool> {
    Fuzzer::build(progress)?.run_all(&targets()?, seconds, 2, progress)
}

/// The targets, by the folders of their seeds.
fn targets() -> Result<Vec<String>> {
    let folders = folder().join("seeds").read_dir_utf8().context("failed to list the seeds")?;
    let names = folders.map(|folder| Ok(folder?.file_name().to_owned()));
    let mut names: Vec<String> = names.collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}

fn folder() -> Utf8PathBuf {
    cargo::root().join("tests/fuzz")
}

/// A built fuzzer, and where it keeps what it finds.
struct Fuzzer {
    program: Utf8PathBuf,
    is_guided: bool,
    home: Utf8PathBuf,
}

impl Fuzzer {
    /// Builds the fuzzer that coverage guides, or where that fails the blind one.
    fn build(progress: &Progress) -> Result<Self> {
        progress.say("building");
        Self::guided().or_else(|error| {
            progress.say(format_args!("without guidance by coverage: {error:#}"));
            Self::blind()
        })
    }

    fn guided() -> Result<Self> {
        let program = build("guided", &format!("{COVERAGE} {CHECKS}"), &["--features", "guided"])?;
        Ok(Self { program, is_guided: true, home: home()? })
    }

    fn blind() -> Result<Self> {
        Ok(Self { program: build("blind", CHECKS, &[])?, is_guided: false, home: home()? })
    }

    fn run_all(
        &self,
        targets: &[String],
        seconds: u64,
        jobs: usize,
        progress: &Progress,
    ) -> Result<bool> {
        let mut passed = true;
        for batch in targets.chunks(jobs.max(1)) {
            let running: Vec<_> =
                batch.iter().map(|target| self.start(target, seconds)).collect::<Result<_>>()?;
            for run in running {
                match run.end(seconds) {
                    Ok(said) => progress.say(said),
                    Err(error) => {
                        progress.say(format_args!("{error:#}"));
                        passed = false;
                    }
                }
                interrupt::check()?;
            }
        }
        Ok(passed)
    }

    fn start(&self, target: &str, seconds: u64) -> Result<Run> {
        let crashes = self.home.join("crashes");
        let corpus = self.home.join("corpus").join(target);
        for folder in [&crashes, &corpus] {
            fs::create_dir_all(folder).with_context(|| format!("failed to make `{folder}`"))?;
        }
        let (seeds, tokens) = (folder().join("seeds").join(target), folder().join("tokens.dict"));
        let tool = Tool::new(&self.program);
        let tool = if self.is_guided {
            tool.env("PYMONO_FUZZ_TARGET", target)
                .args([corpus.as_str(), seeds.as_str()])
                .args(LIMITS)
                .arg(format!("-max_total_time={seconds}"))
                .arg(format!("-dict={tokens}"))
                .arg(format!("-artifact_prefix={crashes}/{target}-"))
                .arg("-print_final_stats=1")
        } else {
            tool.args([target, &seconds.to_string()]).args([seeds, tokens, crashes.clone()])
        };
        let log = self.home.join(format!("{target}.log"));
        let file = File::create(&log).with_context(|| format!("failed to make `{log}`"))?;
        Ok(Run {
            child: tool.spawn_into(file)?,
            target: target.to_owned(),
            log,
            crashes,
            started: Instant::now(),
        })
    }
}

/// A target that is running.
struct Run {
    child: Child,
    target: String,
    log: Utf8PathBuf,
    crashes: Utf8PathBuf,
    started: Instant,
}

impl Run {
    /// Waits for the end and tells how much was tried; an error tells what did harm.
    fn end(mut self, seconds: u64) -> Result<String> {
        let limit = (Duration::from_secs(seconds) + LATE).saturating_sub(self.started.elapsed());
        let status = wait::until(limit, || Ok(self.child.try_wait()?));
        if !matches!(status, Ok(Some(_))) {
            self.child.kill()?;
            self.child.wait()?;
        }
        let log = fs::read(&self.log).with_context(|| format!("failed to read `{}`", self.log))?;
        let log = String::from_utf8_lossy(&log);
        let target = &self.target;
        if status?.is_some_and(|status| status.success()) {
            let runs =
                log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
            return Ok(format!("{target}: {} inputs", runs.unwrap_or(" no").trim()));
        }
        let found = found(&self.crashes, target)?.join("`, `");
        bail!("{target} failed; the input is kept in `{found}`\n{}", last_lines(&log))
    }
}

/// The inputs of a target that did harm.
fn found(crashes: &Utf8Path, target: &str) -> Result<Vec<String>> {
    let files = crashes.read_dir_utf8()?.filter_map(Result::ok);
    let of_target = files.filter(|file| file.file_name().starts_with(&format!("{target}-")));
    Ok(of_target.map(|file| file.path().to_string()).collect())
}

fn home() -> Result<Utf8PathBuf> {
    Ok(cargo::target_directory()?.join("fuzz"))
}

/// Builds one of the two programs, with flags that must not reach build scripts.
fn build(program: &str, flags: &str, more: &[&str]) -> Result<Utf8PathBuf> {
    let host = host()?;
    let folder = home()?.join("build");
    cargo::cargo()
        .env("RUSTFLAGS", flags)
        .env("CARGO_TARGET_DIR", &folder)
        .args(["build", "--release", "--package", "pymono-fuzz", "--bin", program])
        .args(["--target", &host])
        .args(more)
        .quiet()?;
    Ok(folder.join(host).join("release").join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
}

fn host() -> Result<String> {
    let version = Tool::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let version = version.arg("-vV").read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` tells no host")
}
