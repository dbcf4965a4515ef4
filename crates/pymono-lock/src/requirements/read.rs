//! From the texts of files to their requirements.

use std::collections::BTreeSet;

use pep508_rs::PackageName;
use toml::Table;

use super::{
    Line, Requirements, Wanted,
    line::{Flag, Logical, flags, logical_lines, split_flags},
    place::{Place, is_place, name_of, place, split_path_extras},
};
use crate::{
    LocalKind, LockError, LockFormat, PinSource, Problem,
    marker::Condition,
    need::{Need, Wanted as Needed, split_extras, split_url},
    page::Page,
    place::{join, parent, tidy},
};

/// A function that returns the text of a file.
type ReadFile<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// Reads the file at `path`, and all that it includes.
pub(super) fn read(path: &str, read: ReadFile<'_>) -> Result<Requirements, LockError> {
    let mut reader = Reader { read, seen: BTreeSet::new(), requirements: Requirements::default() };
    let path = tidy(path);
    // What is included is read in turn, not in depth: how deep files go is up to them.
    let mut open = vec![(path, true, None)];
    while let Some((path, adds, from)) = open.pop() {
        let (file, line): (String, Option<usize>) = from.unwrap_or_else(|| (path.clone(), None));
        if !reader.seen.insert((path.clone(), adds)) {
            continue;
        }
        let text = (reader.read)(&path).ok_or_else(|| {
            let page = Page::new(LockFormat::Requirements, &file, "");
            page.error(line, Problem::NoFile { path: path.clone() })
        })?;
        let page = Page::new(LockFormat::Requirements, &path, &text);
        let included = reader.file(&page, adds)?;
        let from = |line| Some((path.clone(), Some(line)));
        open.extend(included.into_iter().rev().map(|it| (it.path, it.adds, from(it.line))));
    }
    Ok(reader.requirements)
}

struct Reader<'a> {
    read: ReadFile<'a>,
    /// The files that were read, and whether their lines add something.
    seen: BTreeSet<(String, bool)>,
    requirements: Requirements,
}

/// A file that another one includes.
struct Included {
    path: String,
    adds: bool,
    line: usize,
}

