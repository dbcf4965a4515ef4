//! Which Python a project's image gets.

use std::sync::LazyLock;

use pep440_rs::{Operator, Version, VersionSpecifiers};
use pymono_names::{PythonVersion, TreePath};
use regex::Regex;

use crate::{Place, ScanError, Warning, manifest::Manifest, tree::Tree};

/// The minor versions that are chosen from where nobody names one, best first:
/// what most wheels exist for by now, then the newest.
const KNOWN: [&str; 6] = ["3.13", "3.14", "3.12", "3.11", "3.10", "3.9"];

/// A `requires-python` and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    place: Place,
    text: String,
    specifiers: VersionSpecifiers,
}

impl Limit {
    /// Reads the `requires-python` of a manifest.
    pub(crate) fn of(manifest: &Manifest) -> Result<Option<Self>, ScanError> {
        let project = manifest.content.project.as_ref();
        let Some(text) = project.and_then(|project| project.requires_python.clone()) else {
            return Ok(None);
        };
        let place = manifest.file.place(&["project", "requires-python"]);
        let specifiers = text.parse().map_err(|_| ScanError::Value {
            place: place.clone(),
            problem: format!("`{text}` is no version specifier"),
            hint: Some("write it like `>=3.12`".into()),
        })?;
        Ok(Some(Self { place, text, specifiers }))
    }

    /// Returns the specifier as it is written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the version, or the newest patch of it, is allowed.
    pub(crate) fn allows(&self, python: PythonVersion) -> bool {
        let version: Option<Version> = python.full_version().parse().ok();
        version.is_some_and(|version| self.specifiers.contains(&version))
    }
}

/// What somebody chose, and where.
pub(crate) struct Chosen {
    /// The version.
    pub(crate) python: PythonVersion,
    /// Who says so.
    pub(crate) place: Place,
}

/// Returns the chosen version if all `limits` allow it, or else the best that they allow.
pub(crate) fn decide(chosen: Option<Chosen>, limits: &[Limit]) -> Result<PythonVersion, ScanError> {
    if let Some(Chosen { python, place }) = chosen {
        return match limits.iter().find(|limit| !limit.allows(python)) {
            None => Ok(python),
            Some(limit) => Err(ScanError::Python {
                python: python.to_string(),
                chosen_by: Box::new(place),
                limit: Box::new(limit.place.clone()),
                specifier: limit.text.clone(),
            }),
        };
    }
    let known = KNOWN.iter().filter_map(|text| text.parse().ok());
    let best =
        known.chain(exact(limits)).find(|python| limits.iter().all(|limit| limit.allows(*python)));
    match (best, limits) {
        (Some(python), _) => Ok(python),
        (None, [limit, ..]) => Err(ScanError::Value {
            place: limit.place.clone(),
            problem: format!("no Python from 3.9 to 3.14 fulfils {}", all(limits)),
            hint: Some("set `python` to the version to use".into()),
        }),
        (None, []) => Ok(PythonVersion { major: 3, minor: 13, patch: None }),
    }
}

/// Returns the versions that a limit pins to the patch.
fn exact(limits: &[Limit]) -> impl Iterator<Item = PythonVersion> + '_ {
    let specifiers = limits.iter().flat_map(|limit| limit.specifiers.iter());
    let bounds = [Operator::Equal, Operator::LessThanEqual];
    let pinned = specifiers.filter(move |specifier| bounds.contains(specifier.operator()));
    pinned.filter_map(|specifier| specifier.version().to_string().parse().ok())
}

fn all(limits: &[Limit]) -> String {
    let limits = limits.iter().map(|limit| format!("`{}` (`{}`)", limit.text, limit.place.file));
    limits.collect::<Vec<_>>().join(" and ")
}

/// Returns the version in the nearest `.python-version` from `folder` upwards.
pub(crate) fn pinned(
    tree: &Tree,
    folder: &TreePath,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Chosen>, ScanError> {
    let mut next = Some(folder.clone());
    while let Some(above) = next {
        if let Some(file) = tree.file_in(&above, ".python-version") {
            let text = tree.read(&file)?;
            let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
            let mut requests = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
            let Some((line, request)) = requests.next() else { return Ok(None) };
            if let Some(python) = request_of(request) {
                let place = Place { file: file.to_string(), line: Some(line), key: None };
                return Ok(Some(Chosen { python, place }));
            }
            let message = format!(
                "`{file}` asks for `{request}`, which is no version of CPython 3, and is not heeded"
            );
            warnings.push(Warning::new(message));
        }
        next = above.parent();
    }
    Ok(None)
}

/// Reads a request in a form that uv or pyenv accept: `3.13`, `cpython-3.13.2`, `cpython@3.13`, `cpython-3.12.4-linux-…`.
fn request_of(text: &str) -> Option<PythonVersion> {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?:cpython[-@]?|cp|python)?(3\.\d+(?:\.\d+)?)(?:-.*)?$").ok()
    });
    FORM.as_ref()?.captures(text)?[1].parse().ok()
}

/// Returns the version that the tag of a `python` image names.
pub(crate) fn of_image(reference: &str) -> Option<PythonVersion> {
    static FORM: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?:^|/)python:(3\.\d+(?:\.\d+)?)(?:[-@]|$)").ok());
    FORM.as_ref()?.captures(reference)?[1].parse().ok()
}
