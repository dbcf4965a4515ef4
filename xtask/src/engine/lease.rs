//! Engines that a chore started for itself, and stops when it ends.
//!
//! Two chores may run at once and share an engine, and someone may decide to
//! keep it with `engine up`. So what is on lease is written down, everyone who
//! uses the engines holds a shared lock, and the last one to leave stops what
//! is still on lease.

use std::collections::BTreeSet;
use std::fs::{self, File};

use anyhow::{Context, Result};
use camino::Utf8PathBuf;
use fs4::FileExt;

use super::daemon::{self, Name};
use super::home::Home;
use super::{EmptyRegistry, Engine, Store};
use crate::docker::Docker;
use crate::interrupt;

/// Holds the engines; when dropped, they stop unless they are to stay.
#[derive(Debug)]
pub(crate) struct Lease {
    engine: Engine,
    users: Option<File>,
}

impl Lease {
    /// Takes part in the engines of `engine`, starting none yet.
    pub(crate) fn new(engine: Engine) -> Result<Self> {
        let users = engine.home.open("users")?;
        FileExt::lock_shared(&users).context("failed to lock the list of users")?;
        Ok(Self { engine, users: Some(users) })
    }

    /// The engines.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Starts the main engine, on lease if it does not run already.
    pub(crate) fn up(&self) -> Result<()> {
        self.start(Name::Main, Engine::up)
    }

    /// Starts a further engine, on lease if it does not run already, with
    /// base images from `source` where that has them.
    pub(crate) fn further(&self, name: Name, store: Store, source: &Docker) -> Result<()> {
        self.start(name, |engine| engine.further(name, store, Some(source)))
    }

    /// Starts the registry without an engine and returns its address.
    pub(crate) fn registry(&self) -> Result<String> {
        let _lock = self.engine.home.lock(&self.engine.progress)?;
        self.engine.start_registry()
    }

    /// Starts another registry, with nothing in it.
    pub(crate) fn empty_registry(&self) -> Result<EmptyRegistry> {
        let _lock = self.engine.home.lock(&self.engine.progress)?;
        self.engine.empty_registry()
    }

    fn start(&self, name: Name, start: impl FnOnce(&Engine) -> Result<()>) -> Result<()> {
        let _lock = self.engine.home.lock(&self.engine.progress)?;
        if !daemon::is_running(&self.engine.home, name) {
            // First, so that half a start is cleared away too.
            let mut leased = read(&self.engine.home)?;
            leased.insert(name);
            write(&self.engine.home, &leased)?;
        }
        start(&self.engine)
    }

    fn end(&mut self) -> Result<()> {
        let Some(users) = self.users.take() else { return Ok(()) };
        self.engine.progress.mute();
        let _lock = self.engine.home.lock(&self.engine.progress)?;
        FileExt::unlock(&users).context("failed to leave the list of users")?;
        if FileExt::try_lock(&users).is_err() {
            return Ok(());
        }
        let leased = read(&self.engine.home)?;
        self.engine.stop(&leased.iter().copied().collect::<Vec<_>>())?;
        write(&self.engine.home, &BTreeSet::new())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Err(error) = interrupt::ignore(|| self.end()) {
            let advice = "`cargo xtask engine down` stops them";
            eprintln!("error: failed to stop the private engines; {advice}: {error:#}");
        }
    }
}

/// Takes these engines off lease: they stay, or are gone.
pub(super) fn keep(home: &Home, names: &[Name]) -> Result<()> {
    let mut leased = read(home)?;
    leased.retain(|name| !names.contains(name));
    write(home, &leased)
}

fn file(home: &Home) -> Utf8PathBuf {
    home.folder().join("leased.json")
}

fn read(home: &Home) -> Result<BTreeSet<Name>> {
    let path = file(home);
    if !path.exists() {
        return Ok(BTreeSet::new());
    }
    let text = fs::read(&path).with_context(|| format!("failed to read `{path}`"))?;
    serde_json::from_slice(&text).with_context(|| format!("`{path}` is damaged; remove it"))
}

fn write(home: &Home, leased: &BTreeSet<Name>) -> Result<()> {
    let path = file(home);
    fs::write(&path, serde_json::to_vec(leased)?)
        .with_context(|| format!("failed to write `{path}`"))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    #[test]
    fn what_is_kept_is_no_longer_on_lease() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        write(&home, &BTreeSet::from([Name::Main, Name::Second])).unwrap();
        keep(&home, &[Name::Main]).unwrap();
        assert_eq!(read(&home).unwrap(), BTreeSet::from([Name::Second]));
    }
}