impl Reader<'_> {
    fn file(&mut self, page: &Page<'_>, adds: bool) -> Result<Vec<Included>, LockError> {
        page.check_merged()?;
        let mut included = Vec::new();
        for logical in logical_lines(page.text) {
            let line = if logical.text.starts_with('-') {
                self.options(page, adds, &logical, &mut included)?
            } else {
                Some(self.requirement(page, &logical)?)
            };
            if let Some(line) = line {
                let requirements = &mut self.requirements;
                let lines =
                    if adds { &mut requirements.lines } else { &mut requirements.constraints };
                lines.push(line);
            }
        }
        Ok(included)
    }

    /// Reads a line of options, which is a requirement if it starts with `-e`.
    fn options(
        &mut self,
        page: &Page<'_>,
        adds: bool,
        logical: &Logical,
        included: &mut Vec<Included>,
    ) -> Result<Option<Line>, LockError> {
        let Logical { line, text } = logical;
        for start in ["-e", "--editable"] {
            // An editable one may have a marker behind it, which is no option.
            let rest = text.strip_prefix(start).filter(|rest| !rest.starts_with('-'));
            if let Some(rest) = rest {
                let rest = rest.trim_start_matches([' ', '\t', '=']);
                return self.place(page, *line, rest, LocalKind::Editable, None).map(Some);
            }
        }
        let unknown = |option| page.error(*line, Problem::Option { option });
        let path = |path: &str| join(parent(page.file), path);
        for flag in flags(text).map_err(unknown)? {
            let indexes = &mut self.requirements.indexes;
            match flag {
                Flag::Include(file) => {
                    included.push(Included { path: path(&file), adds, line: *line });
                }
                Flag::Constrain(file) => {
                    included.push(Included { path: path(&file), adds: false, line: *line });
                }
                Flag::Index(url) => indexes.main = Some(url),
                Flag::ExtraIndex(url) => add(&mut indexes.extra, url),
                Flag::FindLinks(place) => add(&mut indexes.find_links, place),
                Flag::NoIndex => indexes.none = true,
                Flag::Editable(option) | Flag::Hash(option) => return Err(unknown(option)),
                Flag::Other => {}
            }
        }
        Ok(None)
    }

    fn requirement(&mut self, page: &Page<'_>, logical: &Logical) -> Result<Line, LockError> {
        let Logical { line, text } = logical;
        let (requirement, options) = split_flags(text);
        let options =
            flags(options).map_err(|option| page.error(*line, Problem::Option { option }))?;
        let hashes = options.into_iter().filter_map(|flag| match flag {
            Flag::Hash(hash) => Some(hash),
            _ => None,
        });
        let mut read = if is_place(requirement) {
            self.place(page, *line, requirement, LocalKind::Directory, None)?
        } else {
            self.named(page, *line, requirement)?
        };
        read.hashes.extend(hashes);
        Ok(read)
    }

    /// Reads `name>=1` and `name @ URL`.
    fn named(&mut self, page: &Page<'_>, line: usize, text: &str) -> Result<Line, LockError> {
        let need = Need::parse(text)
            .map_err(|reason| page.invalid(line, "a requirement", text, reason))?;
        let range = match &need.wanted {
            Needed::At(url) => {
                let url = url.clone();
                let read = self.place(page, line, &url, LocalKind::Directory, Some(need.name))?;
                return Ok(Line { extras: need.extras, marker: need.marker, ..read });
            }
            Needed::Versions(ranges) => ranges.first().cloned().unwrap_or_default(),
        };
        Ok(Line {
            place: format!("{}:{line}", page.file),
            name: need.name,
            extras: need.extras,
            wanted: Wanted::Versions(range),
            marker: need.marker,
            hashes: BTreeSet::new(),
        })
    }

    /// Reads a URL or path, with extras and a marker behind it.
    fn place(
        &mut self,
        page: &Page<'_>,
        line: usize,
        text: &str,
        kind: LocalKind,
        name: Option<PackageName>,
    ) -> Result<Line, LockError> {
        let invalid = |reason: String| page.invalid(line, "a requirement", text, reason);
        let (url, marker) = split_url(text);
        let (url, extras) = split_path_extras(url.trim_matches(['"', '\'']));
        let (mut extras, _) = split_extras(extras).map_err(invalid)?;
        let Place { wanted, egg, hash } = place(url, kind).map_err(invalid)?;
        let egg = egg.map(|egg| Need::parse(&egg)).transpose().map_err(invalid)?;
        extras.extend(egg.iter().flat_map(|egg| egg.extras.iter().cloned()));
        let name = name.or(egg.map(|egg| egg.name)).or_else(|| self.name_of(&wanted));
        let unnamed = || page.error(line, Problem::Unnamed { requirement: text.to_owned() });
        Ok(Line {
            place: format!("{}:{line}", page.file),
            name: name.ok_or_else(unnamed)?,
            extras,
            wanted,
            marker: marker.map(Condition::parse).transpose().map_err(invalid)?,
            hashes: hash.into_iter().collect(),
        })
    }

    /// Returns the name that an archive's name or a local project's manifest tells.
    fn name_of(&mut self, wanted: &Wanted) -> Option<PackageName> {
        match wanted {
            Wanted::Archive(
                PinSource::Url { url: place, .. } | PinSource::Path { path: place },
            ) => name_of(place),
            Wanted::Local(path, _) => {
                let manifest = (self.read)(&join(path, "pyproject.toml"));
                let name = manifest.and_then(|text| declared_name(&text));
                // Without a manifest, the folder of a project is called as the project is.
                name.or_else(|| path.rsplit('/').next()?.parse().ok())
            }
            _ => None,
        }
    }
}

/// Adds a place to look at, which the first of several files that name it has put in order.
fn add(places: &mut Vec<String>, place: String) {
    if !places.contains(&place) {
        places.push(place);
    }
}

fn declared_name(manifest: &str) -> Option<PackageName> {
    let manifest: Table = manifest.parse().ok()?;
    let of_poetry = || manifest.get("tool")?.get("poetry")?.get("name");
    let standard = manifest.get("project").and_then(|project| project.get("name"));
    standard.or_else(of_poetry)?.as_str()?.parse().ok()
}
