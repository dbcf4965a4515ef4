//! The pins of one closure, for people and other tools.

use pymono_lock::{Artifact, Closure, Pin, PinSource};
use pymono_names::{Login, Target};
use serde::Serialize;

/// In which form pins are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A requirements file with hashes, as pip and uv read it.
    Requirements,
    /// A `pylock.toml` ([PEP 751](https://peps.python.org/pep-0751/)).
    Pylock,
    /// JSON with all that is known of each pin.
    Json,
}

/// Returns the pins of a closure in canonical order, without a header.
///
/// Only artifacts that fit the target are named: its wheels, or where none
/// fits, the source distribution.
/// Logins in URLs are left out.
pub fn export(closure: &Closure, target: Target, format: ExportFormat) -> String {
    let pins = closure.pins.iter().map(without_login).collect();
    let closure = &Closure { pins, ..closure.clone() };
    match format {
        ExportFormat::Requirements => closure.pins.iter().map(requirement).collect(),
        ExportFormat::Pylock => pylock(closure, target),
        ExportFormat::Json => json(closure, target),
    }
}

fn without_login(pin: &Pin) -> Pin {
    let mut pin = pin.clone();
    let source = match &mut pin.source {
        PinSource::Registry { index: url }
        | PinSource::Url { url, .. }
        | PinSource::Git { url, .. } => Some(url),
        PinSource::Path { .. } => None,
    };
    let files = pin.wheels.iter_mut().chain(&mut pin.sdist);
    for url in source.into_iter().chain(files.filter_map(|file| file.url.as_mut())) {
        *url = Login::split(url).0;
    }
    pin
}

/// Returns the artifacts that the target may install: what fits best comes before what must be built.
fn artifacts(pin: &Pin) -> Vec<&Artifact> {
    if pin.wheels.is_empty() { pin.sdist.iter().collect() } else { pin.wheels.iter().collect() }
}

/// Returns the hashes of a pin's artifacts, sorted.
fn hashes(pin: &Pin) -> Vec<&str> {
    let artifacts = artifacts(pin).into_iter();
    let mut hashes: Vec<&str> = artifacts.filter_map(|artifact| artifact.hash.as_deref()).collect();
    hashes.sort_unstable();
    hashes
}

fn requirement(pin: &Pin) -> String {
    let name = &pin.name;
    let mut text = match (&pin.source, &pin.version) {
        (PinSource::Registry { .. }, Some(version)) => format!("{name}=={version}"),
        (PinSource::Registry { .. }, None) => name.to_string(),
        (PinSource::Url { url, subdirectory }, _) => {
            format!("{name} @ {url}{}", fragment(subdirectory.as_deref()))
        }
        (PinSource::Path { path }, _) => relative(path),
        (PinSource::Git { url, commit, subdirectory, .. }, _) => {
            format!("{name} @ git+{url}@{commit}{}", fragment(subdirectory.as_deref()))
        }
    };
    for hash in hashes(pin) {
        text += &format!(" \\\n    --hash={hash}");
    }
    text + "\n"
}

/// Returns a path so that nobody takes it for a name.
fn relative(path: &str) -> String {
    if path.starts_with(['.', '/']) { path.to_owned() } else { format!("./{path}") }
}

fn fragment(subdirectory: Option<&str>) -> String {
    subdirectory.map(|folder| format!("#subdirectory={folder}")).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Pylock<'a> {
    lock_version: &'a str,
    requires_python: String,
    created_by: &'a str,
    packages: Vec<PylockPackage<'a>>,
}

#[derive(Serialize)]
struct PylockPackage<'a> {
    name: String,
    version: Option<String>,
    index: Option<&'a str>,
    vcs: Option<PylockVcs<'a>>,
    archive: Option<PylockFile<'a>>,
    sdist: Option<PylockFile<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wheels: Vec<PylockFile<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PylockVcs<'a> {
    r#type: &'a str,
    url: &'a str,
    commit_id: &'a str,
    subdirectory: Option<&'a str>,
}

