//! `requirements.txt` and the like, as [pip documents them](https://pip.pypa.io/en/stable/reference/requirements-file-format/).

mod line;
mod place;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Operator, Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName};
use pymono_names::Target;

pub(crate) use self::place::{is_commit, version_of};
use crate::{
    Closure, ClosureError, LocalKind, LocalPackage, LockError, PinSource, Selection,
    draft::{Draft, Place},
    file::{Distribution, Files},
    marker::{Condition, Scene},
    project::Known,
};

/// A file of requirements, with all the files that it includes.
///
/// It does not tell which project it belongs to, so that the name in a
/// [`Selection`] means nothing, and it has no extras or groups: who wants more
/// reads another file. It does not name the files of a distribution, nor tell
/// which local package needs which. Whether it lists all that is needed cannot
/// be seen in it.
///
/// `${VARIABLES}` stay as they are written: as a rule they are credentials.
#[derive(Clone, Debug)]
pub struct Requirements {
    lines: Vec<Line>,
    /// Lines of files that are included with `-c`: they bound versions and add nothing.
    constraints: Vec<Line>,
    indexes: Indexes,
    /// Whether each file that adds lines says that a tool resolved it.
    resolved: bool,
}

/// Where distributions are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexes {
    /// The index that takes the place of the default one: the last `--index-url`.
    pub main: Option<String>,
    /// Those of each `--extra-index-url`, in order.
    pub extra: Vec<String>,
    /// URLs and paths of pages and folders with files: those of each `--find-links`, in order.
    pub find_links: Vec<String>,
    /// True if no index is looked at: `--no-index`.
    pub none: bool,
}

/// One requirement.
#[derive(Clone, Debug)]
struct Line {
    /// The file and the line in it, as `requirements.txt:3`.
    place: String,
    name: PackageName,
    extras: BTreeSet<ExtraName>,
    wanted: Wanted,
    marker: Option<Condition>,
    hashes: BTreeSet<String>,
}

/// What is required of a name.
#[derive(Clone, Debug)]
enum Wanted {
    Versions(VersionSpecifiers),
    Archive(PinSource),
    Commit(PinSource),
    Branch(String),
    Local(String, LocalKind),
}

/// A requirement that a file leaves to the installer to pin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unpinned {
    /// Its name.
    pub name: PackageName,
    /// The requirement without its marker, as `name[extra]>=1`, bounded by the constraints too.
    pub requirement: String,
    /// The file and the line in it, as `requirements.txt:3`.
    pub place: String,
}

/// A requirement that is left to the installer to resolve, with all that it needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// Its name.
    pub name: PackageName,
    /// The requirement without its marker, as `name[extra]>=1`, bounded by the constraints too.
    pub requirement: String,
    /// The path of the archive that it is, which the requirement leaves out.
    pub archive: Option<String>,
    /// The file and the line in it, as `requirements.txt:3`.
    pub place: String,
    /// True if it allows one version or archive only.
    pub pinned: bool,
    /// The hashes that it allows; all if there are none.
    pub hashes: BTreeSet<String>,
}

impl Default for Requirements {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            constraints: Vec::new(),
            indexes: Indexes::default(),
            resolved: true,
        }
    }
}

impl Requirements {
    /// Reads the file at `path`, and all that it includes.
    ///
    /// `read` returns the text of a file, and nothing if there is no such
    /// file. Paths are relative to the folder that an installer would be
    /// started in, and so are those of local packages in the closure. The
    /// names of local packages are read from their `pyproject.toml`, where the
    /// requirement does not tell them.
    pub fn parse(
        path: &str,
        mut read: impl FnMut(&str) -> Option<String>,
    ) -> Result<Self, LockError> {
        read::read(path, &mut read)
    }

