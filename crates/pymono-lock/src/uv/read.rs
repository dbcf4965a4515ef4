//! From the text of a lock to its graph.

use std::collections::BTreeMap;

use pep440_rs::Version;
use pep508_rs::PackageName;
use toml::Spanned;

use super::{
    conflict::Item,
    file::artifact,
    model::{Edge, Graph, Marker, MarkerIx, Package, PackageIx},
    source::source_of,
    wire::{EdgeWire, LockWire, ManifestWire, PackageWire, RequirementWire, SourceWire},
};
use crate::{
    GroupName, LockError, LockFormat, Problem,
    file::{Files, pinned},
    marker::Condition,
    page::{Page, Versions},
    source::Source,
};

const VERSIONS: Versions = Versions { keys: &["version"], majors: &["1"], known: "1" };

/// Reads the text of a lock.
pub(super) fn read(path: &str, text: &str) -> Result<Graph, LockError> {
    let page = &Page::new(LockFormat::Uv, path, text);
    let wire: LockWire = page.toml_of_version(&VERSIONS)?;
    let sources = sources(page, &wire.packages)?;
    let mut reader = Reader::new(page, &wire.packages, &sources)?;
    let root_groups = reader.root_groups(&wire.manifest)?;
    let supported = reader.supported(&wire.supported_markers)?;
    let packages = wire.packages.into_iter().zip(sources);
    let packages =
        packages.map(|(wire, source)| reader.package(wire, source)).collect::<Result<_, _>>()?;
    Ok(Graph {
        requires_python: wire.requires_python,
        supported,
        conflicts: wire
            .conflicts
            .into_iter()
            .map(|set| set.into_iter().map(Item::from).collect())
            .collect(),
        packages,
        root_groups,
        markers: reader.markers,
    })
}

fn sources(page: &Page<'_>, packages: &[Spanned<PackageWire>]) -> Result<Vec<Source>, LockError> {
    packages
        .iter()
        .map(|package| source(page, package, &package.get_ref().name, &package.get_ref().source))
        .collect()
}

fn source<T>(
    page: &Page<'_>,
    at: &Spanned<T>,
    package: &PackageName,
    wire: &SourceWire,
) -> Result<Source, LockError> {
    source_of(wire).map_err(|reason| {
        page.error(page.line(at), Problem::Source { package: package.clone(), reason })
    })
}

/// What tells an entry from the others of its name.
struct Identity {
    ix: PackageIx,
    version: Option<Version>,
    source: Source,
    /// The forks that the entry lives in; every fork if there is none.
    forks: Vec<String>,
}

struct Reader<'a> {
    page: &'a Page<'a>,
    entries: BTreeMap<PackageName, Vec<Identity>>,
    markers: Vec<Marker>,
    known_markers: BTreeMap<String, MarkerIx>,
}

impl<'a> Reader<'a> {
    fn new(
        page: &'a Page<'a>,
        packages: &[Spanned<PackageWire>],
        sources: &[Source],
    ) -> Result<Self, LockError> {
        let mut entries = BTreeMap::<_, Vec<Identity>>::new();
        for (ix, (spanned, source)) in packages.iter().zip(sources).enumerate() {
            let PackageWire { name, version, resolution_markers: forks, .. } = spanned.get_ref();
            let same_name = entries.entry(name.clone()).or_default();
            let same = |other: &&Identity| other.version == *version && other.source == *source;
            if let Some(first) = same_name.iter().find(same) {
                let first = page.line(&packages[first.ix]);
                let problem = Problem::Duplicate { package: name.clone(), first };
                return Err(page.error(page.line(spanned), problem));
            }
            same_name.push(Identity {
                ix,
                version: version.clone(),
                source: source.clone(),
                forks: forks.clone(),
            });
        }
        Ok(Self { page, entries, markers: Vec::new(), known_markers: BTreeMap::new() })
    }

    fn package(
        &mut self,
        spanned: Spanned<PackageWire>,
        source: Source,
    ) -> Result<Package, LockError> {
        let line = self.page.line(&spanned);
        let wire = spanned.into_inner();
        let name = wire.name;
        let mut extras = self.edge_map(&name, wire.optional_dependencies)?;
        for extra in wire.metadata.provides_extras {
            extras.entry(extra).or_default();
        }
        let mut groups = self.edge_map(&name, wire.dev_dependencies)?;
        for group in wire.metadata.requires_dev.into_keys() {
            groups.entry(group).or_default();
        }
        let mut wheels: Vec<_> =
            wire.wheels.into_iter().map(|file| artifact(file, &source)).collect();
        wheels.sort();
        Ok(Package {
            dependencies: self.edges(&name, wire.dependencies)?,
            extras,
            groups,
            files: Files { wheels, sdist: wire.sdist.map(|file| artifact(file, &source)) },
            version: wire.version,
            source,
            name,
            line,
        })
    }

    fn edge_map(
        &mut self,
        package: &PackageName,
        wires: BTreeMap<GroupName, Vec<Spanned<EdgeWire>>>,
    ) -> Result<BTreeMap<GroupName, Vec<Edge>>, LockError> {
        wires.into_iter().map(|(name, edges)| Ok((name, self.edges(package, edges)?))).collect()
    }