#[derive(Serialize)]
struct PylockFile<'a> {
    name: Option<&'a str>,
    url: Option<&'a str>,
    path: Option<&'a str>,
    size: Option<u64>,
    subdirectory: Option<&'a str>,
    hashes: std::collections::BTreeMap<&'a str, &'a str>,
}

fn pylock(closure: &Closure, target: Target) -> String {
    let lock = Pylock {
        lock_version: "1.0",
        requires_python: format!("=={}.*", target.python.minor_version()),
        created_by: "pymono",
        packages: closure.pins.iter().map(pylock_package).collect(),
    };
    // Only a map with keys that are no strings could make this fail.
    toml::to_string(&lock).unwrap_or_default()
}

fn pylock_package(pin: &Pin) -> PylockPackage<'_> {
    let mut package = PylockPackage {
        name: pin.name.to_string(),
        version: pin.version.as_ref().map(ToString::to_string),
        index: None,
        vcs: None,
        archive: None,
        sdist: None,
        wheels: Vec::new(),
    };
    let artifacts = artifacts(pin);
    match &pin.source {
        PinSource::Registry { index } => {
            package.index = Some(index.as_str()).filter(|index| *index != PinSource::DEFAULT_INDEX);
            // A file without a name cannot be told from others in this format.
            let files = artifacts.into_iter().filter(|artifact| artifact.is_named());
            let files = files.map(pylock_file);
            if pin.wheels.is_empty() {
                package.sdist = files.into_iter().next();
            } else {
                package.wheels = files.collect();
            }
        }
        PinSource::Git { url, commit, subdirectory, .. } => {
            let subdirectory = subdirectory.as_deref();
            package.vcs = Some(PylockVcs { r#type: "git", url, commit_id: commit, subdirectory });
        }
        PinSource::Url { url, subdirectory } => {
            package.archive = artifacts.first().map(|artifact| PylockFile {
                name: None,
                url: Some(url),
                subdirectory: subdirectory.as_deref(),
                ..pylock_file(artifact)
            });
        }
        PinSource::Path { path } => {
            package.archive = artifacts.first().map(|artifact| PylockFile {
                name: None,
                path: Some(path),
                ..pylock_file(artifact)
            });
        }
    }
    package
}

fn pylock_file(artifact: &Artifact) -> PylockFile<'_> {
    PylockFile {
        name: Some(&artifact.file_name),
        url: artifact.url.as_deref(),
        path: artifact.path.as_deref(),
        size: artifact.size,
        subdirectory: None,
        hashes: artifact.hash.iter().filter_map(|hash| hash.split_once(':')).collect(),
    }
}

#[derive(Serialize)]
struct Export<'a> {
    version: u32,
    target: Target,
    pins: Vec<ExportedPin<'a>>,
}

#[derive(Serialize)]
struct ExportedPin<'a> {
    name: String,
    version: Option<String>,
    source: String,
    requirement: String,
    hashes: Vec<&'a str>,
    /// `null` where the lock names no files.
    from_source: Option<bool>,
}

fn json(closure: &Closure, target: Target) -> String {
    let pins = closure.pins.iter().map(|pin| ExportedPin {
        name: pin.name.to_string(),
        version: pin.version.as_ref().map(ToString::to_string),
        source: source(&pin.source),
        requirement: requirement(pin)
            .split(" \\\n")
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_owned(),
        hashes: hashes(pin),
        from_source: artifacts(pin)
            .iter()
            .all(|artifact| artifact.is_named())
            .then_some(pin.wheels.is_empty()),
    });
    let export = Export { version: 1, target, pins: pins.collect() };
    // Only a map with keys that are no strings could make this fail.
    serde_json::to_string_pretty(&export).unwrap_or_default() + "\n"
}

fn source(source: &PinSource) -> String {
    match source {
        PinSource::Registry { index } => format!("index+{index}"),
        PinSource::Url { url, .. } => format!("url+{url}"),
        PinSource::Path { path } => format!("path+{path}"),
        PinSource::Git { url, commit, .. } => format!("git+{url}@{commit}"),
    }
}
