//! One side of the comparison: a program that looks at the whole tree.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};

use crate::process::Tool;

/// A program with its arguments; `{}` stands for the folder.
pub(super) struct Rival {
    pub(super) name: &'static str,
    program: Utf8PathBuf,
    args: &'static [&'static str],
}

impl Rival {
    pub(super) fn pymono(program: &Utf8Path) -> Self {
        Self { name: "`pymono list`", program: program.into(), args: &["-C", "{}", "list"] }
    }

    pub(super) fn git() -> Self {
        let args = &["-C", "{}", "ls-files", "-co", "--exclude-standard"];
        Self { name: "`git ls-files -co --exclude-standard`", program: "git".into(), args }
    }

    pub(super) fn affected(program: &Utf8Path) -> Self {
        // As many commits as are compared.
        let args = &["-C", "{}", "affected", "--base", "HEAD~20"];
        Self { name: "`pymono affected`", program: program.into(), args }
    }

    pub(super) fn status() -> Self {
        let args = &["-C", "{}", "status", "--porcelain=v2"];
        Self { name: "`git status --porcelain=v2`", program: "git".into(), args }
    }

    pub(super) fn walk(xtask: &Utf8Path) -> Self {
        let args = &["bench", "scan-walk", "{}"];
        Self { name: "bare walk by `ignore`", program: xtask.into(), args }
    }

    pub(super) fn command(&self, folder: &Utf8Path) -> Tool {
        let arg = |arg: &&'static str| {
            if *arg == "{}" { folder.as_str().to_owned() } else { (*arg).to_owned() }
        };
        Tool::new(&self.program).args(self.args.iter().map(arg))
    }

    /// Seconds from its start to its end.
    pub(super) fn time(&self, folder: &Utf8Path) -> Result<f64> {
        let started = Instant::now();
        ensure!(self.command(folder).succeeds(), "{} failed", self.name);
        Ok(started.elapsed().as_secs_f64())
    }

    /// The most memory that it has at any time, in MB, as `proc_pid_status(5)` tells it last.
    pub(super) fn peak_memory(&self, folder: &Utf8Path) -> Result<f64> {
        let mut child = self.command(folder).spawn_into(tempfile::tempfile()?)?;
        let status = format!("/proc/{}/status", child.id());
        let mut peak = None;
        while child.try_wait()?.is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes =
                line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
            // A process that is just ending has none.
            peak = kilobytes.or(peak);
        }
        Ok(peak.context("this system does not tell")? / 1000.0)
    }
}
