//! How a project is built, and whether that can need a compiler.

use std::collections::BTreeSet;

use pep508_rs::PackageName;
use pymono_workspace::{BuildKind, BuildSystem};
use serde_json::Value;

use crate::{
    ScanError,
    manifest::{BuildSystemTable, Manifest, Requirement},
    tree::Tree,
};

const REQUIRES: &[&str] = &["build-system", "requires"];

/// What PEP 517 says for a project without a `[build-system]`.
const LEGACY_REQUIRES: &str = "setuptools >= 40.8.0";
const LEGACY_BACKEND: &str = "setuptools.build_meta:__legacy__";

/// Returns how a project is built; nothing for one that uv calls virtual.
///
/// `depended_upon` says whether another project wants it installed: that makes
/// uv build it even without a `[build-system]`.
///
/// # Errors
///
/// What it requires must be requirements, as they go into files for others to read.
pub(crate) fn build_system(
    tree: &Tree,
    manifest: &Manifest,
    depended_upon: bool,
) -> Result<Option<BuildSystem>, ScanError> {
    let declared = manifest.content.build_system.as_ref();
    let package = manifest.content.tool.uv.package;
    if package == Some(false) || (declared.is_none() && package.is_none() && !depended_upon) {
        return Ok(None);
    }
    let legacy = BuildSystemTable {
        requires: vec![LEGACY_REQUIRES.to_owned()],
        build_backend: None,
        backend_path: Vec::new(),
    };
    let table = declared.unwrap_or(&legacy);
    let requires: BTreeSet<&String> = table.requires.iter().collect();
    requires.iter().try_for_each(|text| check(manifest, text))?;
    Ok(Some(BuildSystem {
        requires: requires.into_iter().cloned().collect(),
        backend: table.build_backend.clone().unwrap_or_else(|| LEGACY_BACKEND.to_owned()),
        kind: kind(tree, manifest, table),
    }))
}

/// Refuses what is no requirement (PEP 508), or would be more than one line.
fn check(manifest: &Manifest, text: &str) -> Result<(), ScanError> {
    let problem = match text.parse::<pep508_rs::Requirement>() {
        _ if text.contains(char::is_control) => "it has a control character".to_owned(),
        Ok(_) => return Ok(()),
        Err(error) => error.message.to_string(),
    };
    Err(ScanError::Value {
        place: manifest.file.place_in_list(REQUIRES, text),
        problem: format!("`{}` is no requirement: {problem}", text.escape_debug()),
        hint: Some(
            "write a name and, where needed, its versions, such as `hatchling>=1.27`".into(),
        ),
    })
}

/// Returns what a build needs; whatever is not known to need nothing may need a compiler.
fn kind(tree: &Tree, manifest: &Manifest, table: &BuildSystemTable) -> BuildKind {
    let names: BTreeSet<PackageName> =
        table.requires.iter().filter_map(|text| Requirement::parse(text)).map(|r| r.name).collect();
    let needs = |name: &str| names.iter().any(|needed| needed.as_ref() == name);
    if needs("maturin") || needs("setuptools-rust") {
        return BuildKind::Rust;
    }
    let only = |allowed: &[&str]| names.iter().all(|name| allowed.contains(&name.as_ref()));
    let has = |file: &str| tree.file_in(&manifest.folder, file).is_some();
    let tool = &manifest.content.tool;
    let backend = table.build_backend.as_deref().unwrap_or(LEGACY_BACKEND);
    let pure = match backend.split([':', '.']).next().unwrap_or_default() {
        "hatchling" => only(&["hatchling"]) && !has_hooks(&tool.hatch) && !has("hatch_build.py"),
        "flit_core" => only(&["flit-core"]),
        "uv_build" => only(&["uv-build"]),
        "poetry" => only(&["poetry-core"]) && tool.poetry.get("build").is_none(),
        "pdm" => {
            let build = tool.pdm.get("build");
            let own = ["custom-hook", "run-setuptools"];
            only(&["pdm-backend"])
                && !has("pdm_build.py")
                && !own.iter().any(|key| build.is_some_and(|build| build.get(key).is_some()))
        }
        "setuptools" => {
            only(&["setuptools", "wheel"])
                && !has("setup.py")
                && tool.setuptools.get("ext-modules").is_none()
                && tool.setuptools.get("cmdclass").is_none()
        }
        _ => false,
    };
    if pure && table.backend_path.is_empty() { BuildKind::Pure } else { BuildKind::Native }
}

/// Returns true if hatchling is told to run something at build time.
fn has_hooks(hatch: &Value) -> bool {
    let build = hatch.get("build");
    let targets = build.and_then(|build| build.get("targets")).and_then(Value::as_object);
    let per_target =
        targets.is_some_and(|targets| targets.values().any(|t| t.get("hooks").is_some()));
    let metadata = hatch.get("metadata").and_then(|metadata| metadata.get("hooks"));
    per_target || metadata.is_some() || build.is_some_and(|build| build.get("hooks").is_some())
}
