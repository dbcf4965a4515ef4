//! From the text of a lock to its web.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;
use toml::Spanned;

use super::{
    PdmLock, Share,
    target::Reach,
    wire::{FileWire, LockWire, MetadataWire, PackageWire},
};
use crate::{
    Artifact, LocalKind, LockError, LockFormat, PinSource, Problem,
    file::{Files, is_archive, last_part},
    marker::Condition,
    need::Need,
    page::{Page, Versions},
    place::tidy,
    project::{self, Project},
    source::Source,
    web::{Edge, Entry, EntryIx, Only, PROJECT, Web},
};

const VERSIONS: Versions =
    Versions { keys: &["metadata", "lock_version"], majors: &["4"], known: "4.0 to 4.5" };

/// Reads the text of a lock and of its project.
pub(super) fn read(path: &str, text: &str, pyproject: &str) -> Result<PdmLock, LockError> {
    let page = &Page::new(LockFormat::Pdm, path, text);
    let lock: LockWire = page.toml_of_version(&VERSIONS)?;
    let manifest = project::manifest_beside(path);
    let manifest = project::pdm(&Page::new(LockFormat::Pdm, &manifest, pyproject))?;
    let mut project = manifest.project;
    only_locked(&mut project, &lock.metadata);
    let mut reader =
        Reader { page, index: &manifest.index, entries: Vec::new(), known: BTreeMap::new() };
    let mut shares = Vec::new();
    for package in &lock.package {
        if !manifest.excludes.contains(&package.get_ref().name) {
            shares.push(reader.package(package, &lock.metadata)?);
        }
    }
    let mut entries = reader.entries;
    let excluded = |edge: &Edge| manifest.excludes.contains(&edge.need.name);
    project.edges.retain(|edge| !excluded(edge));
    for entry in &mut entries {
        entry.edges.retain(|edge| !excluded(edge));
    }
    Ok(PdmLock {
        known: project.known.clone(),
        web: Web::new(project, entries),
        shares: lock.metadata.strategy.contains("inherit_metadata").then_some(shares),
        targets: lock.metadata.targets.iter().map(Reach::from).collect(),
    })
}

/// Forgets what of the project can be selected but is not in the lock.
fn only_locked(project: &mut Project, metadata: &MetadataWire) {
    if !metadata.groups.is_empty() {
        project.known.extras.retain(|extra| metadata.groups.contains(extra));
        project.known.groups.retain(|group| metadata.groups.contains(group));
    }
}

struct Reader<'a> {
    page: &'a Page<'a>,
    /// The index that everything comes from that names no other place.
    index: &'a str,
    entries: Vec<Entry>,
    /// By what tells a package from others, its entry in the web.
    known: BTreeMap<Identity, Package>,
}

/// A name, a version, and a place without how it is installed.
type Identity = (PackageName, Option<pep440_rs::Version>, Source);

/// A package that was met already.
struct Package {
    ix: usize,
    /// The line of each set of extras, and whether it is editable.
    lines: BTreeMap<(BTreeSet<pep508_rs::ExtraName>, Source), usize>,
}

