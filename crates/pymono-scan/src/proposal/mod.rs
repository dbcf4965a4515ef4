//! The configuration that would say what a scan found: what `pymono init` writes.
//!
//! Each service gets what is known of it into a file of its own. A key that is
//! there stays as it is, so that what was written once is proposed no more, and
//! nothing is proposed that would hold for another service too.

mod edit;
mod offer;
mod place;

use std::collections::BTreeMap;

use pymono_names::TreePath;
use pymono_workspace::{Kind, Project};
use toml_edit::{Array, Value};

use crate::{Scan, ScanError, config};
use place::{Home, Place};

/// What is proposed about one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The service's folder.
    pub service: TreePath,
    /// The file that says it: where the service is configured, or would be.
    pub file: Result<TreePath, Unplaced>,
    /// The keys that are new in it.
    pub keys: Vec<&'static str>,
}

/// Why a service has no file that could configure it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unplaced {
    /// A `pyproject.toml` would not be read beside the file that declares it.
    Unread,
    /// The table of the root's manifest is that of the repository.
    Shared,
    /// The file has all of `tool` on one line, which no table can be added to.
    Closed,
}

/// A file and what it would hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedFile {
    /// What it holds; nothing where it is new.
    pub before: Option<String>,
    /// What it would hold.
    pub after: String,
}

/// The files that would change, by path, and what is proposed about each service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposals {
    /// About each service, in order of their paths.
    pub services: Vec<Proposal>,
    /// The files, by the paths that they have without links.
    pub files: BTreeMap<TreePath, ProposedFile>,
}

/// One key of the configuration.
struct Entry {
    key: &'static str,
    value: Value,
    /// Lines of comment above it.
    comment: Vec<String>,
}

impl Entry {
    fn new(key: &'static str, value: impl Into<Value>) -> Self {
        Self { key, value: value.into(), comment: Vec::new() }
    }
}

/// Returns the configuration that would say what a scan found.
pub fn propose(scan: &Scan) -> Result<Proposals, ScanError> {
    let home = Home::find(scan)?;
    let mut proposals = Proposals::default();
    let services = scan.workspace.projects.values().filter(|it| it.kind == Kind::Service);
    for service in services {
        let (file, keys) = match home.place(scan, service) {
            Err(unplaced) => (Err(unplaced), Vec::new()),
            Ok(place) => match add(scan, service, &place, &mut proposals.files)? {
                Some(keys) => (Ok(place.file), keys),
                None => (Err(Unplaced::Closed), Vec::new()),
            },
        };
        proposals.services.push(Proposal { service: service.path.clone(), file, keys });
    }
    Ok(proposals)
}

/// Adds to a file what it does not say about a service yet, and returns the keys; nothing if it cannot be added.
fn add(
    scan: &Scan,
    service: &Project,
    place: &Place,
    files: &mut BTreeMap<TreePath, ProposedFile>,
) -> Result<Option<Vec<&'static str>>, ScanError> {
    // A link to a file stays one.
    let real = scan.tree.real(&place.file).unwrap_or_else(|| place.file.clone());
    let before = scan.tree.has(&real).then(|| scan.tree.read(&real)).transpose()?;
    let text = files.get(&real).map_or(before.as_deref(), |file| Some(&file.after));
    let text = text.unwrap_or_default().to_owned();
    let known = edit::keys(&text, place.table);
    let entries: Vec<Entry> = entries(service, &known);
    let keys: Vec<_> = entries.iter().map(|entry| entry.key).collect();
    if keys.is_empty() {
        return Ok(Some(keys));
    }
    let after = edit::with(&text, place.table, entries);
    Ok(after.map(|after| {
        files.insert(real, ProposedFile { before, after });
        keys
    }))
}

/// Returns what is to be said about a service beside what is said under the `known` keys.
fn entries(service: &Project, known: &[String]) -> Vec<Entry> {
    let has = |key: &str| known.iter().any(|known| known == key);
    let mut entries = Vec::new();
    if service.images.is_empty() {
        let command = service.launch.command.as_ref().filter(|_| !has("command"));
        let command = command.filter(|_| !has("entrypoint"));
        entries.extend(command.map(|words| Entry::new("command", words.iter().collect::<Array>())));
        let port = service.launch.port.filter(|_| !has("port"));
        entries.extend(port.map(|port| Entry::new("port", i64::from(port))));
    } else if !has("dockerfile") {
        entries.push(offer::dockerfile(service));
    }
    let says =
        |key: &str| config::OF_SERVICES.contains(&key) || ["dockerfile", "skip"].contains(&key);
    let said = known.iter().any(|key| says(key)) || entries.iter().any(|entry| says(entry.key));
    // Whatever else there is, this says that it is a service.
    entries.extend((!said).then(|| Entry::new("skip", false)));
    entries
}
