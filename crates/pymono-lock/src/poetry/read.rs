//! From the text of a lock to its web.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::{ExtraName, PackageName};
use toml::Spanned;

use super::{
    PoetryLock, Share,
    wire::{FileWire, LockWire, MarkersWire, PackageWire, SourceWire},
};
use crate::{
    Artifact, LocalKind, LockError, LockFormat, PinSource, Problem,
    file::Files,
    marker::Condition,
    need::split_name,
    page::{Page, Versions},
    place::tidy,
    project::{self, ranges},
    source::Source,
    web::{Edge, Entry, Only, Web},
};

const VERSIONS: Versions =
    Versions { keys: &["metadata", "lock-version"], majors: &["1", "2"], known: "1.0 to 2.1" };

/// Reads the text of a lock and of its project.
pub(super) fn read(path: &str, text: &str, pyproject: &str) -> Result<PoetryLock, LockError> {
    let page = &Page::new(LockFormat::Poetry, path, text);
    let lock: LockWire = page.toml_of_version(&VERSIONS)?;
    let manifest = project::manifest_beside(path);
    let mut project = project::poetry(&Page::new(LockFormat::Poetry, &manifest, pyproject))?;
    project.known.extras.extend(lock.extras.keys().cloned());
    let python = match &lock.metadata.python_versions {
        Some(text) => (text.get_ref().clone(), python(page, text)?),
        None => ("*".to_owned(), Vec::new()),
    };
    let shares: Vec<_> =
        lock.package.iter().map(|package| share(page, package)).collect::<Result<_, _>>()?;
    for share in shares.iter().flatten() {
        project.known.groups.extend(share.groups.iter().cloned());
    }
    let entries = lock.package.iter().map(|package| entry(page, package, &lock.metadata.files));
    let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
    check_unique(page, &entries)?;
    Ok(PoetryLock {
        known: project.known.clone(),
        web: Web::new(project, entries),
        // A lock with a package that does not tell who needs it is one that must be walked.
        shares: shares.into_iter().collect(),
        python,
    })
}

fn python(
    page: &Page<'_>,
    text: &Spanned<String>,
) -> Result<Vec<pep440_rs::VersionSpecifiers>, LockError> {
    ranges(text.get_ref()).map_err(|reason| {
        page.invalid(page.line(text), "`python-versions`", text.get_ref(), reason)
    })
}

fn share(page: &Page<'_>, spanned: &Spanned<PackageWire>) -> Result<Option<Share>, LockError> {
    let PackageWire { name, groups, markers, .. } = spanned.get_ref();
    let Some(groups) = groups else { return Ok(None) };
    let marker = |text: &String| {
        Condition::parse(text).map_err(|reason| {
            page.invalid(page.line(spanned), format!("a marker of `{name}`"), text, reason)
        })
    };
    let mut share = Share { groups: groups.iter().cloned().collect(), ..Share::default() };
    match markers {
        None => {}
        Some(MarkersWire::Same(text)) => share.marker = Some(marker(text)?),
        Some(MarkersWire::ByGroup(texts)) => {
            for (group, text) in texts {
                share.by_group.insert(group.clone(), marker(text)?);
            }
        }
    }
    Ok(Some(share))
}

fn entry(
    page: &Page<'_>,
    spanned: &Spanned<PackageWire>,
    old_files: &BTreeMap<PackageName, Vec<FileWire>>,
) -> Result<Entry, LockError> {
    let wire = spanned.get_ref();
    let line = page.line(spanned);
    let source = source(wire).map_err(|reason| {
        page.error(line, Problem::Source { package: wire.name.clone(), reason })
    })?;
    let files = if wire.files.is_empty() {
        old_files.get(&wire.name).map_or(&[][..], Vec::as_slice)
    } else {
        &wire.files
    };
    // Locks of version 1 list the files of a name once, for all its versions.
    let of_version = |file: &&FileWire| {
        !wire.files.is_empty() || is_of_version(&file.file, &wire.version.to_string())
    };
    Ok(Entry {
        name: wire.name.clone(),
        version: Some(wire.version.clone()),
        files: files_of(&source, files.iter().filter(of_version)),
        source,
        edges: edges(page, line, wire)?,
        line: Some(line),
    })
}

