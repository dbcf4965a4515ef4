//! From the text of a lock to its categories.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::{
    Package, Pinned, PipfileLock,
    wire::{EntryWire, IndexWire, LockWire, VersionWire},
};
use crate::{
    LocalKind, LockFormat, PinSource,
    file::{Files, is_archive},
    marker::Condition,
    place::{line_at, tidy},
    problem::{FormatError, Page, Problem},
    project::Known,
    requirements::{is_commit, version_of},
    source::Source,
};

/// Reads the text of a lock.
pub(super) fn read(text: &str) -> Result<PipfileLock, FormatError> {
    let page = Page::new(LockFormat::Pipfile, "Pipfile.lock", text);
    let version: VersionWire = json(page)?;
    let found = version.meta.pipfile_spec;
    if found != Some(6) {
        let found = found.map_or_else(|| "none".to_owned(), |found| found.to_string());
        return Err(page.error(page.find("pipfile-spec"), Problem::Version { found, known: "6" }));
    }
    let lock: LockWire = json(page)?;
    let mut categories = BTreeMap::new();
    for (category, entries) in &lock.categories {
        let name = category.parse().map_err(|_| {
            page.invalid(page.find(category), "a category", category, "it is no name")
        })?;
        let mut reader =
            Reader { page, category, indexes: &lock.meta.sources, seen: BTreeSet::new() };
        let packages = entries.0.iter().map(|(name, wire)| reader.package(name, wire));
        categories.insert(name, packages.collect::<Result<_, _>>()?);
    }
    let requires = lock.meta.requires;
    Ok(PipfileLock {
        python: requires.python_full_version.or(requires.python_version),
        known: Known {
            name: None,
            extras: BTreeSet::new(),
            groups: categories.keys().cloned().collect(),
        },
        categories,
    })
}

fn json<T: serde::de::DeserializeOwned>(page: Page<'_>) -> Result<T, FormatError> {
    serde_json::from_str(page.text).map_err(|error| {
        let line = (error.line() > 0).then(|| error.line());
        page.error(line, Problem::Torn { reason: error.to_string() })
    })
}

struct Reader<'a> {
    page: Page<'a>,
    category: &'a str,
    indexes: &'a [IndexWire],
    seen: BTreeSet<PackageName>,
}

impl Reader<'_> {
    fn package(&mut self, name: &str, wire: &EntryWire) -> Result<Package, FormatError> {
        let line = self.line(name);
        let invalid = |what: &str, text: &str, reason: String| {
            self.page.invalid(line, format!("{what} of `{name}`"), text, reason)
        };
        let parsed: PackageName = name
            .parse()
            .map_err(|_| self.page.invalid(line, "a package", name, "it is no name"))?;
        let marker = wire.markers.as_ref().map(|text| {
            Condition::parse(text).map_err(|reason| invalid("the marker", text, reason))
        });
        let marker = marker.transpose()?;
        let version = wire.version.as_deref().and_then(exact).map(|text| {
            text.parse::<Version>().map_err(|error| invalid("the version", text, error.to_string()))
        });
        let source = self.source(wire).map_err(|reason| {
            self.page.error(line, Problem::Source { package: parsed.clone(), reason })
        })?;
        if !self.seen.insert(parsed.clone()) {
            let first = line.unwrap_or_default();
            return Err(self.page.error(None, Problem::Duplicate { package: parsed, first }));
        }
        let files = match &source {
            Source::ThirdParty(PinSource::Registry { .. }) => {
                Files::unnamed(wire.hashes.iter().cloned())
            }
            Source::ThirdParty(source) => Files::only(source, wire.hashes.iter().cloned()),
            Source::Local { .. } => Files::default(),
        };
        let pinned = pinned(version.transpose()?, source, wire);
        Ok(Package { name: parsed, extras: wire.extras.clone(), marker, pinned, files, line })
    }

    fn source(&self, wire: &EntryWire) -> Result<Source, String> {
        let subdirectory = wire.subdirectory.clone();
        Ok(Source::ThirdParty(match (&wire.path, &wire.file, &wire.git) {
            (Some(path), None, None) | (None, Some(path), None) if !path.contains("://") => {
                let kind = if wire.editable { LocalKind::Editable } else { LocalKind::Directory };
                if !is_archive(path) {
                    return Ok(Source::Local { path: tidy(path), kind });
                }
                PinSource::Path { path: tidy(path) }
            }
            (None, Some(url), None) => PinSource::Url { url: url.clone(), subdirectory },
            (None, None, Some(git)) => PinSource::Git {
                url: git.clone(),
                subdirectory,
                commit: wire.commit.clone().unwrap_or_default(),
                lfs: false,
                path: None,
            },
            (None, None, None) => PinSource::Registry { index: self.index(wire)? },
            _ => return Err("only one of `path`, `file` and `git` can be given".into()),
        }))
    }

    /// Returns the URL of an entry's index: the one that it names, or else the first.
    fn index(&self, wire: &EntryWire) -> Result<String, String> {
        let index = match &wire.index {
            Some(name) => Some(
                self.indexes
                    .iter()
                    .find(|index| index.name.as_ref() == Some(name))
                    .ok_or_else(|| format!("no source is called `{name}`"))?,
            ),
            None => self.indexes.first(),
        };
        Ok(index.map_or_else(|| PinSource::DEFAULT_INDEX.to_owned(), |index| index.url.clone()))
    }

    /// Returns the line of an entry; JSON's readers tell none, so its key is looked for.
    fn line(&self, name: &str) -> Option<usize> {
        let text = self.page.text;
        let category = text.find(&format!("\"{}\"", self.category))?;
        let key = text[category..].find(&format!("\"{name}\":"))?;
        Some(line_at(text, category + key))
    }
}

/// Returns the version that `==1.2` means.
fn exact(text: &str) -> Option<&str> {
    let version = text.trim().strip_prefix("==")?;
    let version = version.strip_prefix('=').unwrap_or(version).trim();
    (!version.contains(['*', ','])).then_some(version)
}

fn pinned(version: Option<Version>, source: Source, wire: &EntryWire) -> Pinned {
    let written = || wire.version.clone().unwrap_or_else(|| "*".into());
    match &source {
        Source::ThirdParty(PinSource::Registry { .. }) if version.is_none() => {
            Pinned::Not(written().replace('*', ""))
        }
        Source::ThirdParty(PinSource::Git { url, commit, .. }) if !is_commit(commit) => {
            Pinned::Not(format!(" @ git+{url}@{commit}"))
        }
        Source::ThirdParty(PinSource::Url { url: place, .. } | PinSource::Path { path: place }) => {
            Pinned::To(version.or_else(|| version_of(place)), source)
        }
        _ => Pinned::To(version, source),
    }
}