    /// Returns the local packages that are required, whoever needs them.
    pub fn local_packages(&self) -> impl Iterator<Item = LocalPackage<'_>> {
        self.lines.iter().filter_map(|line| match &line.wanted {
            Wanted::Local(path, kind) => Some(LocalPackage { name: &line.name, path, kind: *kind }),
            _ => None,
        })
    }

    /// Adds a requirement as [PEP 508](https://peps.python.org/pep-0508/) defines it, that
    /// stands in a line of some other file.
    pub fn add(&mut self, file: &str, line: usize, text: &str) -> Result<(), LockError> {
        let line = read::line(file, line, text)?;
        self.lines.push(line);
        Ok(())
    }

    /// Returns the names that are required, each with the extras of it that are.
    pub fn names(&self) -> impl Iterator<Item = (&PackageName, &BTreeSet<ExtraName>)> {
        self.lines.iter().map(|line| (&line.name, &line.extras))
    }

    /// Returns whether the files list all that is needed: they do where every line has a hash,
    /// because then pip refuses what has none, and where a tool says that it resolved them.
    /// Others may name what is needed directly and no more.
    pub fn lists_all(&self) -> bool {
        let third_party = |line: &&Line| !matches!(line.wanted, Wanted::Local(..));
        let hashed = |line: &Line| match &line.wanted {
            Wanted::Commit(_) => true,
            _ => !line.hashes.is_empty(),
        };
        self.resolved || self.lines.iter().filter(third_party).all(hashed)
    }

    /// Returns the requirements of `target`, for an installer that resolves them.
    pub fn open(
        &self,
        selection: &Selection,
        target: &Target,
    ) -> Result<BTreeSet<Open>, ClosureError> {
        let scene = Known::default().scene(selection, *target)?;
        let lines = self.lines.iter().filter(|line| line.holds(&scene));
        let third_party = lines.filter(|line| !matches!(line.wanted, Wanted::Local(..)));
        Ok(third_party.map(|line| line.open(&self.bounds(line, &scene), &self.indexes)).collect())
    }

    /// Returns where the files' options say that distributions are looked for.
    pub fn indexes(&self) -> &Indexes {
        &self.indexes
    }

    /// Returns all that is needed on `target`, every bit of which must be pinned.
    pub fn close(&self, selection: &Selection, target: &Target) -> Result<Closure, ClosureError> {
        let (closure, unpinned) = self.close_loosely(selection, target)?;
        if unpinned.is_empty() {
            return Ok(closure);
        }
        let shown = |it: &Unpinned| format!("{} ({})", it.requirement, it.place);
        Err(ClosureError::Unpinned { requirements: unpinned.iter().map(shown).collect() })
    }

    /// Returns what is pinned of that which is needed on `target`, and what is not.
    pub fn close_loosely(
        &self,
        selection: &Selection,
        target: &Target,
    ) -> Result<(Closure, BTreeSet<Unpinned>), ClosureError> {
        let scene = Known::default().scene(selection, *target)?;
        let mut draft = Draft::new(*target);
        let mut pins = BTreeMap::<_, (&Line, BTreeSet<String>)>::new();
        let mut unpinned = BTreeSet::new();
        for line in self.lines.iter().filter(|line| line.holds(&scene)) {
            let bounds = self.bounds(line, &scene);
            match line.pinned(&bounds, &self.indexes) {
                Some(pinned) => {
                    let first = || (line, BTreeSet::new());
                    let (_, hashes) = pins.entry((&line.name, pinned)).or_insert_with(first);
                    hashes.extend(line.all_hashes(&bounds).cloned());
                }
                None => match &line.wanted {
                    Wanted::Local(path, kind) => {
                        let local = draft.local(&line.name, path, *kind);
                        local.extras.extend(line.extras.iter().cloned());
                    }
                    _ => drop(unpinned.insert(line.unpinned(&bounds))),
                },
            }
        }
        for ((name, (version, source)), (line, hashes)) in pins {
            let files = match &source {
                PinSource::Registry { .. } => Files::unnamed(hashes),
                _ => Files::only(&source, hashes),
            };
            let distribution =
                Distribution { name, version: version.as_ref(), source: &source, files: &files };
            draft.pin(&distribution, Place::Named(&line.place))?;
        }
        let closure = draft.finish()?;
        // A loose line beside a pinned one of its name is bounded by it.
        unpinned.retain(|it: &Unpinned| !closure.pins.iter().any(|pin| pin.name == it.name));
        Ok((closure, unpinned))
    }

    /// Returns the constraints on a line's name that hold.
    fn bounds(&self, line: &Line, scene: &Scene) -> Vec<&Line> {
        let same = |bound: &&Line| bound.name == line.name && bound.holds(scene);
        self.constraints.iter().filter(same).collect()
    }
}

