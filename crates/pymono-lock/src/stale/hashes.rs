//! Hashes of what counts in a manifest, by the rules of each tool.

use pep508_rs::{ExtraName, PackageName};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::python_json::{Spacing, dumps};

/// The hash that a lock holds, and those that versions of its tool compute for a manifest.
type Hashes = (String, Vec<String>);

/// Keys of `[tool.poetry]` that count even where they are absent.
const POETRY_ALWAYS: [&str; 4] = ["dependencies", "source", "extras", "dev-dependencies"];
/// Keys of `[project]` that count for Poetry.
const POETRY_PROJECT: [&str; 3] = ["requires-python", "dependencies", "optional-dependencies"];
/// Tables of a `Pipfile` that are no categories of packages.
const NO_CATEGORIES: [&str; 9] = [
    "source",
    "packages",
    "dev-packages",
    "requires",
    "scripts",
    "pipfile",
    "pipenv",
    "default",
    "develop",
];

/// Returns the hashes of a project of Poetry; nothing if the lock has none.
///
/// Poetry counts dependency groups since version 2.3 and `[project]` since 2.0.
pub(super) fn poetry(lock: &str, manifest: &str) -> Option<Hashes> {
    let locked = quoted_value(lock, "content-hash")?;
    let manifest = read(manifest)?;
    let nothing = json!({});
    let project = manifest.get("project").unwrap_or(&nothing);
    let groups = manifest.get("dependency-groups").unwrap_or(&nothing);
    let forms = [(project, groups), (project, &nothing), (&nothing, &nothing)];
    let hash =
        |(project, groups)| sha256(&poetry_content(&manifest, project, groups), Spacing::Usual);
    Some((locked, forms.map(hash).into()))
}

fn poetry_content(manifest: &Value, project: &Value, groups: &Value) -> Value {
    let table = manifest.pointer("/tool/poetry").cloned().unwrap_or_default();
    let standard = pick(project, &POETRY_PROJECT);
    let groups = groups.as_object().filter(|groups| !groups.is_empty());
    let is_standard = !standard.is_empty() || groups.is_some();
    let mut own = pick(&table, &POETRY_ALWAYS);
    if !is_standard {
        for key in POETRY_ALWAYS {
            own.entry(key).or_insert(Value::Null);
        }
    }
    own.extend(pick(&table, &["group"]));
    if !is_standard {
        return Value::Object(own);
    }
    let mut content = Map::new();
    if !standard.is_empty() {
        content.insert("project".into(), Value::Object(standard));
    }
    if let Some(groups) = groups {
        content.insert("dependency-groups".into(), Value::Object(groups.clone()));
    }
    content.insert("tool".into(), json!({ "poetry": own }));
    Value::Object(content)
}

/// Returns the hashes of a project of PDM; nothing if the lock has none that a manifest alone decides.
///
/// What is called `resolution` since PDM 2.12 was `overrides` before, the one table of it that counted.
pub(super) fn pdm(lock: &str, manifest: &str) -> Option<Hashes> {
    let locked = quoted_value(lock, "content_hash")?;
    let locked = locked.strip_prefix("sha256:")?.to_owned();
    let manifest = read(manifest)?;
    let nothing = json!({});
    let project = manifest.get("project")?;
    let own = manifest.pointer("/tool/pdm").unwrap_or(&nothing);
    // The hash of a workspace is over its members too.
    if own.get("workspace").is_some() {
        return None;
    }
    let resolution = own.get("resolution").unwrap_or(&nothing);
    let mut content = json!({
        "sources": own.get("source").unwrap_or(&json!([])),
        "dependencies": project.get("dependencies").unwrap_or(&json!([])),
        "dev-dependencies": pdm_groups(&manifest, own)?,
        "optional-dependencies": project.get("optional-dependencies").unwrap_or(&nothing),
        "requires-python": project.get("requires-python").unwrap_or(&json!("")),
        "resolution": resolution,
    });
    let now = sha256(&content, Spacing::Usual);
    let fields = content.as_object_mut()?;
    fields.remove("resolution");
    let overrides = resolution.get("overrides").unwrap_or(&nothing).clone();
    fields.insert("overrides".into(), overrides);
    let before = sha256(&content, Spacing::Usual);
    Some((locked, vec![now, before]))
}

/// Returns the groups of both tables; nothing where one group is in both.
///
/// What PDM makes of such a group depends on how often it has looked at it.
fn pdm_groups(manifest: &Value, own: &Value) -> Option<Map<String, Value>> {
    let mut groups = Map::new();
    for table in [manifest.get("dependency-groups"), own.get("dev-dependencies")] {
        for (name, items) in table.and_then(Value::as_object).into_iter().flatten() {
            let name = name.parse::<ExtraName>().map_or(name.clone(), |name| name.to_string());
            if groups.insert(name, items.clone()).is_some() {
                return None;
            }
        }
    }
    Some(groups)
}

/// Returns the hashes of a project of pipenv; nothing if the lock has none.
///
/// pipenv normalises names since 2026; before it took them as they are written.
pub(super) fn pipfile(lock: &str, manifest: &str) -> Option<Hashes> {
    let lock: Value = serde_json::from_str(lock).ok()?;
    let locked = lock.pointer("/_meta/hash/sha256")?.as_str()?.to_owned();
    let manifest = read(manifest)?;
    let hash =
        |name: fn(&str) -> String| sha256(&pipfile_content(&manifest, name), Spacing::Compact);
    Some((locked, vec![hash(normalized), hash(str::to_owned)]))
}

fn normalized(name: &str) -> String {
    name.parse::<PackageName>().map_or_else(|_| name.to_owned(), |name| name.to_string())
}

fn pipfile_content(manifest: &Value, name: fn(&str) -> String) -> Value {
    let nothing = json!({});
    let section = |key: &str| {
        let packages = manifest.get(key).and_then(Value::as_object).into_iter().flatten();
        let packages = packages.map(|(key, value)| (name(key), value.clone()));
        Value::Object(packages.collect())
    };
    let mut content = Map::new();
    content.insert(
        "_meta".into(),
        json!({
            "sources": manifest.get("source").unwrap_or(&nothing),
            "requires": manifest.get("requires").unwrap_or(&nothing),
        }),
    );
    content.insert("default".into(), section("packages"));
    content.insert("develop".into(), section("dev-packages"));
    for key in manifest.as_object().into_iter().flat_map(Map::keys) {
        if !NO_CATEGORIES.contains(&key.as_str()) {
            content.insert(key.clone(), section(key));
        }
    }
    Value::Object(content)
}

/// Returns those of the keys that a table has.
fn pick(table: &Value, keys: &[&str]) -> Map<String, Value> {
    let found = keys.iter().filter_map(|key| Some(((*key).to_owned(), table.get(key)?.clone())));
    found.collect()
}

fn read(manifest: &str) -> Option<Value> {
    toml::from_str(manifest).ok()
}

/// Returns the string that the last line `KEY = "…"` assigns.
///
/// The metadata of a lock stand at its end, or at its start; no package has such a key.
fn quoted_value(lock: &str, key: &str) -> Option<String> {
    let value = |line: &str| {
        let value = line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim();
        Some(value.strip_prefix('"')?.strip_suffix('"')?.to_owned())
    };
    lock.lines().rev().find_map(value)
}

fn sha256(content: &Value, spacing: Spacing) -> String {
    let digest = Sha256::digest(dumps(content, spacing).as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
