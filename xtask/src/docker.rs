//! The Docker that a chore uses: the one of this machine, or a private one.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};

use crate::engine::{self, Engine, Lease, Name};
use crate::process::Tool;
use crate::progress::Progress;

/// How long an engine may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The oldest buildx that pymono works with.
const OLDEST_BUILDX: (u32, u32) = (0, 17);

/// A Docker client and the environment that leads it to its engine.
#[derive(Clone, Debug)]
pub(crate) struct Docker {
    program: Utf8PathBuf,
    env: BTreeMap<String, String>,
}

impl Docker {
    /// The Docker that a user of this machine has.
    pub(crate) fn host() -> Self {
        Self { program: "docker".into(), env: BTreeMap::new() }
    }

    /// The Docker with this client and environment.
    pub(crate) fn private(program: Utf8PathBuf, env: BTreeMap<String, String>) -> Self {
        Self { program, env }
    }

    /// The Docker that listens at `host`.
    pub(crate) fn at(program: Utf8PathBuf, host: &str) -> Self {
        Self { program, env: [("DOCKER_HOST".to_owned(), host.to_owned())].into() }
    }

    /// The client, to be given arguments.
    pub(crate) fn tool(&self) -> Tool {
        Tool::new(&self.program).envs(self.env())
    }

    /// A shell command in which `$0` is the client and `$1` the next argument.
    pub(crate) fn shell(&self, command: &str) -> Tool {
        Tool::new("sh").args(["-c", command, self.program.as_str()]).envs(self.env())
    }

    /// The variables that make another program use this Docker.
    pub(crate) fn env(&self) -> BTreeMap<String, String> {
        self.env.clone()
    }

    /// Whether the engine answers.
    pub(crate) fn answers(&self) -> bool {
        let ask = self.tool().args(["version", "--format", "{{.Server.Version}}"]);
        ask.succeeds_within(PATIENCE).unwrap_or(false)
    }

    /// The version of buildx, if there is one.
    pub(crate) fn buildx_version(&self) -> Option<String> {
        let answer = self.tool().args(["buildx", "version"]).read().ok()?;
        answer.split_whitespace().nth(1).map(|version| version.trim_start_matches('v').to_owned())
    }

    /// The version of `docker compose`, if there is one.
    pub(crate) fn compose_version(&self) -> Option<String> {
        let answer = self.tool().args(["compose", "version", "--short"]).read().ok()?;
        Some(answer.trim().trim_start_matches('v').to_owned())
    }

    /// Whether the engine has an image of this name.
    pub(crate) fn has_image(&self, name: &str) -> bool {
        self.tool().args(["image", "inspect", name]).succeeds()
    }

    /// Whether images are kept by containerd and not by a graph driver.
    pub(crate) fn has_containerd_store(&self) -> Result<bool> {
        let status = self.tool().args(["info", "--format", "{{json .DriverStatus}}"]).read()?;
        Ok(status.contains("io.containerd.snapshotter"))
    }

    /// Where the engine listens, as `DOCKER_HOST` takes it.
    pub(crate) fn endpoint(&self) -> Result<String> {
        let form = "{{.Endpoints.docker.Host}}";
        let endpoint = self.tool().args(["context", "inspect", "--format", form]).read()?;
        Ok(endpoint.trim().to_owned())
    }

    fn is_usable(&self) -> bool {
        self.answers() && self.buildx_version().is_some_and(|version| is_new_enough(&version))
    }
}

/// A Docker, and what has to be stopped when it is no longer needed.
pub(crate) struct Provided {
    pub(crate) docker: Docker,
    /// The private engines, where this machine may have some.
    pub(crate) lease: Option<Lease>,
    /// Whether `docker` is one of the private engines.
    pub(crate) is_private: bool,
}

/// The Docker of this machine if it can be used, else a private engine.
pub(crate) fn provide(home: Option<&Utf8Path>, progress: &Progress) -> Result<Provided> {
    let host = Docker::host();
    if host.is_usable() {
        progress.say("using the Docker of this machine");
        let lease = engine::is_fit().is_ok().then(|| Lease::new(Engine::new(home)?)).transpose()?;
        return Ok(Provided { docker: host, lease, is_private: false });
    }
    engine::is_fit().context("no Docker with a recent buildx answers")?;
    progress.say("no Docker with a recent buildx answers, so a private engine is used");
    let lease = Lease::new(Engine::new(home)?)?;
    lease.up().context("failed to start a private engine")?;
    let docker = lease.engine().docker(Name::Main);
    Ok(Provided { docker, lease: Some(lease), is_private: true })
}

/// Whether a version like `0.29.1+ds1` is not older than [`OLDEST_BUILDX`].
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= OLDEST_BUILDX,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_buildx_is_not_used() {
        assert!(is_new_enough("0.17.0"));
        assert!(is_new_enough("0.29.1+ds1"));
        assert!(is_new_enough("1.0.0"));
        assert!(!is_new_enough("0.13.1"));
        assert!(!is_new_enough("unknown"));
    }
}
