//! From the text of a lock to its categories.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;
use serde_json::value::RawValue;

use super::{
    Package, Pinned, PipfileLock,
    wire::{EntryWire, IndexWire, MetaWire, Pairs, VersionWire},
};
use crate::{
    GroupName, LocalKind, LockError, LockFormat, PinSource, Problem,
    file::{Files, is_archive},
    marker::Condition,
    page::Page,
    place::tidy,
    project::Known,
    requirements::{is_commit, version_of},
    source::Source,
};

const KNOWN: &str = "6";

/// Reads the text of a lock.
pub(super) fn read(path: &str, text: &str) -> Result<PipfileLock, LockError> {
    let page = &Page::new(LockFormat::Pipfile, path, text);
    let (meta, raw_categories): (Vec<_>, Vec<_>) =
        pairs(page, text)?.into_iter().partition(|(key, _)| key == "_meta");
    let meta = meta.first().map(|(_, raw)| meta_of(page, raw.get())).transpose()?;
    let Some(MetaWire { requires, sources, .. }) = meta else {
        return Err(page.error(None, Problem::Version { found: None, known: KNOWN }));
    };
    let mut categories = BTreeMap::new();
    for (category, raw) in raw_categories {
        let line = page.line_of_part(raw.get());
        let name: GroupName = category
            .parse()
            .map_err(|_| page.invalid(line, "a category", &category, "it is no name"))?;
        let mut reader = Reader { page, indexes: &sources, seen: BTreeMap::new() };
        let entries = pairs(page, raw.get())?;
        let packages = entries.iter().map(|(name, raw)| reader.package(name, raw.get()));
        if categories.insert(name, packages.collect::<Result<_, _>>()?).is_some() {
            return Err(page.torn(Some(line), None, format!("`{category}` is there twice")));
        }
    }
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

/// Reads what is said of the lock as a whole, if its version is known.
fn meta_of(page: &Page<'_>, raw: &str) -> Result<MetaWire, LockError> {
    let found = page.json::<VersionWire>(raw, None)?.pipfile_spec;
    if found == Some(6) {
        return page.json(raw, None);
    }
    let line = page.line_of_part(&raw[raw.find("\"pipfile-spec\"").unwrap_or(0)..]);
    let found = found.map(|found| found.to_string());
    Err(page.error(line, Problem::Version { found, known: KNOWN }))
}

fn pairs<'a>(page: &Page<'_>, raw: &'a str) -> Result<Vec<(String, &'a RawValue)>, LockError> {
    page.json(raw, None).map(|Pairs(pairs)| pairs)
}

struct Reader<'a> {
    page: &'a Page<'a>,
    indexes: &'a [IndexWire],
    /// The lines of the packages so far.
    seen: BTreeMap<PackageName, usize>,
}

impl Reader<'_> {
    fn package(&mut self, name: &str, raw: &str) -> Result<Package, LockError> {
        let line = self.page.line_of_part(raw);
        let wire: EntryWire = self.page.json(raw, Some(name))?;
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
        let source = self.source(&wire).map_err(|reason| {
            self.page.error(line, Problem::Source { package: parsed.clone(), reason })
        })?;
        if let Some(first) = self.seen.insert(parsed.clone(), line) {
            return Err(self.page.error(line, Problem::Duplicate { package: parsed, first }));
        }
        let files = match &source {
            Source::ThirdParty(PinSource::Registry { .. }) => {
                Files::unnamed(wire.hashes.iter().cloned())
            }
            Source::ThirdParty(source) => Files::only(source, wire.hashes.iter().cloned()),
            Source::Local { .. } => Files::default(),
        };
        let pinned = pinned(version.transpose()?, source, &wire);
        Ok(Package { name: parsed, extras: wire.extras, marker, pinned, files, line })
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
