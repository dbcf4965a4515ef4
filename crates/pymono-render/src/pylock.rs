//! The pins of one closure as a `pylock.toml` ([PEP 751](https://packaging.python.org/en/latest/specifications/pylock-toml/)).

use std::collections::BTreeMap;

use pymono_lock::{Artifact, Closure, Pin, PinSource};
use pymono_names::Target;
use serde::Serialize;

use crate::export::{ExportError, artifacts};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Pylock<'a> {
    lock_version: &'a str,
    environments: [String; 1],
    requires_python: String,
    created_by: &'a str,
    packages: Vec<Package<'a>>,
}

#[derive(Default, Serialize)]
struct Package<'a> {
    name: String,
    version: Option<String>,
    index: Option<&'a str>,
    vcs: Option<Vcs<'a>>,
    archive: Option<File<'a>>,
    sdist: Option<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wheels: Vec<File<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Vcs<'a> {
    r#type: &'a str,
    url: &'a str,
    commit_id: &'a str,
    subdirectory: Option<&'a str>,
}

#[derive(Serialize)]
struct File<'a> {
    name: Option<&'a str>,
    url: Option<&'a str>,
    path: Option<&'a str>,
    size: Option<u64>,
    subdirectory: Option<&'a str>,
    hashes: BTreeMap<&'a str, &'a str>,
}

/// Returns the lock of a closure, which is for this target alone.
pub(crate) fn pylock(closure: &Closure, target: Target) -> Result<String, ExportError> {
    let machine = target.platform.machine();
    let lock = Pylock {
        lock_version: "1.0",
        environments: [format!("platform_machine == '{machine}' and sys_platform == 'linux'")],
        requires_python: format!("=={}.*", target.python.minor_version()),
        created_by: "pymono",
        packages: closure.pins.iter().map(package).collect::<Result<_, _>>()?,
    };
    // Only a map with keys that are no strings could make this fail.
    Ok(toml::to_string(&lock).unwrap_or_default())
}

fn package(pin: &Pin) -> Result<Package<'_>, ExportError> {
    let mut package = Package {
        name: pin.name.to_string(),
        version: pin.version.as_ref().map(ToString::to_string),
        ..Package::default()
    };
    let artifacts = artifacts(pin);
    match &pin.source {
        PinSource::Registry { index } => {
            // A folder that serves as an index has no URL, and the default one is the installer's.
            package.index = index.contains("://").then_some(index);
            let mut files = artifacts.into_iter().map(|artifact| placed(pin, artifact));
            if pin.wheels.is_empty() {
                package.sdist = files.next().transpose()?;
            } else {
                package.wheels = files.collect::<Result<_, _>>()?;
            }
        }
        PinSource::Git { url, commit, subdirectory, .. } => {
            let subdirectory = subdirectory.as_deref();
            package.vcs = Some(Vcs { r#type: "git", url, commit_id: commit, subdirectory });
        }
        PinSource::Url { url, subdirectory } => {
            let subdirectory = subdirectory.as_deref();
            package.archive = artifacts.first().map(|artifact| File {
                name: None,
                url: Some(url),
                subdirectory,
                ..file(artifact)
            });
        }
        PinSource::Path { path } => {
            package.archive = artifacts.first().map(|artifact| File {
                name: None,
                path: Some(path),
                ..file(artifact)
            });
        }
    }
    Ok(package)
}

/// Returns a file of an index; the standard demands a place for each.
fn placed<'a>(pin: &Pin, artifact: &'a Artifact) -> Result<File<'a>, ExportError> {
    if artifact.url.is_none() && artifact.path.is_none() {
        return Err(ExportError::NoPlace { package: pin.name.clone() });
    }
    Ok(file(artifact))
}

fn file(artifact: &Artifact) -> File<'_> {
    File {
        name: Some(&artifact.file_name),
        url: artifact.url.as_deref(),
        path: artifact.path.as_deref(),
        size: artifact.size,
        subdirectory: None,
        hashes: artifact.hash.iter().filter_map(|hash| hash.split_once(':')).collect(),
    }
}
