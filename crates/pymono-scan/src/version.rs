//! Which builds ask git for the version.

use pymono_workspace::GitVersion;
use serde_json::Value;

use crate::manifest::{BuildSystemTable, Manifest, Requirement};

/// Build requirements that ask git for the version.
const TOOLS: [&str; 10] = [
    "flit-scm",
    "hatch-vcs",
    "pbr",
    "poetry-dynamic-versioning",
    "setuptools-git-versioning",
    "setuptools-scm",
    "uv-dynamic-versioning",
    "vcs-versioning",
    "versioneer",
    "versioningit",
];

/// Returns the tool that a build asks for the version, if that one would ask git.
pub(crate) fn from_git(manifest: &Manifest, table: &BuildSystemTable) -> Option<GitVersion> {
    let tool = &manifest.content.tool;
    let required = table.requires.iter().filter_map(|text| Requirement::parse(text));
    let names: Vec<String> = required.map(|needed| needed.name.to_string()).collect();
    let name = names.into_iter().find(|name| TOOLS.contains(&name.as_str()));
    let by_pdm = (tool.pdm.pointer("/version/source") == Some(&Value::from("scm")))
        .then(|| "pdm-backend".to_owned());
    let name = name.or(by_pdm)?;
    is_asked(manifest, &name)
        .then(|| GitVersion { has_fallback: has_fallback(manifest, &name), tool: name })
}

/// Returns whether the manifest leaves the version to the build.
fn is_asked(manifest: &Manifest, name: &str) -> bool {
    let content = &manifest.content;
    let is_enabled = content.tool.poetry_dynamic_versioning.get("enable");
    if name == "poetry-dynamic-versioning" {
        return is_enabled == Some(&Value::Bool(true));
    }
    let hatch = content.tool.hatch.pointer("/version/source").and_then(Value::as_str);
    let by_hatch = hatch.is_none_or(|source| source == name || source == "vcs");
    let asks = |project: &crate::manifest::ProjectTable| {
        project.dynamic.iter().any(|field| field == "version")
    };
    // Without `[project]`, a `setup.py` or `setup.cfg` may ask in ways that cannot be read.
    let standard = manifest.file.item(&["project"]).is_some();
    by_hatch && (!standard || content.project.as_ref().is_some_and(asks))
}

/// Returns whether some version is configured for where there is no git.
fn has_fallback(manifest: &Manifest, name: &str) -> bool {
    let tool = &manifest.content.tool;
    let version = tool.hatch.get("version");
    let of_hatch = |key: &str| version.and_then(|version| version.pointer(key));
    let has = |table: &Value, key: &str| table.get(key).is_some();
    match name {
        "hatch-vcs" => {
            of_hatch("/fallback-version").or(of_hatch("/raw-options/fallback_version")).is_some()
        }
        "setuptools-scm" => has(&tool.setuptools_scm, "fallback_version"),
        "versioningit" => has(&tool.versioningit, "default-version"),
        "uv-dynamic-versioning" => has(&tool.uv_dynamic_versioning, "fallback-version"),
        "pdm-backend" => tool.pdm.pointer("/version/fallback_version").is_some(),
        _ => false,
    }
}