impl Line {
    fn holds(&self, scene: &Scene) -> bool {
        self.marker.as_ref().is_none_or(|marker| marker.holds(scene))
    }

    /// Returns the version and the place that the line, or else a constraint, pins.
    fn pinned(&self, bounds: &[&Self], indexes: &Indexes) -> Option<(Option<Version>, PinSource)> {
        let own = self.fixed(indexes);
        own.or_else(|| match self.wanted {
            Wanted::Versions(_) => bounds.iter().find_map(|bound| bound.fixed(indexes)),
            _ => None,
        })
    }

    fn fixed(&self, indexes: &Indexes) -> Option<(Option<Version>, PinSource)> {
        match &self.wanted {
            Wanted::Versions(range) => {
                let index = indexes.main.clone();
                let index = index.unwrap_or_else(|| PinSource::DEFAULT_INDEX.to_owned());
                Some((Some(exact(range)?), PinSource::Registry { index }))
            }
            Wanted::Archive(source) => {
                let version = match source {
                    PinSource::Url { url: place, .. } | PinSource::Path { path: place } => {
                        version_of(place)
                    }
                    PinSource::Registry { .. } | PinSource::Git { .. } => None,
                };
                Some((version, source.clone()))
            }
            Wanted::Commit(source) => Some((None, source.clone())),
            Wanted::Branch(_) | Wanted::Local(..) => None,
        }
    }

    /// Returns the line's own hashes, or else those of its constraints.
    fn all_hashes<'a>(&'a self, bounds: &[&'a Self]) -> impl Iterator<Item = &'a String> {
        let bounds = if self.hashes.is_empty() { bounds.to_vec() } else { Vec::new() };
        self.hashes.iter().chain(bounds.into_iter().flat_map(|bound| &bound.hashes))
    }

    fn open(&self, bounds: &[&Self], indexes: &Indexes) -> Open {
        let Unpinned { name, requirement, place } = self.unpinned(bounds);
        let pinned = self.pinned(bounds, indexes).is_some();
        let hashes = self.all_hashes(bounds).cloned().collect();
        let archive = match &self.wanted {
            Wanted::Archive(PinSource::Path { path }) => Some(path.clone()),
            _ => None,
        };
        Open { name, requirement, archive, place, pinned, hashes }
    }

    fn unpinned(&self, bounds: &[&Self]) -> Unpinned {
        let extras: Vec<_> = self.extras.iter().map(AsRef::as_ref).collect();
        let extras =
            if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        let ranges = [self].into_iter().chain(bounds.iter().copied());
        let ranges = ranges.filter_map(|line| match &line.wanted {
            Wanted::Versions(range) if !range.is_empty() => Some(range.to_string()),
            _ => None,
        });
        let wanted = match &self.wanted {
            Wanted::Branch(url) => format!(" @ {url}"),
            Wanted::Archive(source) | Wanted::Commit(source) => {
                url_of(source).map(|url| format!(" @ {url}")).unwrap_or_default()
            }
            _ => ranges.collect::<Vec<_>>().join(", "),
        };
        Unpinned {
            name: self.name.clone(),
            requirement: format!("{}{extras}{wanted}", self.name),
            place: self.place.clone(),
        }
    }
}

/// Returns the URL of an archive or commit as a requirement spells it; nothing for what has none.
fn url_of(source: &PinSource) -> Option<String> {
    let at = |folder: &Option<String>| {
        folder.as_ref().map(|folder| format!("#subdirectory={folder}")).unwrap_or_default()
    };
    match source {
        PinSource::Registry { .. } | PinSource::Path { .. } => None,
        PinSource::Url { url, subdirectory } => Some(format!("{url}{}", at(subdirectory))),
        PinSource::Git { url, commit, subdirectory, .. } => {
            Some(format!("git+{url}@{commit}{}", at(subdirectory)))
        }
    }
}

/// Returns the only version of a range.
fn exact(range: &VersionSpecifiers) -> Option<Version> {
    let is_exact = |operator: &Operator| matches!(operator, Operator::Equal | Operator::ExactEqual);
    range.iter().find(|it| is_exact(it.operator())).map(|it| it.version().clone())
}
