//! From the text of a lock to its packages.

use std::collections::BTreeMap;

use toml::Spanned;

use super::{
    Package, Pylock,
    wire::{DirectoryWire, FileWire, LockWire, PackageWire, VcsWire},
};
use crate::{
    Artifact, LocalKind, LockError, LockFormat, PinSource, Problem,
    file::{Files, is_wheel, last_part},
    marker::Condition,
    page::{Page, Versions},
    place::{join, tidy},
    project::Known,
    source::Source,
};

const VERSIONS: Versions = Versions { keys: &["lock-version"], majors: &["1"], known: "1.0" };

/// Reads the text of a lock.
pub(super) fn read(path: &str, text: &str) -> Result<Pylock, LockError> {
    let page = &Page::new(LockFormat::Pylock, path, text);
    let lock: LockWire = page.toml_of_version(&VERSIONS)?;
    check_unique(page, &lock.packages)?;
    let packages = lock.packages.iter().map(|package| read_package(page, package));
    let environments = lock.environments.iter().map(|text| {
        Ok((text.get_ref().clone(), condition(page, text, || "an environment".to_owned())?))
    });
    let mut groups = lock.dependency_groups;
    groups.extend(lock.default_groups.iter().cloned());
    Ok(Pylock {
        environments: environments.collect::<Result<_, _>>()?,
        packages: packages.collect::<Result<_, _>>()?,
        known: Known { name: None, extras: lock.extras, groups },
        requires_python: lock.requires_python,
        default_groups: lock.default_groups,
    })
}

/// A name may be there several times, but only with markers that exclude each other.
fn check_unique(page: &Page<'_>, packages: &[Spanned<PackageWire>]) -> Result<(), LockError> {
    let mut lines = BTreeMap::new();
    for spanned in packages {
        let PackageWire { name, version, marker, .. } = spanned.get_ref();
        let line = page.line(spanned);
        let key = (name, version, marker.as_ref().map(Spanned::get_ref));
        if let Some(first) = lines.insert(key, line) {
            return Err(page.error(line, Problem::Duplicate { package: name.clone(), first }));
        }
    }
    Ok(())
}

fn condition(
    page: &Page<'_>,
    text: &Spanned<String>,
    what: impl Fn() -> String,
) -> Result<Condition, LockError> {
    Condition::parse(text.get_ref())
        .map_err(|reason| page.invalid(page.line(text), what(), text.get_ref(), reason))
}

fn read_package(page: &Page<'_>, spanned: &Spanned<PackageWire>) -> Result<Package, LockError> {
    let wire = spanned.get_ref();
    let marker = wire
        .marker
        .as_ref()
        .map(|marker| condition(page, marker, || format!("the marker of `{}`", wire.name)));
    let (source, files) = source(wire).map_err(|reason| {
        page.error(page.line(spanned), Problem::Source { package: wire.name.clone(), reason })
    })?;
    Ok(Package {
        name: wire.name.clone(),
        version: wire.version.clone(),
        marker: marker.transpose()?,
        requires_python: wire.requires_python.clone(),
        source,
        files,
        line: page.line(spanned),
    })
}

/// Returns where a package comes from, and its files; exactly one kind of place can be given.
fn source(wire: &PackageWire) -> Result<(Source, Files), String> {
    let PackageWire { vcs, directory, archive, sdist, wheels, .. } = wire;
    match (vcs, directory, archive, sdist.is_some() || !wheels.is_empty()) {
        (Some(vcs), None, None, false) => {
            Ok((Source::ThirdParty(repository(vcs)?), Files::default()))
        }
        (None, Some(directory), None, false) => Ok((local(directory), Files::default())),
        (None, None, Some(archive), false) => {
            let source = only_archive(archive)?;
            Ok((Source::ThirdParty(source), sorted(std::slice::from_ref(archive), None)))
        }
        (None, None, None, true) => {
            let index = wire.index.clone().unwrap_or_else(|| PinSource::DEFAULT_INDEX.to_owned());
            let files = sorted(wheels, sdist.as_ref());
            Ok((Source::ThirdParty(PinSource::Registry { index }), files))
        }
        _ => Err("it needs exactly one of `vcs`, `directory`, `archive`, and files".into()),
    }
}

fn repository(wire: &VcsWire) -> Result<PinSource, String> {
    if wire.kind != "git" {
        return Err(format!("`type` is `{}`", wire.kind));
    }
    let url = wire.url.clone().or_else(|| wire.path.as_deref().map(tidy));
    Ok(PinSource::Git {
        url: url.ok_or("`url` is missing")?,
        subdirectory: wire.subdirectory.clone(),
        commit: wire.commit_id.clone(),
        lfs: false,
        path: None,
    })
}

fn local(wire: &DirectoryWire) -> Source {
    let kind = if wire.editable { LocalKind::Editable } else { LocalKind::Directory };
    let path = join(&wire.path, wire.subdirectory.as_deref().unwrap_or("."));
    Source::Local { path, kind }
}

fn only_archive(wire: &FileWire) -> Result<PinSource, String> {
    match (&wire.url, &wire.path) {
        (Some(url), _) => {
            Ok(PinSource::Url { url: url.clone(), subdirectory: wire.subdirectory.clone() })
        }
        (None, Some(path)) => Ok(PinSource::Path { path: tidy(path) }),
        (None, None) => Err("`url` is missing".into()),
    }
}

fn sorted(wheels: &[FileWire], sdist: Option<&FileWire>) -> Files {
    let (mut wheels, rest): (Vec<_>, Vec<_>) =
        wheels.iter().map(artifact).partition(|file| is_wheel(&file.file_name));
    wheels.sort();
    Files { wheels, sdist: sdist.map(artifact).or_else(|| rest.into_iter().next()) }
}

fn artifact(wire: &FileWire) -> Artifact {
    let FileWire { name, url, path, size, hashes, .. } = wire.clone();
    let place = url.as_deref().or(path.as_deref()).unwrap_or_default();
    // Every file has some hash; sha256 is what installers and other locks know.
    let hash = hashes.get_key_value("sha256").or_else(|| hashes.first_key_value());
    Artifact {
        file_name: name.unwrap_or_else(|| last_part(place)),
        path: path.as_deref().filter(|_| url.is_none()).map(tidy),
        hash: hash.map(|(algorithm, hex)| format!("{algorithm}:{hex}")),
        url,
        size,
    }
}
