//! How a project is built, and whether that can need a compiler.

use std::collections::BTreeSet;

use pep508_rs::PackageName;
use pymono_workspace::{BuildKind, BuildSystem};
use serde_json::Value;

use crate::{
    ScanError,
    manifest::{BuildSystemTable, Form, Manifest, Requirement},
    poetry,
    tree::Tree,
    version,
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
    if !is_package(tree, manifest, depended_upon) {
        return Ok(None);
    }
    let otherwise = undeclared(manifest);
    let table = declared.unwrap_or(&otherwise);
    let requires: BTreeSet<&String> = table.requires.iter().collect();
    requires.iter().try_for_each(|text| check(manifest, text))?;
    Ok(Some(BuildSystem {
        requires: requires.into_iter().cloned().collect(),
        backend: table.build_backend.clone().unwrap_or_else(|| LEGACY_BACKEND.to_owned()),
        kind: kind(tree, manifest, table),
        version_from_git: version::from_git(manifest, table),
    }))
}

/// Returns whether a project is one to install, by the rules of the tool that it is written for.
fn is_package(tree: &Tree, manifest: &Manifest, depended_upon: bool) -> bool {
    let content = &manifest.content;
    let has = |file: &str| tree.file_in(&manifest.folder, file).is_some();
    match manifest.form {
        Form::Pipfile | Form::Requirements => {
            let standard = content.build_system.is_some() && manifest.named;
            return has("setup.py") || standard || (depended_upon && has("pyproject.toml"));
        }
        Form::Setup => return true,
        Form::Recipe => return false,
        Form::Pyproject => {}
    }
    let poetry = &content.tool.poetry;
    let builds_by_poetry = content.build_system.as_ref().is_none_or(|system| {
        system.build_backend.as_deref().is_some_and(|backend| backend.starts_with("poetry"))
    });
    let of_poetry = poetry.is_object()
        && (content.build_system.is_some()
            || has("poetry.lock")
            || manifest.file.item(&["project"]).is_none());
    if of_poetry && builds_by_poetry {
        let no_package = poetry.get("package-mode") == Some(&Value::Bool(false));
        // Poetry's own metadata are for an application as often as for a package.
        let certain = manifest.file.item(&["project"]).is_some() && !has("poetry.lock");
        return !no_package && (certain || depended_upon || poetry::has_package(tree, manifest));
    }
    if content.tool.pdm.get("distribution") == Some(&Value::Bool(false)) {
        return false;
    }
    content.tool.uv.package.unwrap_or(content.build_system.is_some() || depended_upon)
}

/// Returns how a project without a `[build-system]` is built: by Poetry itself, or as PEP 517 says.
fn undeclared(manifest: &Manifest) -> BuildSystemTable {
    let by_poetry = manifest.content.tool.poetry.is_object();
    let requires = if by_poetry { "poetry-core" } else { LEGACY_REQUIRES };
    BuildSystemTable {
        requires: vec![requires.to_owned()],
        build_backend: by_poetry.then(|| "poetry.core.masonry.api".to_owned()),
        backend_path: Vec::new(),
    }
}

/// Refuses what is no requirement (PEP 508), or would be more than one line.
fn check(manifest: &Manifest, text: &str) -> Result<(), ScanError> {
    let problem = match pymono_lock::check_requirement(text) {
        _ if text.contains(char::is_control) => "it has a control character".to_owned(),
        Ok(()) => return Ok(()),
        Err(problem) => problem,
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
        "hatchling" => {
            only(&["hatchling", "hatch-polylith-bricks", "hatch-vcs"])
                && !has_hooks(&tool.hatch)
                && !has("hatch_build.py")
        }
        "flit_core" => only(&["flit-core"]),
        "uv_build" => only(&["uv-build"]),
        "poetry" => only(&["poetry-core"]) && tool.poetry.get("build").is_none(),
        "pdm" => {
            let build = tool.pdm.get("build");
            let own = ["custom-hook", "run-setuptools"];
            only(&["pdm-backend", "pdm-polylith-bricks"])
                && !has("pdm_build.py")
                && !own.iter().any(|key| build.is_some_and(|build| build.get(key).is_some()))
        }
        "setuptools" => {
            only(&["setuptools", "setuptools-scm", "wheel"])
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
    // These copy files and write the version into one, and do nothing else.
    let known = ["polylith-bricks", "vcs"];
    let own = build.and_then(|build| build.get("hooks")?.as_object());
    let own = own.is_some_and(|hooks| hooks.keys().any(|hook| !known.contains(&hook.as_str())));
    per_target || metadata.is_some() || own
}
