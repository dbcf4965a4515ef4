//! The pins of one closure, for people and other tools.

use std::sync::Arc;

use pep508_rs::PackageName;
use pymono_lock::{Artifact, Closure, Pin, PinSource};
use pymono_names::{Login, Target};
use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use crate::{pylock::pylock, spelling};

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

/// Pins cannot be written in a form.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExportError {
    /// A `pylock.toml` says where each file is, and the lock does not.
    #[error(
        "the lock does not tell where the files of `{package}` are, which a `pylock.toml` has to"
    )]
    NoPlace {
        /// The package.
        package: PackageName,
    },
}

impl ExportError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        let Self::NoPlace { .. } = self;
        Some("use `--format requirements`, which leaves it to the index".into())
    }
}

/// Returns the pins of a closure in canonical order, without a header.
///
/// Only artifacts that fit the target are named: its wheels, or where none
/// fits, the source distribution. Paths are relative to the lock's folder.
/// Logins in URLs are left out.
pub fn export(
    closure: &Closure,
    target: Target,
    format: ExportFormat,
) -> Result<String, ExportError> {
    let pins = closure.pins.iter().map(without_login).collect();
    let closure = &Closure { pins, ..closure.clone() };
    match format {
        ExportFormat::Requirements => Ok(closure.pins.iter().map(lines).collect()),
        ExportFormat::Pylock => pylock(closure, target),
        ExportFormat::Json => Ok(json(closure, target)),
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
    let files = Arc::make_mut(&mut pin.wheels).iter_mut().chain(&mut pin.sdist);
    for url in source.into_iter().chain(files.filter_map(|file| file.url.as_mut())) {
        *url = Login::split(url).0;
    }
    pin
}

/// Returns the artifacts that the target may install: what fits best comes before what must be built.
pub(crate) fn artifacts(pin: &Pin) -> Vec<&Artifact> {
    if pin.wheels.is_empty() { pin.sdist.iter().collect() } else { pin.wheels.iter().collect() }
}

/// Returns the hashes of a pin's artifacts, sorted.
fn hashes(pin: &Pin) -> Vec<&str> {
    let artifacts = artifacts(pin).into_iter();
    let mut hashes: Vec<&str> = artifacts.filter_map(|artifact| artifact.hash.as_deref()).collect();
    hashes.sort_unstable();
    hashes
}

fn lines(pin: &Pin) -> String {
    spelling::lines(&requirement(pin), hashes(pin))
}

fn requirement(pin: &Pin) -> String {
    let name = &pin.name;
    match &pin.source {
        PinSource::Registry { .. } => spelling::pinned(name, pin.version.as_ref()),
        PinSource::Url { url, subdirectory } => {
            spelling::at(name, url, &[("subdirectory", subdirectory.as_deref())])
        }
        PinSource::Path { path } => relative(path),
        PinSource::Git { url, commit, subdirectory, path, lfs } => {
            let fragment = [
                ("subdirectory", subdirectory.as_deref()),
                ("path", path.as_deref()),
                ("lfs", lfs.then_some("true")),
            ];
            spelling::commit(name, url, commit, &fragment)
        }
    }
}

/// Returns a path so that nobody takes it for a name.
fn relative(path: &str) -> String {
    if path.starts_with(['.', '/']) { path.to_owned() } else { format!("./{path}") }
}

/// The pins of a project for one target, as they are printed for programs.
#[derive(JsonSchema, Serialize)]
pub struct Export<'a> {
    version: u32,
    target: Target,
    pins: Vec<ExportedPin<'a>>,
}

#[derive(JsonSchema, Serialize)]
struct ExportedPin<'a> {
    name: String,
    version: Option<String>,
    source: String,
    requirement: String,
    hashes: Vec<&'a str>,
    from_source: Option<bool>,
}

fn json(closure: &Closure, target: Target) -> String {
    let pins = closure.pins.iter().map(|pin| ExportedPin {
        name: pin.name.to_string(),
        version: pin.version.as_ref().map(ToString::to_string),
        source: source(&pin.source),
        requirement: requirement(pin),
        hashes: hashes(pin),
        from_source: from_source(pin),
    });
    let export = Export { version: 1, target, pins: pins.collect() };
    // Only a map with keys that are no strings could make this fail.
    serde_json::to_string_pretty(&export).unwrap_or_default() + "\n"
}

/// Returns true if the target must compile it; nothing where the lock names no files, so that only the index knows.
fn from_source(pin: &Pin) -> Option<bool> {
    pin.wheels.iter().all(Artifact::is_named).then_some(pin.wheels.is_empty())
}

fn source(source: &PinSource) -> String {
    match source {
        PinSource::Registry { index } if index == PinSource::DEFAULT_INDEX => "index".to_owned(),
        PinSource::Registry { index } => format!("index+{index}"),
        PinSource::Url { url, .. } => format!("url+{url}"),
        PinSource::Path { path } => format!("path+{path}"),
        PinSource::Git { url, commit, .. } => format!("git+{url}@{commit}"),
    }
}
