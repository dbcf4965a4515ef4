//! What the figures were measured on.

use std::env::consts::{ARCH, OS};
use std::fmt;
use std::fs;
use std::thread;

use anyhow::Result;
use serde::Serialize;

use crate::docker::Docker;
use crate::uv;

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
