//! A lock of any format.

use std::collections::BTreeSet;

use pymono_names::Target;

use crate::{
    Closure, ClosureError, LocalPackage, Lock, LockError, LockFormat, PdmLock, PipfileLock,
    PoetryLock, Problem, Pylock, Requirements, Selection, page::Page,
};

/// A parsed lock of any format.
///
/// How each format is read differs, since some need the text of more files
/// than one; how they are asked does not.
#[derive(Clone, Debug)]
pub enum AnyLock {
    /// A lock of uv.
    Uv(Lock),
    /// A lock of Poetry.
    Poetry(PoetryLock),
    /// A lock of PDM.
    Pdm(PdmLock),
    /// A lock as the standard defines it.
    Pylock(Pylock),
    /// A lock of pipenv.
    Pipfile(PipfileLock),
    /// A file of requirements for pip.
    Requirements(Requirements),
}

impl AnyLock {
    /// Reads the lock at `path`, in the format that its name tells: what is no other lock is a
    /// file of requirements.
    ///
    /// `read` returns the text of a file, and nothing if there is none. It is asked for the
    /// lock, for the `pyproject.toml` beside those locks that need it, and for what a file of
    /// requirements leads to. All paths are relative to the project's folder.
    pub fn read(
        path: &str,
        mut read: impl FnMut(&str) -> Option<String>,
    ) -> Result<Self, LockError> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let format = LockFormat::of_file_name(name).unwrap_or(LockFormat::Requirements);
        if format == LockFormat::Requirements {
            return Ok(Self::Requirements(Requirements::parse(path, read)?));
        }
        let missing = || {
            let problem = Problem::NoFile { path: path.to_owned() };
            Page::new(format, path, "").error(None, problem)
        };
        let text = read(path).ok_or_else(missing)?;
        let mut manifest = || read("pyproject.toml").unwrap_or_default();
        Ok(match format {
            LockFormat::Uv => Self::Uv(Lock::parse(path, &text)?),
            LockFormat::Poetry => Self::Poetry(PoetryLock::parse(path, &text, &manifest())?),
            LockFormat::Pdm => Self::Pdm(PdmLock::parse(path, &text, &manifest())?),
            LockFormat::Pipfile => Self::Pipfile(PipfileLock::parse(path, &text)?),
            // No project has a `pymono.lock`, so nobody asks for one here.
            LockFormat::Pylock | LockFormat::Requirements | LockFormat::Pymono => {
                Self::Pylock(Pylock::parse(path, &text)?)
            }
        })
    }

    /// Returns the format.
    pub fn format(&self) -> LockFormat {
        match self {
            Self::Uv(_) => LockFormat::Uv,
            Self::Poetry(_) => LockFormat::Poetry,
            Self::Pdm(_) => LockFormat::Pdm,
            Self::Pylock(_) => LockFormat::Pylock,
            Self::Pipfile(_) => LockFormat::Pipfile,
            Self::Requirements(_) => LockFormat::Requirements,
        }
    }

    /// Returns the local packages of the lock, by name and path, each once.
    ///
    /// In a format that tells which project it belongs to, that one is among them.
    pub fn local_packages(&self) -> BTreeSet<LocalPackage<'_>> {
        match self {
            Self::Uv(lock) => lock.local_packages().collect(),
            Self::Poetry(lock) => lock.local_packages().collect(),
            Self::Pdm(lock) => lock.local_packages().collect(),
            Self::Pylock(lock) => lock.local_packages().collect(),
            Self::Pipfile(lock) => lock.local_packages().collect(),
            Self::Requirements(lock) => lock.local_packages().collect(),
        }
    }

    /// Returns all that `selection` needs on `target`.
    ///
    /// [`ClosureError::hint_for`] the lock's [`format`](Self::format) tells what to do about an error.
    pub fn close(&self, selection: &Selection, target: &Target) -> Result<Closure, ClosureError> {
        match self {
            Self::Uv(lock) => lock.close(selection, target),
            Self::Poetry(lock) => lock.close(selection, target),
            Self::Pdm(lock) => lock.close(selection, target),
            Self::Pylock(lock) => lock.close(selection, target),
            Self::Pipfile(lock) => lock.close(selection, target),
            Self::Requirements(lock) => lock.close(selection, target),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locals(lock: &AnyLock) -> (LockFormat, Vec<(String, String)>) {
        let owned = |it: LocalPackage<'_>| (it.name.to_string(), it.path.to_owned());
        (lock.format(), lock.local_packages().into_iter().map(owned).collect())
    }

    #[test]
    fn every_format_tells_its_local_packages() {
        let project = "[project]\nname = \"svc\"\n";
        let core = ("core".to_owned(), "../core".to_owned());
        let svc = ("svc".to_owned(), ".".to_owned());
        let poetry = "[[package]]\nname = \"core\"\nversion = \"1\"\n[package.source]\ntype = \"directory\"\n\
                      url = \"../core\"\n[metadata]\nlock-version = \"2.0\"\n";
        let pdm = "[metadata]\nlock_version = \"4.5\"\n[[package]]\nname = \"core\"\npath = \"../core\"\n";
        let pylock = "lock-version = \"1.0\"\n[[packages]]\nname = \"core\"\ndirectory = { path = \"../core\" }\n";
        let pipfile = r#"{"_meta": {"pipfile-spec": 6}, "default": {"core": {"path": "../core"}}}"#;
        let uv = "version = 1\n[[package]]\nname = \"core\"\nversion = \"1\"\nsource = { directory = \"../core\" }\n";
        let requirements =
            |path: &str| (path == "r.txt").then(|| "-e ../core\n../core\n".to_owned());
        let both = vec![core.clone(), svc];
        for (lock, format, expected) in [
            (AnyLock::Uv(Lock::parse("uv.lock", uv).unwrap()), LockFormat::Uv, vec![core.clone()]),
            (
                AnyLock::Poetry(PoetryLock::parse("poetry.lock", poetry, project).unwrap()),
                LockFormat::Poetry,
                both.clone(),
            ),
            (
                AnyLock::Poetry(PoetryLock::parse("poetry.lock", poetry, "").unwrap()),
                LockFormat::Poetry,
                vec![core.clone()],
            ),
            (
                AnyLock::Pdm(PdmLock::parse("pdm.lock", pdm, project).unwrap()),
                LockFormat::Pdm,
                both,
            ),
            (
                AnyLock::Pylock(Pylock::parse("pylock.toml", pylock).unwrap()),
                LockFormat::Pylock,
                vec![core.clone()],
            ),
            (
                AnyLock::Pipfile(PipfileLock::parse("Pipfile.lock", pipfile).unwrap()),
                LockFormat::Pipfile,
                vec![core.clone()],
            ),
            (
                AnyLock::Requirements(Requirements::parse("r.txt", requirements).unwrap()),
                LockFormat::Requirements,
                vec![core.clone(), core.clone()],
            ),
        ] {
            assert_eq!(locals(&lock), (format, expected));
        }
    }

    #[test]
    fn a_project_without_a_name_is_called_as_it_is_asked_for() {
        let lock =
            PoetryLock::parse("poetry.lock", "[metadata]\nlock-version = \"2.1\"\n", "").unwrap();
        let closure = AnyLock::Poetry(lock)
            .close(&crate::testing::select(&[], &[]), &crate::testing::target("3.12"))
            .unwrap();
        assert_eq!(closure.locals["."].name.as_ref(), "svc");
    }
}