impl Reader<'_> {
    /// Adds an entry, to the package that it is a part of.
    ///
    /// A package with extras is an entry of its own that depends on the one without.
    fn package(
        &mut self,
        spanned: &Spanned<PackageWire>,
        metadata: &MetadataWire,
    ) -> Result<Share, LockError> {
        let wire = spanned.get_ref();
        let line = self.page.line(spanned);
        let source = self.source(wire).map_err(|reason| {
            self.page.error(line, Problem::Source { package: wire.name.clone(), reason })
        })?;
        let ix = self.entry(wire, line, &source, metadata)?;
        let edges = self.edges(wire, line)?;
        self.entries[ix].edges.extend(edges);
        let marker = wire.marker.as_ref().map(|text| {
            Condition::parse(text).map_err(|reason| {
                self.page.invalid(line, format!("the marker of `{}`", wire.name), text, reason)
            })
        });
        let groups = wire.groups.clone();
        Ok(Share { entry: in_web(ix), groups, marker: marker.transpose()? })
    }

    /// Returns the entry of a package, which is made if it is new.
    fn entry(
        &mut self,
        wire: &PackageWire,
        line: usize,
        source: &Source,
        metadata: &MetadataWire,
    ) -> Result<usize, LockError> {
        let identity = (wire.name.clone(), wire.version.clone(), without_kind(source));
        let key = (wire.extras.clone(), source.clone());
        if let Some(package) = self.known.get_mut(&identity) {
            if let Some(first) = package.lines.insert(key, line) {
                let problem = Problem::Duplicate { package: wire.name.clone(), first };
                return Err(self.page.error(line, problem));
            }
            let entry = &mut self.entries[package.ix];
            entry.source = entry.source.clone().min(source.clone());
            return Ok(package.ix);
        }
        let ix = self.entries.len();
        self.known.insert(identity, Package { ix, lines: BTreeMap::from([(key, line)]) });
        self.entries.push(Entry {
            name: wire.name.clone(),
            version: wire.version.clone(),
            files: files(wire, source, metadata),
            source: source.clone(),
            edges: Vec::new(),
            line: Some(line),
        });
        Ok(ix)
    }

    fn edges(&self, wire: &PackageWire, line: usize) -> Result<Vec<Edge>, LockError> {
        let only = || {
            if wire.extras.is_empty() { Only::Always } else { Only::AllExtras(wire.extras.clone()) }
        };
        let edge = |text: &String| {
            let need = Need::parse(text).map_err(|reason| {
                self.page.invalid(line, format!("a dependency of `{}`", wire.name), text, reason)
            })?;
            Ok(Edge { need, only: only() })
        };
        wire.dependencies.iter().map(edge).collect()
    }

    fn source(&self, wire: &PackageWire) -> Result<Source, String> {
        let subdirectory = wire.subdirectory.clone();
        Ok(Source::ThirdParty(match (&wire.path, &wire.url, &wire.git) {
            (Some(path), None, None) if is_archive(path) => PinSource::Path { path: tidy(path) },
            (Some(path), None, None) => {
                let kind = if wire.editable { LocalKind::Editable } else { LocalKind::Directory };
                return Ok(Source::Local { path: tidy(path), kind });
            }
            (None, Some(url), None) => PinSource::Url { url: url.clone(), subdirectory },
            (None, None, Some(git)) => PinSource::Git {
                url: git.clone(),
                subdirectory,
                commit: wire.revision.clone().ok_or("`revision` is missing")?,
                lfs: false,
                path: None,
            },
            (None, None, None) => match [&wire.hg, &wire.svn, &wire.bzr] {
                [None, None, None] => PinSource::Registry { index: self.index.to_owned() },
                _ => return Err("only `git` is known".into()),
            },
            _ => return Err("only one of `path`, `url` and `git` can be given".into()),
        }))
    }
}

/// Returns where an entry is in the web, in which the project comes first.
fn in_web(ix: usize) -> EntryIx {
    ix + PROJECT + 1
}

/// The extras of a package are never editable, even if the package itself is.
fn without_kind(source: &Source) -> Source {
    match source {
        Source::Local { path, .. } => {
            Source::Local { path: path.clone(), kind: LocalKind::Directory }
        }
        Source::ThirdParty(_) => source.clone(),
    }
}

fn files(wire: &PackageWire, source: &Source, metadata: &MetadataWire) -> Files {
    let old = wire.version.as_ref().and_then(|version| {
        metadata.files.get(&format!("{} {version}", wire.name)).map(Vec::as_slice)
    });
    let files = if wire.files.is_empty() { old.unwrap_or_default() } else { &wire.files };
    match source {
        Source::Local { .. } | Source::ThirdParty(PinSource::Git { .. }) => Files::default(),
        Source::ThirdParty(PinSource::Registry { .. }) => Files::sorted(files.iter().map(artifact)),
        Source::ThirdParty(source) => {
            Files::only(source, files.iter().filter_map(|file| file.hash.clone()))
        }
    }
}

fn artifact(wire: &FileWire) -> Artifact {
    let FileWire { file, url, hash } = wire.clone();
    let file_name = file.or_else(|| url.as_deref().map(last_part)).unwrap_or_default();
    Artifact { file_name, url, path: None, hash, size: None }
}
