//! dockerd: starting it, waiting for it, stopping it.

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::home::Home;
use super::{Store, network, pid, resolver};
use crate::docker::Docker;
use crate::process::{Tool, last_lines};
use crate::progress::Progress;
use crate::wait;

const PATIENCE: Duration = Duration::from_secs(60);

/// Below what any network on the way is likely to carry; a virtual machine's
/// often carries less than Ethernet's 1500.
const MTU: u32 = 1400;

/// So much of what was built stays. Without this an engine drops it as soon as a fifth of the disk is no longer
/// free, and a test that builds twice finds a step gone that it has just run.
const CACHE: &str = "40GB";

/// Which of the engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Name {
    /// The one that builds.
    Main,
    /// The one that tests compare with: another machine, or another store.
    Second,
    /// Another one, where the second has the other store.
    Third,
}

impl Name {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Second => "second",
            Self::Third => "third",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The files of one engine.
struct Files {
    folder: Utf8PathBuf,
    config: Utf8PathBuf,
    log: Utf8PathBuf,
    pid: Utf8PathBuf,
    bridge: Utf8PathBuf,
}

impl Files {
    fn of(home: &Home, name: Name) -> Self {
        let folder = home.engine(name);
        Self {
            config: folder.join("daemon.json"),
            log: folder.join("log"),
            pid: folder.join("pid"),
            bridge: folder.join("bridge.json"),
            folder,
        }
    }
}

/// Whether this engine runs.
pub(super) fn is_running(home: &Home, name: Name) -> bool {
    let files = Files::of(home, name);
    pid::of(&files.pid, &files.config).is_some()
}

/// Starts an engine and waits until it answers. An engine that runs stays,
/// unless it has the other store: then that is an error.
pub(super) fn start(home: &Home, name: Name, store: Store, progress: &Progress) -> Result<()> {
    let files = Files::of(home, name);
    fs::create_dir_all(&files.folder)
        .with_context(|| format!("failed to make `{}`", files.folder))?;
    let bridge = network::provide(&files.bridge)?;
    resolver::start(&files.folder, bridge.address())?;
    let config = config(store, bridge.address());
    if is_running(home, name) {
        let same = fs::read_to_string(&files.config).is_ok_and(|running| running == config);
        return if same { Ok(()) } else { bail!(other_store(name)) };
    }
    progress.say(format_args!("starting dockerd ({name}, {store:?} store)"));
    let data = data(&files.folder, store);
    fs::create_dir_all(&data).with_context(|| format!("failed to make `{data}`"))?;
    fs::write(&files.config, config)
        .with_context(|| format!("failed to write `{}`", files.config))?;
    if files.pid.exists() {
        // Its process is gone, and dockerd refuses to start over the file.
        fs::remove_file(&files.pid).with_context(|| format!("failed to remove `{}`", files.pid))?;
    }
    launch(home, name, &files, &data, &bridge.name)
}

/// The settings of an engine. Equal settings give equal text.
fn config(store: Store, name_server: &str) -> String {
    let config = json!({
        "builder": {"gc": {"enabled": true, "defaultReservedSpace": CACHE}},
        "dns": [name_server],
        "features": {"containerd-snapshotter": store == Store::Containerd},
        "insecure-registries": ["127.0.0.0/8"],
        "ip6tables": false,
        "iptables": false,
        "mtu": MTU,
    });
    format!("{config:#}\n")
}

/// Each store has a folder of its own, as neither understands the other's.
fn data(folder: &Utf8Path, store: Store) -> Utf8PathBuf {
    folder.join(match store {
        Store::Containerd => "data",
        Store::Classic => "data-classic",
    })
}

fn other_store(name: Name) -> String {
    format!("the {name} engine runs with other settings; run `cargo xtask engine down` first")
}

fn launch(home: &Home, name: Name, files: &Files, data: &Utf8Path, bridge: &str) -> Result<()> {
    let root = home.root();
    let path = env::var("PATH").unwrap_or_default();
    let log =
        File::create(&files.log).with_context(|| format!("failed to make `{}`", files.log))?;
    // A session of its own, so that Ctrl-C in this terminal does not reach it.
    let mut dockerd = Tool::new("setsid")
        .args(["dockerd", "--config-file", files.config.as_str()])
        .args(["--data-root", data.as_str()])
        .args(["--exec-root", files.folder.join("run").as_str()])
        .args(["--pidfile", files.pid.as_str()])
        .args(["--host", &format!("unix://{}", home.socket(name))])
        .args(["--bridge", bridge])
        .env("PATH", format!("{root}/usr/sbin:{root}/usr/bin:/usr/sbin:/sbin:{path}"))
        .spawn_into(log)?;
    let client = Docker::at(home.client(), &format!("unix://{}", home.socket(name)));
    let answer = wait::until(PATIENCE, || {
        if let Some(status) = dockerd.try_wait()? {
            bail!("dockerd ended with {status}; {}", log_end(&files.log));
        }
        Ok(client.answers().then_some(()))
    })?;
    answer.with_context(|| format!("dockerd does not answer; {}", log_end(&files.log)))
}

fn log_end(log: &Utf8Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    format!(
        "`{log}` ends:\n{}\nin a container, it has to be a privileged one; \
         on a machine with a Docker of its own, start that instead",
        last_lines(&text)
    )
}

/// Stops an engine, and takes back its bridge and its rules.
pub(super) fn stop(home: &Home, name: Name, progress: &Progress) -> Result<()> {
    let files = Files::of(home, name);
    if is_running(home, name) {
        progress.say(format_args!("stopping dockerd ({name})"));
        pid::stop(&files.pid, &files.config)?;
    }
    resolver::stop(&files.folder)?;
    network::remove(&files.bridge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_store_tells_the_engines_apart() {
        assert!(
            config(Store::Containerd, "10.213.0.1").contains("\"containerd-snapshotter\": true")
        );
        assert!(config(Store::Classic, "10.213.0.1").contains("\"containerd-snapshotter\": false"));
        assert_ne!(
            data(Utf8Path::new("main"), Store::Containerd),
            data(Utf8Path::new("main"), Store::Classic)
        );
    }
}
