//! `Pipfile.lock`.

mod read;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};
use pymono_names::Target;

use crate::{
    Closure, ClosureError, GroupName, LocalPackage, LockError, Selection,
    draft::{Draft, Place},
    file::{Distribution, Files},
    marker::{Condition, Scene},
    project::Known,
    source::Source,
};

/// A parsed `Pipfile.lock`, of specification 6.
///
/// Its categories are what can be selected, as groups; `default` always is. It
/// does not tell which project it belongs to, so that the name in a
/// [`Selection`] means nothing, nor does it name files or tell which local
/// package needs which.
///
/// pipenv locks for the platform and the Python that it runs on alone. Of a
/// Python that the lock requires no other is taken; what another platform
/// needs besides cannot be seen in it.
#[derive(Clone, Debug)]
pub struct PipfileLock {
    /// The Python that the lock is for, `3.11` or `3.11.4`; any if there is none.
    python: Option<String>,
    categories: BTreeMap<GroupName, Vec<Package>>,
    known: Known,
}

#[derive(Clone, Debug)]
struct Package {
    name: PackageName,
    extras: BTreeSet<ExtraName>,
    marker: Option<Condition>,
    pinned: Pinned,
    files: Files,
    line: usize,
}

#[derive(Clone, Debug)]
enum Pinned {
    To(Option<Version>, Source),
    /// To nothing; this is what is written instead.
    Not(String),
}

impl PipfileLock {
    /// Reads the text of the lock at `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, LockError> {
        read::read(path, text)
    }

    /// Returns the local packages of the lock, whoever needs them.
    pub fn local_packages(&self) -> impl Iterator<Item = LocalPackage<'_>> {
        let packages = self.categories.values().flatten();
        packages.filter_map(|package| match &package.pinned {
            Pinned::To(_, source) => source.local(&package.name),
            Pinned::Not(_) => None,
        })
    }

    /// Returns all that `selection` needs on `target`.
    ///
    /// A package that the target needs and that has no version is an error;
    /// pipenv writes such a one where the platform that it ran on did not need it.
    pub fn close(&self, selection: &Selection, target: &Target) -> Result<Closure, ClosureError> {
        let scene = self.known.scene(selection, *target)?;
        self.check_python(*target)?;
        let needed = self.needed(&scene);
        let unpinned: BTreeSet<_> =
            needed.iter().filter_map(|package| package.unpinned()).collect();
        if !unpinned.is_empty() {
            return Err(ClosureError::Unpinned { requirements: unpinned.into_iter().collect() });
        }
        let mut draft = Draft::new(*target);
        for package in needed {
            package.add(&mut draft)?;
        }
        draft.finish()
    }

    fn check_python(&self, target: Target) -> Result<(), ClosureError> {
        let Some(python) = &self.python else { return Ok(()) };
        let minor = target.python.minor_version();
        let is_same = match target.python.patch {
            Some(_) => *python == target.python.full_version() || *python == minor,
            None => *python == minor || python.starts_with(&format!("{minor}.")),
        };
        if is_same {
            return Ok(());
        }
        let supported = vec![format!("python {python}")];
        Err(ClosureError::UnsupportedTarget { target, supported })
    }

    fn needed(&self, scene: &Scene) -> Vec<&Package> {
        let wanted = |name: &GroupName| name.as_ref() == "default" || scene.groups.contains(name);
        let categories = self.categories.iter().filter(|(name, _)| wanted(name));
        let holds =
            |package: &&Package| package.marker.as_ref().is_none_or(|marker| marker.holds(scene));
        categories.flat_map(|(_, packages)| packages).filter(holds).collect()
    }
}

impl Package {
    fn unpinned(&self) -> Option<String> {
        match &self.pinned {
            Pinned::To(..) => None,
            Pinned::Not(version) => Some(format!("{}{version} (line {})", self.name, self.line)),
        }
    }

    fn add(&self, draft: &mut Draft<'_>) -> Result<(), ClosureError> {
        let Self { name, files, line, .. } = self;
        match &self.pinned {
            Pinned::Not(_) => {}
            Pinned::To(version, Source::ThirdParty(source)) => {
                let distribution = Distribution { name, version: version.as_ref(), source, files };
                draft.pin(&distribution, Place::Line(*line))?;
            }
            Pinned::To(_, Source::Local { path, kind }) => {
                let local = draft.local(name, path, *kind);
                local.extras.extend(self.extras.iter().cloned());
            }
        }
        Ok(())
    }
}
