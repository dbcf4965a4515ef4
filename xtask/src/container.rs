//! A container in the background, removed when it is no longer looked at.

use anyhow::{Context, Result};

use crate::docker::Docker;
use crate::interrupt;
use crate::process::last_lines;

/// A container that was started and is removed on drop.
pub(crate) struct Container {
    docker: Docker,
    id: String,
    port: u16,
}

impl Container {
    /// Starts `image`, with its `port` on a free port of this machine alone.
    pub(crate) fn start(docker: &Docker, image: &str, port: u16) -> Result<Self> {
        let publish = format!("127.0.0.1::{port}");
        let id = docker.tool().args(["run", "--detach", "--publish", &publish, image]).read()?;
        Ok(Self { docker: docker.clone(), id: id.trim().to_owned(), port })
    }

    /// Where its port can be reached, `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> Result<String> {
        let port = format!("{}/tcp", self.port);
        let ports = self.docker.tool().args(["port", &self.id, &port]).read()?;
        let first = ports.lines().next().context("`docker port` named no address")?;
        Ok(first.trim().to_owned())
    }

    /// Whether its program still runs.
    pub(crate) fn is_running(&self) -> Result<bool> {
        let form = "{{.State.Running}}";
        let state = self.docker.tool().args(["inspect", "--format", form, &self.id]).read()?;
        Ok(state.trim() == "true")
    }

    /// The end of what it printed, standard error last.
    pub(crate) fn log(&self) -> String {
        let command = r#""$0" logs "$1" 2>&1"#;
        let logs = self.docker.shell(command).arg(&self.id).read().unwrap_or_default();
        last_lines(&logs)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let remove = self.docker.tool().args(["rm", "--force", "--volumes", &self.id]);
        if let Err(error) = interrupt::ignore(|| remove.quiet()) {
            eprintln!("error: failed to remove a container: {error:#}");
        }
    }
}
