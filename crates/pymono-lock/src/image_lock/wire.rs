//! The file as it is written.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::PythonVersion;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{BackendKey, BackendPin, ImageLock};
use crate::{
    LockError, LockFormat,
    marker::Condition,
    page::{Page, Versions},
};

const VERSIONS: Versions = Versions { keys: &["version"], majors: &["1"], known: "1" };

const HEAD: &str = "\
# What images stand on and are built with. Written by `pymono lock`: commit it, and do not edit it.
";

/// What stands for the index where an installer looks if it is told nothing.
const DEFAULT_INDEX: &str = "default";

/// `pymono.lock` as it is written.
#[derive(Deserialize, JsonSchema, Serialize)]
#[schemars(title = "pymono.lock")]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ImageLockFile {
    /// The version of the format, which is 1.
    version: u32,
    /// The state of Debian's archive that system packages are taken from, as `20260131T000000Z`.
    #[schemars(with = "Option<String>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    apt_snapshot: Option<Spanned<String>>,
    /// Images, each with its digest.
    #[serde(default, rename = "image")]
    images: Vec<ImageWire>,
    /// Build requirements, each with what they come down to.
    #[serde(default, rename = "backend")]
    backends: Vec<BackendWire>,
    /// Distributions that are built from source, each with what its build requires.
    #[serde(default, rename = "source", skip_serializing_if = "Vec::is_empty")]
    sources: Vec<SourceWire>,
}

#[derive(Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct ImageWire {
    /// The image's reference, without a digest.
    #[schemars(with = "String")]
    reference: Spanned<String>,
    /// The digest of its manifest, or of the index of several.
    #[schemars(with = "String")]
    digest: Spanned<String>,
}

#[derive(Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct BackendWire {
    /// The requirements, as `[build-system]` has them.
    #[schemars(with = "Vec<String>")]
    requires: Spanned<Vec<String>>,
    /// The Python that they are for.
    #[schemars(with = "String")]
    python: Spanned<String>,
    /// The URL of the index or the folder that they come from; the default index where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    /// The distributions.
    #[serde(default, rename = "pin")]
    pins: Vec<PinWire>,
}

#[derive(Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct SourceWire {
    /// The distribution, as the lock of a project has it, such as `docopt==0.6.2`.
    #[schemars(with = "String")]
    distribution: Spanned<String>,
    /// The Python that it is built for.
    #[schemars(with = "String")]
    python: Spanned<String>,
    /// The URL of the index or the folder that its build requirements come from; the default index where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    /// True if it could not be told what its build requires.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    untold: bool,
    /// What its build requires.
    #[serde(default, rename = "pin", skip_serializing_if = "Vec::is_empty")]
    pins: Vec<PinWire>,
}

#[derive(Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct PinWire {
    /// The distribution with its version, such as `hatchling==1.27.0`.
    #[schemars(with = "String")]
    requirement: Spanned<String>,
    /// Where it is needed; everywhere if absent.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marker: Option<Spanned<String>>,
    /// The hashes of its files.
    #[schemars(with = "Vec<String>")]
    #[serde(default)]
    hashes: Vec<Spanned<String>>,
}

/// Reads the text of a lock, and checks all that will stand in a Dockerfile.
pub(super) fn read(text: &str) -> Result<ImageLock, LockError> {
    let page = &Page::new(LockFormat::Pymono, ImageLock::PATH, text);
    let wire: ImageLockFile = page.toml_of_version(&VERSIONS)?;
    let mut lock = ImageLock::default();
    if let Some(snapshot) = &wire.apt_snapshot {
        check(page, snapshot, "the snapshot", is_snapshot, "it has to be as `20260131T000000Z`")?;
        lock.apt_snapshot = Some(snapshot.get_ref().clone());
    }
    for ImageWire { reference, digest } in &wire.images {
        check(
            page,
            reference,
            "the image",
            is_reference,
            "it has to be a reference with no digest",
        )?;
        let what = format!("the digest of `{}`", reference.get_ref());
        check(page, digest, &what, is_hash, "it has to be `sha256:` and 64 hexadecimal digits")?;
        let known = lock.images.insert(reference.get_ref().clone(), digest.get_ref().clone());
        if known.is_some() {
            return Err(twice(page, reference));
        }
    }
    for BackendWire { requires, python, index, pins } in &wire.backends {
        let key = BackendKey {
            requires: requires.get_ref().clone(),
            from_source: false,
            index: index.clone().unwrap_or_else(|| DEFAULT_INDEX.to_owned()),
            python: version(page, python)?,
        };
        if lock.backends.insert(key, self::pins(page, pins)?).is_some() {
            return Err(twice(page, python));
        }
    }
    for SourceWire { distribution, python, index, untold, pins } in &wire.sources {
        let key = BackendKey {
            requires: vec![distribution.get_ref().clone()],
            from_source: true,
            index: index.clone().unwrap_or_else(|| DEFAULT_INDEX.to_owned()),
            python: version(page, python)?,
        };
        let pins = self::pins(page, pins)?;
        if lock.has(&key) {
            return Err(twice(page, distribution));
        }
        if *untold {
            lock.untold.insert(key);
        } else {
            lock.backends.insert(key, pins);
        }
    }
    Ok(lock)
}

