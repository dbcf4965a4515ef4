//! `pylock.toml`, which [PEP 751](https://packaging.python.org/en/latest/specifications/pylock-toml/) defines.

mod read;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeSet;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::PackageName;
use pymono_names::Target;

use crate::{
    Closure, ClosureError, GroupName, LocalPackage, LockError, Selection,
    draft::{Draft, Place},
    file::{Distribution, Files},
    marker::{Condition, Scene},
    project::Known,
    source::Source,
};

/// A parsed `pylock.toml`, of version 1.
///
/// It does not tell which project it belongs to, so that the name in a
/// [`Selection`] means nothing; nor does it tell which local package needs
/// which. What it calls default groups is always selected: tools write what
/// production needs as one of them.
#[derive(Clone, Debug)]
pub struct Pylock {
    requires_python: Option<VersionSpecifiers>,
    /// The environments that the lock was made for; all if there are none.
    environments: Vec<(String, Condition)>,
    known: Known,
    default_groups: BTreeSet<GroupName>,
    packages: Vec<Package>,
}

#[derive(Clone, Debug)]
struct Package {
    name: PackageName,
    version: Option<Version>,
    marker: Option<Condition>,
    requires_python: Option<VersionSpecifiers>,
    source: Source,
    files: Files,
    line: usize,
}

impl Pylock {
    /// Reads the text of the lock at `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, LockError> {
        read::read(path, text)
    }

    /// Returns the local packages of the lock, whoever needs them.
    pub fn local_packages(&self) -> impl Iterator<Item = LocalPackage<'_>> {
        self.packages.iter().filter_map(|package| package.source.local(&package.name))
    }

    /// Returns all that `selection` needs on `target`.
    pub fn close(&self, selection: &Selection, target: &Target) -> Result<Closure, ClosureError> {
        let mut scene = self.known.scene(selection, *target)?;
        scene.groups.extend(self.default_groups.iter().cloned());
        self.check(&scene, *target)?;
        let mut draft = Draft::new(*target);
        for package in &self.packages {
            if package.marker.as_ref().is_none_or(|marker| marker.holds(&scene)) {
                package.check(&scene, *target)?;
                package.add(&mut draft)?;
            }
        }
        draft.finish()
    }

    fn check(&self, scene: &Scene, target: Target) -> Result<(), ClosureError> {
        let version = scene.environment.python_full_version();
        if let Some(requires) = self.requires_python.as_ref().filter(|it| !it.contains(version)) {
            return Err(ClosureError::UnsupportedPython { target, requires: requires.clone() });
        }
        let environments = &self.environments;
        if environments.is_empty() || environments.iter().any(|(_, marker)| marker.holds(scene)) {
            return Ok(());
        }
        let supported = environments.iter().map(|(text, _)| text.clone()).collect();
        Err(ClosureError::UnsupportedTarget { target, supported })
    }
}

impl Package {
    fn check(&self, scene: &Scene, target: Target) -> Result<(), ClosureError> {
        let version = scene.environment.python_full_version();
        match &self.requires_python {
            Some(requires) if !requires.contains(version) => {
                let supported = vec![format!("{} on python {requires}", self.name)];
                Err(ClosureError::UnsupportedTarget { target, supported })
            }
            _ => Ok(()),
        }
    }

    fn add(&self, draft: &mut Draft<'_>) -> Result<(), ClosureError> {
        let Self { name, version, files, line, .. } = self;
        match &self.source {
            Source::ThirdParty(source) => {
                let distribution = Distribution { name, version: version.as_ref(), source, files };
                draft.pin(&distribution, Place::Line(*line))?;
            }
            Source::Local { path, kind } => drop(draft.local(name, path, *kind)),
        }
        Ok(())
    }
}