    fn edges(
        &mut self,
        package: &PackageName,
        wires: Vec<Spanned<EdgeWire>>,
    ) -> Result<Vec<Edge>, LockError> {
        wires.into_iter().map(|wire| self.edge(package, wire)).collect()
    }

    fn edge(
        &mut self,
        package: &PackageName,
        spanned: Spanned<EdgeWire>,
    ) -> Result<Edge, LockError> {
        let to = self.resolve(package, &spanned)?;
        let start = spanned.span().start;
        let EdgeWire { extra: extras, marker, .. } = spanned.into_inner();
        let marker = marker.map(|marker| self.marker(start, package, marker)).transpose()?;
        Ok(Edge { to, extras, marker })
    }

    /// Finds the entry that a dependency means.
    ///
    /// uv leaves the version and the source out where the name alone is clear,
    /// and the version where the entry itself has none.
    fn resolve(
        &self,
        package: &PackageName,
        spanned: &Spanned<EdgeWire>,
    ) -> Result<PackageIx, LockError> {
        let wire = spanned.get_ref();
        let page = self.page;
        let wanted =
            wire.source.as_ref().map(|wire| source(page, spanned, package, wire)).transpose()?;
        let entries = self.entries.get(&wire.name).map_or(&[][..], Vec::as_slice);
        let mut fitting = entries.iter().filter(|entry| {
            wire.version.as_ref().is_none_or(|version| entry.version.as_ref() == Some(version))
                && wanted.as_ref().is_none_or(|source| entry.source == *source)
        });
        let (package, dependency) = (package.clone(), pinned(&wire.name, wire.version.as_ref()));
        let problem = match (fitting.next(), fitting.count()) {
            (Some(entry), 0) => return Ok(entry.ix),
            (None, _) => Problem::Dangling { package, dependency },
            (Some(_), others) => Problem::Ambiguous { package, dependency, count: others + 1 },
        };
        Err(page.error(page.line(spanned), problem))
    }

    /// Resolves the declared dependencies of a root without `[project]`, which name no entry.
    fn root_groups(
        &mut self,
        manifest: &ManifestWire,
    ) -> Result<BTreeMap<GroupName, Vec<Edge>>, LockError> {
        let mut groups = BTreeMap::new();
        for (group, requirements) in &manifest.dependency_groups {
            let edges: &mut Vec<Edge> = groups.entry(group.clone()).or_default();
            for requirement in requirements {
                edges.extend(self.requirement(requirement)?);
            }
        }
        Ok(groups)
    }

    /// Returns an edge to every entry of the requirement's name, each under the forks that it lives in.
    fn requirement(&mut self, spanned: &Spanned<RequirementWire>) -> Result<Vec<Edge>, LockError> {
        let RequirementWire { name, extras, marker } = spanned.get_ref();
        let entries = self.entries.get(name).map_or(&[][..], Vec::as_slice);
        let found: Vec<_> =
            entries.iter().map(|entry| (entry.ix, both(marker.as_deref(), &entry.forks))).collect();
        let edge = |(to, marker): (PackageIx, String)| {
            let marker = (!marker.is_empty())
                .then(|| self.marker(spanned.span().start, name, marker))
                .transpose()?;
            Ok(Edge { to, extras: extras.clone(), marker })
        };
        found.into_iter().map(edge).collect()
    }

    fn supported(&self, wires: &[Spanned<String>]) -> Result<Vec<(String, Condition)>, LockError> {
        wires
            .iter()
            .map(|wire| {
                let what = "the supported environment".to_owned();
                Ok((
                    wire.get_ref().clone(),
                    self.parse_marker(wire.span().start, what, wire.get_ref())?,
                ))
            })
            .collect()
    }

    /// Parses a marker, once for each text: a lock repeats few of them often.
    fn marker(
        &mut self,
        start: usize,
        package: &PackageName,
        text: String,
    ) -> Result<MarkerIx, LockError> {
        if let Some(ix) = self.known_markers.get(&text) {
            return Ok(*ix);
        }
        let condition = self.parse_marker(start, format!("a marker of `{package}`"), &text)?;
        let has_extras = text.contains("extra");
        self.markers.push(Marker { condition, has_extras });
        let ix = self.markers.len() - 1;
        self.known_markers.insert(text, ix);
        Ok(ix)
    }

    fn parse_marker(&self, start: usize, what: String, text: &str) -> Result<Condition, LockError> {
        Condition::parse(text)
            .map_err(|reason| self.page.invalid(self.page.line_at(start), what, text, reason))
    }
}

/// Writes a marker that holds where `marker` does and one of `forks` does.
fn both(marker: Option<&str>, forks: &[String]) -> String {
    let any = forks.iter().map(|fork| format!("({fork})")).collect::<Vec<_>>().join(" or ");
    match (marker, any.is_empty()) {
        (Some(marker), false) => format!("({marker}) and ({any})"),
        (Some(marker), true) => marker.to_owned(),
        (None, _) => any,
    }
}