/// Returns true unless a file's name tells another version.
fn is_of_version(file: &str, version: &str) -> bool {
    let file = file.replace('_', "-");
    file.contains(&format!("-{}", version.replace('_', "-")))
}

fn files_of<'a>(source: &Source, wires: impl Iterator<Item = &'a FileWire>) -> Files {
    let artifact = |wire: &FileWire| Artifact {
        file_name: wire.file.clone(),
        url: None,
        path: None,
        hash: wire.hash.clone(),
        size: None,
    };
    match source {
        Source::Local { .. } | Source::ThirdParty(PinSource::Git { .. }) => Files::default(),
        Source::ThirdParty(PinSource::Registry { .. }) => Files::sorted(wires.map(artifact)),
        Source::ThirdParty(source) => {
            Files::only(source, wires.filter_map(|wire| wire.hash.clone()))
        }
    }
}

fn source(wire: &PackageWire) -> Result<Source, String> {
    let Some(SourceWire { kind, url, resolved_reference, subdirectory }) = &wire.source else {
        let index = PinSource::DEFAULT_INDEX.to_owned();
        return Ok(Source::ThirdParty(PinSource::Registry { index }));
    };
    let kind_of_local = if wire.develop { LocalKind::Editable } else { LocalKind::Directory };
    Ok(Source::ThirdParty(match kind.as_str() {
        "directory" => return Ok(Source::Local { path: tidy(url), kind: kind_of_local }),
        "legacy" => PinSource::Registry { index: url.clone() },
        "file" => PinSource::Path { path: tidy(url) },
        "url" => PinSource::Url { url: url.clone(), subdirectory: subdirectory.clone() },
        "git" => PinSource::Git {
            url: url.clone(),
            subdirectory: subdirectory.clone(),
            commit: resolved_reference.clone().ok_or("`resolved_reference` is missing")?,
            lfs: false,
            path: None,
        },
        _ => return Err(format!("`type` is `{kind}`")),
    }))
}

fn edges(page: &Page<'_>, line: usize, wire: &PackageWire) -> Result<Vec<Edge>, LockError> {
    let mut edges = Vec::new();
    for (name, dependency) in &wire.dependencies {
        let declared = dependency.declared(name).map_err(|reason| {
            page.invalid(line, format!("a dependency of `{}`", wire.name), name.as_ref(), reason)
        })?;
        for declared in declared {
            let only = if declared.optional { with_extras(wire, name) } else { Only::Always };
            edges.push(Edge { need: declared.need, only });
        }
    }
    Ok(edges)
}

/// Returns the extras that a dependency belongs to; its marker decides if none lists it.
fn with_extras(wire: &PackageWire, name: &PackageName) -> Only {
    let lists = |texts: &[String]| {
        texts
            .iter()
            .any(|text| split_name(text).0.parse::<PackageName>().is_ok_and(|one| one == *name))
    };
    let extras: BTreeSet<ExtraName> = wire
        .extras
        .iter()
        .filter(|(_, texts)| lists(texts))
        .map(|(extra, _)| extra.clone())
        .collect();
    if extras.is_empty() { Only::Always } else { Only::AnyExtra(extras) }
}

fn check_unique(page: &Page<'_>, entries: &[Entry]) -> Result<(), LockError> {
    let mut lines = BTreeMap::new();
    for Entry { name, version, source, line, .. } in entries {
        let first = lines.insert((name, version, source), *line);
        if let Some(first) = first.flatten() {
            return Err(page.error(*line, Problem::Duplicate { package: name.clone(), first }));
        }
    }
    Ok(())
}
