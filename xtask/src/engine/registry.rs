//! An image registry on a port of this machine alone.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::home::Home;
use super::pid;
use crate::process::{Tool, last_lines};
use crate::progress::Progress;
use crate::wait;

/// Beyond the 5000 that other registries like to have.
const PORTS: RangeInclusive<u16> = 5050..=5149;

const PATIENCE: Duration = Duration::from_secs(30);

/// The files of the registry.
struct Files {
    config: Utf8PathBuf,
    data: Utf8PathBuf,
    log: Utf8PathBuf,
    pid: Utf8PathBuf,
    port: Utf8PathBuf,
}

impl Files {
    fn of(home: &Home) -> Self {
        Self::below(&home.folder().join("registry"))
    }

    fn below(folder: &Utf8Path) -> Self {
        Self {
            config: folder.join("config.yml"),
            data: folder.join("data"),
            log: folder.join("log"),
            pid: folder.join("pid"),
            port: folder.join("port"),
        }
    }
}

/// `127.0.0.1:PORT`, if the registry was ever started.
pub(super) fn address(home: &Home) -> Option<String> {
    recorded_port(&Files::of(home)).map(|port| format!("{}:{port}", Ipv4Addr::LOCALHOST))
}

/// Starts the registry on the port that it had before, or on a free one.
pub(super) fn start(home: &Home, progress: &Progress) -> Result<()> {
    let files = Files::of(home);
    if pid::of(&files.pid, &files.config).is_some() {
        return Ok(());
    }
    fs::create_dir_all(&files.data).with_context(|| format!("failed to make `{}`", files.data))?;
    let port = choose(recorded_port(&files), is_free)
        .with_context(|| format!("no port from {} to {} is free", PORTS.start(), PORTS.end()))?;
    progress.say(format_args!("starting a registry on port {port}"));
    fs::write(&files.config, config(&files, port))
        .with_context(|| format!("failed to write `{}`", files.config))?;
    fs::write(&files.port, port.to_string())
        .with_context(|| format!("failed to write `{}`", files.port))?;
    launch(home, &files, port).map(drop)
}

/// A registry that starts without anything in it, and ends and is removed when it is dropped.
pub(crate) struct EmptyRegistry {
    program: Child,
    port: u16,
    _folder: TempDir,
}

impl EmptyRegistry {
    /// Starts it on a free port.
    pub(super) fn start(home: &Home) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pymono-registry-").tempdir()?;
        let files = Files::below(Utf8Path::from_path(folder.path()).context("no UTF-8 path")?);
        fs::create_dir_all(&files.data)?;
        let port = choose(None, is_free).context("no port for a registry is free")?;
        fs::write(&files.config, config(&files, port))?;
        Ok(Self { program: launch(home, &files, port)?, port, _folder: folder })
    }

    /// Where it answers, `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }
}

impl Drop for EmptyRegistry {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.program.kill());
        drop(self.program.wait());
    }
}

fn launch(home: &Home, files: &Files, port: u16) -> Result<Child> {
    let log =
        File::create(&files.log).with_context(|| format!("failed to make `{}`", files.log))?;
    let mut registry = Tool::new("setsid")
        .arg(home.programs().join("docker-registry"))
        .args(["serve", files.config.as_str()])
        .spawn_into(log)?;
    fs::write(&files.pid, registry.id().to_string())
        .with_context(|| format!("failed to write `{}`", files.pid))?;
    let log_end = || last_lines(&fs::read_to_string(&files.log).unwrap_or_default());
    let url = format!("http://{}:{port}/v2/", Ipv4Addr::LOCALHOST);
    let answer = wait::until(PATIENCE, || {
        if let Some(status) = registry.try_wait()? {
            bail!("the registry ended with {status}; `{}` ends:\n{}", files.log, log_end());
        }
        let answer = minreq::get(url.as_str()).with_timeout(5).send();
        Ok(answer.is_ok_and(|answer| answer.status_code == 200).then_some(()))
    })?;
    answer
        .with_context(|| format!("the registry does not answer; its log ends:\n{}", log_end()))?;
    Ok(registry)
}

/// Stops the registry. Its content stays.
pub(super) fn stop(home: &Home, progress: &Progress) -> Result<()> {
    let files = Files::of(home);
    if pid::stop(&files.pid, &files.config)? {
        progress.say("stopped the registry");
    }
    Ok(())
}

fn recorded_port(files: &Files) -> Option<u16> {
    fs::read_to_string(&files.port).ok()?.trim().parse().ok()
}

/// The port from last time if it is free, else the first free one.
fn choose(last: Option<u16>, is_free: impl Fn(u16) -> bool) -> Option<u16> {
    last.into_iter().chain(PORTS).find(|port| is_free(*port))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn config(files: &Files, port: u16) -> String {
    format!(
        "version: 0.1\n\
         log:\n  level: warn\n\
         storage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: true\n\
         http:\n  addr: {}:{port}\n",
        files.data,
        Ipv4Addr::LOCALHOST
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_from_last_time_comes_first() {
        assert_eq!(choose(Some(6000), |_| true), Some(6000));
        assert_eq!(choose(None, |_| true), Some(5050));
    }

    #[test]
    fn a_port_that_is_taken_is_passed_over() {
        assert_eq!(choose(Some(6000), |port| port == 5052), Some(5052));
        assert_eq!(choose(Some(6000), |_| false), None);
    }

    #[test]
    fn a_listening_port_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
    }
}
