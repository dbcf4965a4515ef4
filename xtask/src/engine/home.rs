//! The folder that holds everything of the private engines.

use std::env;
use std::fs::{self, File, OpenOptions};

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use fs4::{FileExt, TryLockError};

use super::daemon::Name;
use crate::progress::Progress;

/// Sockets lie below the folder, and a socket's path has at most 107 bytes
/// (`sun_path`, unix(7)); the engine's own need up to 45 of them.
const LONGEST: usize = 60;

/// Paths below the folder of the private engines.
#[derive(Clone, Debug)]
pub(super) struct Home(Utf8PathBuf);

impl Home {
    pub(super) fn new(folder: &Utf8Path) -> Result<Self> {
        let folder = camino::absolute_utf8(folder)
            .with_context(|| format!("failed to resolve `{folder}`"))?;
        ensure!(
            folder.as_str().len() <= LONGEST,
            "`{folder}` is too long a path for the sockets in it; \
             give one of at most {LONGEST} bytes with `--home`"
        );
        Ok(Self(folder))
    }

    /// The default folder, in the user's cache.
    pub(super) fn standard() -> Result<Self> {
        let user = env::var("HOME").context("HOME is not set; give a folder with `--home`")?;
        Self::new(&Utf8PathBuf::from(user).join(".cache/pymono-xtask-engine"))
    }

    pub(super) fn folder(&self) -> &Utf8Path {
        &self.0
    }

    /// The unpacked packages of the engine.
    pub(super) fn root(&self) -> Utf8PathBuf {
        self.0.join("root")
    }

    pub(super) fn programs(&self) -> Utf8PathBuf {
        self.root().join("usr/bin")
    }

    pub(super) fn client(&self) -> Utf8PathBuf {
        self.programs().join("docker")
    }

    /// The client's configuration, so that it finds these plugins and no other.
    pub(super) fn config(&self) -> Utf8PathBuf {
        self.0.join("config")
    }

    /// Everything of one engine.
    pub(super) fn engine(&self, name: Name) -> Utf8PathBuf {
        self.0.join(name.as_str())
    }

    pub(super) fn socket(&self, name: Name) -> Utf8PathBuf {
        self.0.join(format!("{name}.sock"))
    }

    /// Keeps other runs out until the answer is dropped.
    ///
    /// The kernel gives the lock back when a run dies, so it never goes stale.
    pub(super) fn lock(&self, progress: &Progress) -> Result<File> {
        let file = self.open("lock")?;
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => progress.say("waiting for another run to finish"),
            Err(TryLockError::Error(error)) => return Err(error).context("failed to lock"),
        }
        FileExt::lock(&file).with_context(|| format!("failed to lock `{}/lock`", self.0))?;
        Ok(file)
    }

    /// Opens a file to lock, and makes it where it is missing.
    pub(super) fn open(&self, name: &str) -> Result<File> {
        fs::create_dir_all(&self.0).with_context(|| format!("failed to make `{}`", self.0))?;
        let path = self.0.join(name);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        options.open(&path).with_context(|| format!("failed to open `{path}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_do_not_race() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let first = home.lock(&Progress::new("test")).unwrap();
        let other = home.open("lock").unwrap();
        assert!(matches!(FileExt::try_lock(&other), Err(TryLockError::WouldBlock)));
        drop(first);
        assert!(FileExt::try_lock(&other).is_ok());
    }

    #[test]
    fn a_folder_too_deep_for_sockets_is_refused() {
        let error = Home::new(Utf8Path::new(&"/deep".repeat(20))).unwrap_err();
        assert!(error.to_string().contains("--home"), "{error}");
    }
}
