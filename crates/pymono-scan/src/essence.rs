//! What of a `pyproject.toml` its build backend can make use of.
//!
//! A backend that is known to run nothing of the project's own reads `[project]`, `[build-system]` and
//! its own tables. What else stands in the file (groups for development, other tools, comments, how it
//! is laid out) reaches no image, unless the backend is told to take the file itself along.

use pymono_workspace::{BuildKind, Project};
use serde_json::{Map, Value};

use crate::document::TomlFile;

/// The name of the file.
const NAME: &str = "pyproject.toml";

/// A build backend, by what it makes use of.
struct Backend {
    /// The module that its object path begins with.
    module: &'static str,
    /// The tables below `[tool]` that it reads, as dotted keys.
    tables: &'static [&'static str],
    /// What of these it does not read.
    unread: &'static [&'static str],
    /// Those of its keys that choose files, as dotted keys below `[tool]`.
    choosing: &'static [&'static str],
    /// Keys in these whose values choose none.
    harmless: &'static [&'static str],
}

const BACKENDS: [Backend; 6] = [
    Backend {
        module: "hatchling",
        tables: &["hatch.build", "hatch.metadata", "hatch.version", "polylith"],
        unread: &[],
        choosing: &["hatch.build"],
        harmless: &["exclude", "sources", "directory", "dev-mode-dirs", "hooks"],
    },
    Backend {
        module: "flit_core",
        tables: &["flit"],
        unread: &[],
        choosing: &["flit.external-data"],
        harmless: &[],
    },
    Backend {
        module: "uv_build",
        tables: &["uv.build-backend"],
        unread: &[],
        choosing: &["uv.build-backend.data"],
        harmless: &[],
    },
    Backend {
        module: "poetry",
        tables: &["poetry"],
        unread: &["dev-dependencies", "group", "requires-plugins", "requires-poetry", "source"],
        choosing: &["poetry.packages", "poetry.include"],
        harmless: &["format", "from", "to"],
    },
    Backend {
        module: "pdm",
        tables: &["pdm.build", "pdm.version", "polylith"],
        unread: &[],
        choosing: &["pdm.build.includes", "pdm.build.wheel-data"],
        harmless: &[],
    },
    Backend {
        module: "setuptools",
        tables: &["setuptools", "distutils"],
        unread: &[],
        choosing: &["setuptools.data-files"],
        harmless: &[],
    },
];

/// Returns what a project's build makes use of in the text of its manifest; nothing where it cannot be
/// ruled out that it is more.
pub(crate) fn essence(project: &Project, text: &str) -> Option<String> {
    let build = project.build.as_ref().filter(|build| build.kind == BuildKind::Pure)?;
    let module = build.backend.split([':', '.']).next()?;
    let backend = BACKENDS.iter().find(|it| it.module == module)?;
    if project.manifest.file_name() != Some(NAME) || is_old(module, &build.requires) {
        return None;
    }
    let content: Value = TomlFile::parse(NAME, text).ok()?.shape().ok()?;
    let tool = backend.tool(&content);
    if takes_manifest(backend, &tool) {
        return None;
    }
    let kept = ["project", "build-system"].map(|key| (key.to_owned(), content[key].clone()));
    let kept: Map<String, Value> =
        kept.into_iter().chain([("tool".to_owned(), Value::Object(tool))]).collect();
    Some(Value::Object(kept).to_string())
}

/// Old releases of hatchling take in everything where they find no package.
fn is_old(module: &str, requires: &[String]) -> bool {
    module == "hatchling"
        && requires.iter().any(|text| text.contains(['<', '~']) || text.contains("=="))
}

impl Backend {
    /// Returns what of `[tool]` is read, by dotted keys.
    fn tool(&self, content: &Value) -> Map<String, Value> {
        let read = self.tables.iter().filter_map(|key| {
            let mut table = at(&content["tool"], key)?.clone();
            if let Value::Object(table) = &mut table {
                table.retain(|key, _| !self.unread.contains(&key.as_str()));
            }
            Some(((*key).to_owned(), table))
        });
        read.collect()
    }
}

fn at<'a>(table: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(table, |table, part| table.get(part))
}

/// Returns whether a backend may have been told to take the manifest itself into what it builds.
fn takes_manifest(backend: &Backend, tool: &Map<String, Value>) -> bool {
    let named = |value: &Value| value.to_string().contains("pyproject");
    let chosen = backend.choosing.iter().filter_map(|key| {
        let (table, value) = tool.iter().find(|(table, _)| key.starts_with(table.as_str()))?;
        let rest = key[table.len()..].trim_start_matches('.');
        if rest.is_empty() { Some(value) } else { at(value, rest) }
    });
    let moves_root = tool.get("setuptools").is_some_and(has_package_at_root);
    moves_root || tool.values().any(named) || chosen.into_iter().any(|it| chooses(backend, it))
}

/// Returns whether some string in a value may choose the manifest.
fn chooses(backend: &Backend, value: &Value) -> bool {
    match value {
        Value::String(text) => may_match(text),
        Value::Array(values) => values.iter().any(|value| chooses(backend, value)),
        Value::Object(table) => table.iter().any(|(key, value)| {
            !backend.harmless.contains(&key.as_str()) && (may_match(key) || chooses(backend, value))
        }),
        _ => false,
    }
}

/// Returns whether a path or pattern, as seen from the project, may match its manifest or a folder
/// that this lies in.
fn may_match(text: &str) -> bool {
    let parts = || text.split('/').filter(|part| !matches!(*part, "" | "."));
    if parts().all(|part| part == "..") {
        return true;
    }
    let first = parts().next().unwrap_or_default();
    let is_pattern = first.contains(['*', '?', '[', '!']);
    // What matches folders only matches none that the manifest lies in.
    is_pattern
        && glob::Pattern::new(first).map_or(true, |pattern| {
            first.contains("**") || (parts().count() == 1 && pattern.matches(NAME))
        })
}

/// Returns whether setuptools takes the project's own folder for a package.
fn has_package_at_root(setuptools: &Value) -> bool {
    let folders = setuptools.get("package-dir").and_then(Value::as_object);
    folders.into_iter().flatten().any(|(package, folder)| {
        !package.is_empty()
            && folder.as_str().is_none_or(|folder| folder.trim_matches(['.', '/']).is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_may_mean_the_manifest_are_told_from_others() {
        for text in
            ["", ".", "./", "..", "../..", "*", "**/*", "**", "./*.toml", "py*.toml", "[!x]*"]
        {
            assert!(may_match(text), "{text}");
        }
        for text in ["src/api", "src/**", "*.py", "../../bases/x", "pkg*", "*/data", "README.md"] {
            assert!(!may_match(text), "{text}");
        }
    }
}