fn version(page: &Page<'_>, python: &Spanned<String>) -> Result<PythonVersion, LockError> {
    let invalid = |error| page.invalid(page.line(python), "the Python", python.get_ref(), error);
    python.get_ref().parse().map_err(invalid)
}

/// Returns pins in an order of their own: in which they are written is nothing that a build sees.
fn pins(page: &Page<'_>, wires: &[PinWire]) -> Result<Vec<BackendPin>, LockError> {
    let pins = wires.iter().map(|wire| pin(page, wire)).collect::<Result<BTreeSet<_>, _>>()?;
    Ok(pins.into_iter().collect())
}

fn pin(page: &Page<'_>, wire: &PinWire) -> Result<BackendPin, LockError> {
    let PinWire { requirement, marker, hashes } = wire;
    check(page, requirement, "the requirement", is_line, "it has to be one line")?;
    for hash in hashes {
        let what = format!("the hash of `{}`", requirement.get_ref());
        check(page, hash, &what, is_hash, "it has to be `sha256:` and 64 hexadecimal digits")?;
    }
    if let Some(marker) = marker {
        let what = format!("the marker of `{}`", requirement.get_ref());
        Condition::parse(marker.get_ref())
            .map_err(|reason| page.invalid(page.line(marker), what, marker.get_ref(), reason))?;
    }
    Ok(BackendPin {
        requirement: requirement.get_ref().clone(),
        marker: marker.as_ref().map(|marker| marker.get_ref().clone()),
        hashes: hashes.iter().map(|hash| hash.get_ref().clone()).collect(),
    })
}

fn check(
    page: &Page<'_>,
    text: &Spanned<String>,
    what: &str,
    is_valid: fn(&str) -> bool,
    reason: &str,
) -> Result<(), LockError> {
    if is_valid(text.get_ref()) {
        return Ok(());
    }
    Err(page.invalid(page.line(text), what, text.get_ref(), reason))
}

fn twice(page: &Page<'_>, text: &Spanned<String>) -> LockError {
    page.torn(Some(page.line(text)), None, format!("`{}` is locked twice", text.get_ref()))
}

fn is_hash(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_reference(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-:/".contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(fits)
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.starts_with('-') && !text.chars().any(char::is_control)
}

/// Returns whether this is a time as the archive of Debian's states has it in its paths.
pub(super) fn is_snapshot(text: &str) -> bool {
    let shape = |(at, b): (usize, u8)| match at {
        8 => b == b'T',
        15 => b == b'Z',
        _ => b.is_ascii_digit(),
    };
    text.len() == 16 && text.bytes().enumerate().all(shape)
}

/// Returns the text of a lock.
pub(super) fn write(lock: &ImageLock) -> String {
    let spanned = |text: &String| Spanned::new(0..0, text.clone());
    let images = lock.images.iter().map(|(reference, digest)| ImageWire {
        reference: spanned(reference),
        digest: spanned(digest),
    });
    let pin = |pin: &BackendPin| PinWire {
        requirement: spanned(&pin.requirement),
        marker: pin.marker.as_ref().map(spanned),
        hashes: pin.hashes.iter().map(spanned).collect(),
    };
    let index = |key: &BackendKey| (key.index != DEFAULT_INDEX).then(|| key.index.clone());
    let pins =
        |pins: &[BackendPin]| pins.iter().collect::<BTreeSet<_>>().into_iter().map(pin).collect();
    let (sources, backends): (Vec<_>, Vec<_>) =
        lock.backends.iter().partition(|(key, _)| key.from_source);
    let backends = backends.into_iter().map(|(key, all)| BackendWire {
        requires: Spanned::new(0..0, key.requires.clone()),
        python: spanned(&key.python.minor_version()),
        index: index(key),
        pins: pins(all),
    });
    let untold = lock.untold.iter().map(|key| (key, None));
    let sources = sources.into_iter().map(|(key, all)| (key, Some(all))).chain(untold);
    let sources = sources.collect::<BTreeMap<_, _>>();
    let sources = sources.into_iter().map(|(key, all)| SourceWire {
        distribution: spanned(&key.requires.join(", ")),
        python: spanned(&key.python.minor_version()),
        index: index(key),
        untold: all.is_none(),
        pins: all.map(|all| pins(all)).unwrap_or_default(),
    });
    let wire = ImageLockFile {
        version: 1,
        apt_snapshot: lock.apt_snapshot.as_ref().map(spanned),
        images: images.collect(),
        backends: backends.collect(),
        sources: sources.collect(),
    };
    // Only a map with keys that are no strings could make this fail.
    format!("{HEAD}{}", toml::to_string_pretty(&wire).unwrap_or_default())
}
