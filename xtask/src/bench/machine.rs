//! What the figures were measured on.

use std::env::consts::{ARCH, OS};
use std::fmt;
use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::docker::Docker;
use crate::uv;
use crate::wait;

/// How long to wait for others to let the machine be.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the machine is watched to tell whether it is busy.
const WATCHED: Duration = Duration::from_millis(500);

/// A machine and its tools.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Machine {
    pub(super) system: String,
    pub(super) cores: usize,
    /// Processes that wanted to run in the last minute before the start, on
    /// average, where the system tells (`proc_loadavg(5)`).
    pub(super) load: Option<f64>,
    pub(super) engine: String,
    pub(super) containerd_store: bool,
    pub(super) buildx: String,
    /// None where there is no `docker compose`.
    pub(super) compose: Option<String>,
    pub(super) uv: String,
}

impl Machine {
    /// Looks at this machine and the engine of `docker`.
    pub(super) fn look(docker: &Docker) -> Result<Self> {
        let engine = docker.tool().args(["version", "--format", "{{.Server.Version}}"]).read()?;
        Ok(Self {
            system: format!("{OS} {ARCH}"),
            cores: thread::available_parallelism()?.get(),
            load: load(),
            engine: engine.trim().to_owned(),
            containerd_store: docker.has_containerd_store()?,
            buildx: docker.buildx_version().unwrap_or_default(),
            compose: docker.compose_version(),
            uv: uv::VERSION.to_owned(),
        })
    }
}

/// Processes that wanted to run in the last minute, on average, where the system tells.
pub(super) fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Waits until the machine has next to nothing to do, where the system tells; not for ever, as others may work on it.
pub(super) fn calm_down() -> Result<()> {
    let is_calm = || {
        let before = ticks();
        thread::sleep(WATCHED);
        let (Some(before), Some(after)) = (before, ticks()) else { return Ok(Some(())) };
        let (busy, all) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
        // A tenth of it is what watches, and what a system does by itself.
        Ok((busy * 10 <= all).then_some(()))
    };
    wait::until(PATIENCE, is_calm).map(drop)
}

fn ticks() -> Option<(u64, u64)> {
    ticks_of(&fs::read_to_string("/proc/stat").ok()?)
}

/// The time in which all processors had something to do, and all time, as `proc_stat(5)` has it.
fn ticks_of(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Option<Vec<u64>> = line.split_whitespace().map(|it| it.parse().ok()).collect();
    // Of guests it is counted before, with that of users.
    let [user, nice, system, idle, waiting, rest @ ..] = &ticks?[..] else { return None };
    let busy = user + nice + system + rest.iter().take(3).sum::<u64>();
    Some((busy, busy + idle + waiting))
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { system, cores, load, engine, containerd_store, buildx, compose, uv } = self;
        write!(f, "{system}, {cores} cores")?;
        if let Some(load) = load {
            write!(f, ", load {load} at the start")?;
        }
        let store = if *containerd_store { "containerd" } else { "classic" };
        write!(f, "; Docker Engine {engine} ({store} image store), buildx {buildx}, ")?;
        match compose {
            Some(compose) => write!(f, "compose {compose}, uv {uv}"),
            None => write!(f, "no compose, uv {uv}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_processor_waits_for_is_no_work() {
        let stat = "cpu  10 20 30 400 50 1 2 3 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(ticks_of(stat), Some((66, 516)));
        assert_eq!(ticks_of("intr 1"), None);
    }
}
