//! The keys of the configuration: what each may hold and what it sets.

use std::collections::{BTreeMap, BTreeSet};

use glob::Pattern;
use pymono_workspace::{CacheMount, Settings};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Configured, dockerfile, secrets, validate};

/// The supported keys and what they hold, for people.
const KEYS: &[(&str, &str)] = &[
    ("apt", "a list of Debian packages in the runtime image"),
    ("base-image", "the reference of the image in which everything is built"),
    ("build-apt", "a list of Debian packages for builds"),
    ("cache", "a list of absolute paths"),
    ("command", "a list of words, the program first"),
    (
        "dockerfile",
        "a path from the service's folder, a table such as `{ path = \"Dockerfile\", target = \"api\", context = \"..\", args = { A = \"1\" } }`, a list of these, or `false` to generate it all the same",
    ),
    ("entrypoint", "a list of words, the program first"),
    ("env", "a table of strings"),
    ("exclude", "a list of patterns of folders"),
    ("extras", "a list of extras of the project"),
    ("groups", "a list of dependency groups of the project"),
    ("healthcheck", "a list of words, the program first"),
    ("image", "the image's name without registry and tag"),
    ("labels", "a table of strings"),
    ("platforms", "a list of `linux/amd64` and `linux/arm64`"),
    ("port", "a number from 1 to 65535"),
    ("python", "a version in quotes, such as `\"3.13\"`"),
    ("registry", "a registry and the path before the image's name"),
    ("require-locked", "`true` or `false`"),
    ("runtime-image", "the reference of the image on which services run"),
    (
        "secrets",
        "a list of names, or of tables such as `{ id = \"token\", env = \"API_TOKEN\" }` or `{ id = \"conf\", target = \"/etc/conf\" }`",
    ),
    ("skip", "`true` or `false`"),
    ("tags", "a list of tags"),
    ("user", "a numeric user id"),
    ("uv-image", "the reference of the image that holds uv"),
    ("workdir", "an absolute path"),
];

/// Keys that later versions will read. To pass them by would build the wrong image.
const PLANNED: [&str; 8] =
    ["apk", "build-steps", "include", "inputs", "libc", "members", "test", "version"];

/// What can be wrong with a key or its value.
pub(super) enum Wrong {
    /// There is no such key.
    Unknown,
    /// It is planned.
    Unsupported,
    /// It cannot be set for one project.
    OfTheWhole,
    /// The value cannot be used.
    Value(String),
}

impl From<String> for Wrong {
    fn from(problem: String) -> Self {
        Self::Value(problem)
    }
}

/// Returns all keys, for people.
pub(super) fn known() -> String {
    KEYS.iter().map(|(key, _)| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the key that `key` was perhaps meant to be.
pub(super) fn similar(key: &str) -> Option<&'static str> {
    let key = key.replace('_', "-").to_lowercase();
    let scored = KEYS.iter().map(|(known, _)| (strsim::jaro_winkler(&key, known), *known));
    scored
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Returns what a key may hold.
pub(super) fn allowed(key: &str) -> Option<&'static str> {
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, allowed)| *allowed)
}

/// Sets `key` to `value`.
pub(super) fn set(
    configured: &mut Configured,
    key: &str,
    value: &Value,
    whole: bool,
) -> Result<(), Wrong> {
    match key {
        "uv-image" | "exclude" if !whole => return Err(Wrong::OfTheWhole),
        "uv-image" => configured.uv_image = Some(checked(value, validate::image_reference)?),
        "exclude" => configured.exclude = patterns(value)?,
        "skip" => _ = shape::<bool>(value)?,
        "dockerfile" => configured.dockerfile = Some(dockerfile::recipe(value)?),
        _ => set_setting(&mut configured.settings, key, value)?,
    }
    Ok(())
}

/// Sets what one project may have to itself.
fn set_setting(settings: &mut Settings, key: &str, value: &Value) -> Result<(), Wrong> {
    match key {
        "apt" => settings.apt = all(value, validate::debian_package)?,
        "build-apt" => settings.build_apt = all(value, validate::debian_package)?,
        "base-image" => settings.base_image = Some(checked(value, validate::image_reference)?),
        "runtime-image" => {
            settings.runtime_image = Some(checked(value, validate::image_reference)?);
        }
        "image" => settings.image = Some(checked(value, validate::image_name)?),
        "registry" => settings.registry = Some(checked(value, validate::registry)?),
        "tags" => settings.tags = list(value, validate::tag)?,
        "command" => settings.command = Some(words(value)?),
        "entrypoint" => settings.entrypoint = Some(words(value)?),
        "healthcheck" => settings.healthcheck = Some(words(value)?),
        "env" => settings.env.extend(table(value, validate::variable)?),
        "labels" => settings.labels.extend(table(value, validate::label)?),
        "workdir" => settings.workdir = Some(checked(value, validate::absolute_path)?),
        "secrets" => settings.secrets = secrets::secrets(value)?,
        "cache" => settings.cache = caches(value)?,
        "require-locked" => settings.require_locked = Some(shape(value)?),
        "port" => settings.port = Some(shape::<u16>(value).and_then(validate::port)?),
        "user" => settings.user = Some(shape(value)?),
        "python" => settings.python = Some(shape(value)?),
        "platforms" => settings.platforms = shape(value)?,
        "extras" => settings.extras = shape(value)?,
        "groups" => settings.groups = shape(value)?,
        _ if PLANNED.contains(&key) => return Err(Wrong::Unsupported),
        _ => return Err(Wrong::Unknown),
    }
    Ok(())
}

fn patterns(value: &Value) -> Result<Vec<Pattern>, String> {
    let compile = |text: String| {
        let text = text.trim_end_matches('/');
        Pattern::new(text).map_err(|error| format!("`{text}` is no pattern: {}", error.msg))
    };
    shape::<Vec<String>>(value)?.into_iter().map(compile).collect()
}

fn caches(value: &Value) -> Result<Vec<CacheMount>, String> {
    let paths = all(value, validate::absolute_path)?;
    Ok(paths.into_iter().map(|target| CacheMount { target }).collect())
}

pub(super) fn shape<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

fn checked(value: &Value, check: fn(&str) -> Result<(), String>) -> Result<String, String> {
    let text: String = shape(value)?;
    check(&text).map(|()| text)
}

fn list(value: &Value, check: fn(&str) -> Result<(), String>) -> Result<Vec<String>, String> {
    let texts: Vec<String> = shape(value)?;
    texts.iter().try_for_each(|text| check(text)).map(|()| texts)
}

fn all(value: &Value, check: fn(&str) -> Result<(), String>) -> Result<BTreeSet<String>, String> {
    Ok(list(value, check)?.into_iter().collect())
}

fn words(value: &Value) -> Result<Vec<String>, String> {
    if let Some(text) = value.as_str() {
        return Err(format!("`{text}` is one string, which would need a shell to take it apart"));
    }
    let words = list(value, validate::word)?;
    if words.is_empty() { Err("the list is empty".into()) } else { Ok(words) }
}

fn table(
    value: &Value,
    check: fn(&str, &str) -> Result<(), String>,
) -> Result<BTreeMap<String, String>, String> {
    let entries: BTreeMap<String, String> = shape(value)?;
    entries.iter().try_for_each(|(name, text)| check(name, text)).map(|()| entries)
}
