//! The files that a distribution can be installed from, and which of them fit.

use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;
use pymono_names::Target;

use crate::{Artifact, Pin, PinSource, place::decoded, tags::WheelTags};

/// A distribution as a lock has it, for all targets.
#[derive(Clone, Debug)]
pub(crate) struct Distribution<'a> {
    pub(crate) name: &'a PackageName,
    pub(crate) version: Option<&'a Version>,
    pub(crate) source: &'a PinSource,
    pub(crate) files: &'a Files,
}

/// The files of a distribution.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Files {
    /// Its wheels, in order; and files of which only the hash is known.
    pub(crate) wheels: Vec<Artifact>,
    /// Its source distribution.
    pub(crate) sdist: Option<Artifact>,
}

impl Files {
    /// Sorts files by what their names say that they are.
    ///
    /// Old ways of packing, such as `.egg` and `.exe`, are left out: no
    /// installer takes them any more. Where a lock names no file at all, one
    /// of which nothing is known stands for all that the index has.
    pub(crate) fn sorted(files: impl IntoIterator<Item = Artifact>) -> Self {
        let mut files = files.into_iter().peekable();
        if files.peek().is_none() {
            return Self::unnamed([]);
        }
        let (mut wheels, rest): (Vec<_>, Vec<_>) =
            files.partition(|file| !file.is_named() || is_wheel(&file.file_name));
        wheels.sort();
        let sdist = rest.into_iter().filter_map(|file| Some((rank(&file.file_name)?, file)));
        Self { wheels, sdist: sdist.min().map(|(_, file)| file) }
    }

    /// Makes files of hashes alone, of which each may be that of a wheel or of a source distribution.
    pub(crate) fn unnamed(hashes: impl IntoIterator<Item = String>) -> Self {
        let unnamed =
            |hash| Artifact { file_name: String::new(), url: None, path: None, hash, size: None };
        let mut wheels: Vec<_> = hashes.into_iter().map(|hash| unnamed(Some(hash))).collect();
        if wheels.is_empty() {
            wheels.push(unnamed(None));
        }
        wheels.sort();
        wheels.dedup();
        Self { wheels, sdist: None }
    }

    /// Makes the one file of a distribution that is an archive somewhere.
    ///
    /// The hash, of which there may be several for a file, is the first.
    pub(crate) fn only(source: &PinSource, hashes: impl IntoIterator<Item = String>) -> Self {
        let (url, path) = match source {
            PinSource::Url { url, .. } => (Some(url.clone()), None),
            PinSource::Path { path } => (None, Some(path.clone())),
            PinSource::Registry { .. } | PinSource::Git { .. } => return Self::default(),
        };
        let file_name = last_part(url.as_deref().or(path.as_deref()).unwrap_or_default());
        let hash = hashes.into_iter().min();
        let file = Artifact { file_name, url, path, hash, size: None };
        if is_wheel(&file.file_name) {
            Self { wheels: vec![file], sdist: None }
        } else {
            Self { wheels: Vec::new(), sdist: Some(file) }
        }
    }
}

impl Distribution<'_> {
    /// Returns the pin for `target`, with the files that fit it.
    ///
    /// The error is the file names of all wheels, if neither one of them fits nor there is a source.
    pub(crate) fn pin(&self, target: Target) -> Result<Pin, Vec<String>> {
        let Files { wheels: all, sdist } = self.files;
        let fits = |file: &Artifact| {
            !file.is_named()
                || WheelTags::parse(&file.file_name).is_some_and(|tags| tags.fit(target))
        };
        let wheels: Arc<[_]> = all.iter().filter(|file| fits(file)).cloned().collect();
        let is_archive = !matches!(self.source, PinSource::Git { .. });
        if is_archive && wheels.is_empty() && sdist.is_none() {
            return Err(all.iter().map(|wheel| wheel.file_name.clone()).collect());
        }
        Ok(Pin {
            name: self.name.clone(),
            version: self.version.cloned(),
            source: self.source.clone(),
            wheels,
            sdist: sdist.clone(),
        })
    }
}

/// Returns a name with its version, as in a requirement.
pub(crate) fn pinned(name: &PackageName, version: Option<&Version>) -> String {
    version.map_or_else(|| name.to_string(), |version| format!("{name}=={version}"))
}

/// Returns the name of the file at a URL or path.
pub(crate) fn last_part(place: &str) -> String {
    let place = place.split(['?', '#']).next().unwrap_or_default();
    decoded(place.rsplit('/').next().unwrap_or_default())
}

/// Returns how much a source distribution of this name is wanted, the least the most.
fn rank(file_name: &str) -> Option<usize> {
    [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar"]
        .iter()
        .position(|end| file_name.ends_with(end))
}

/// Returns true for the name of a wheel, whose ending is written small.
pub fn is_wheel(file_name: &str) -> bool {
    file_name.strip_suffix(".whl").is_some()
}

/// Returns true for the name of a wheel or of a source distribution.
pub(crate) fn is_archive(file_name: &str) -> bool {
    is_wheel(file_name) || rank(file_name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_source_distributions_the_usual_one_is_taken() {
        let file = |name: &str| Artifact {
            file_name: name.into(),
            url: None,
            path: None,
            hash: None,
            size: None,
        };
        let files = ["a-1.zip", "a-1-py3-none-any.whl", "a-1.tar.gz", "a-1.exe", "a-1-py3.11.egg"];
        let files = Files::sorted(files.map(file));
        assert_eq!(files.wheels, [file("a-1-py3-none-any.whl")]);
        assert_eq!(files.sdist, Some(file("a-1.tar.gz")));
    }
}
