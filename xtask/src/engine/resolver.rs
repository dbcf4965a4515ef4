//! The name server of an engine's builds: what was asked once is known from then on.
//!
//! Builds ask for the same few names, hundreds of times at once where many distributions are
//! installed, and a container keeps no answers. Name servers that guard themselves against floods
//! drop such questions, and the build fails.

use std::fs::{self, File};
use std::net::UdpSocket;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};

use super::pid;
use crate::process::{Tool, last_lines};
use crate::wait;

const PATIENCE: Duration = Duration::from_secs(30);

/// The files of one engine's name server.
struct Files {
    config: Utf8PathBuf,
    log: Utf8PathBuf,
    pid: Utf8PathBuf,
    /// The word of its command line by which the process is known again.
    flag: Utf8PathBuf,
}

impl Files {
    fn of(engine: &Utf8Path) -> Self {
        let config = engine.join("dnsmasq.conf");
        Self {
            flag: format!("--conf-file={config}").into(),
            config,
            log: engine.join("dnsmasq.log"),
            pid: engine.join("dnsmasq.pid"),
        }
    }
}

/// Starts the name server of the engine in this folder on an address of its bridge, unless it
/// runs.
pub(super) fn start(engine: &Utf8Path, address: &str) -> Result<()> {
    let files = Files::of(engine);
    let config = config(address);
    if pid::of(&files.pid, &files.flag).is_some() {
        if fs::read_to_string(&files.config).is_ok_and(|running| running == config) {
            return Ok(());
        }
        pid::stop(&files.pid, &files.flag)?;
    }
    fs::write(&files.config, config)
        .with_context(|| format!("failed to write `{}`", files.config))?;
    launch(&files, address)
}

fn launch(files: &Files, address: &str) -> Result<()> {
    let log =
        File::create(&files.log).with_context(|| format!("failed to make `{}`", files.log))?;
    let mut server =
        Tool::new("setsid").args(["/usr/sbin/dnsmasq", files.flag.as_str()]).spawn_into(log)?;
    fs::write(&files.pid, server.id().to_string())
        .with_context(|| format!("failed to write `{}`", files.pid))?;
    let log_end = || last_lines(&fs::read_to_string(&files.log).unwrap_or_default());
    let answer = wait::until(PATIENCE, || {
        if let Some(status) = server.try_wait()? {
            bail!("dnsmasq ended with {status}; `{}` ends:\n{}", files.log, log_end());
        }
        Ok(is_taken(address).then_some(()))
    })?;
    answer.with_context(|| format!("dnsmasq does not listen; its log ends:\n{}", log_end()))
}

/// Whether somebody answers questions there: the address is only ours.
fn is_taken(address: &str) -> bool {
    UdpSocket::bind((address, 53)).is_err()
}

/// Stops the name server of the engine in this folder.
pub(super) fn stop(engine: &Utf8Path) -> Result<()> {
    let files = Files::of(engine);
    pid::stop(&files.pid, &files.flag).map(drop)
}

/// The settings. That a name has no address of one kind is kept too: every question comes in two
/// kinds, and most names have no IPv6 address.
fn config(address: &str) -> String {
    format!(
        "keep-in-foreground\n\
         log-facility=-\n\
         user=root\n\
         pid-file=\n\
         listen-address={address}\n\
         bind-interfaces\n\
         resolv-file=/etc/resolv.conf\n\
         cache-size=10000\n\
         min-cache-ttl=3600\n\
         neg-ttl=600\n"
    )
}
