//! What `[tool.pdm]` says, in the words of the standard tables.

use pep508_rs::ExtraName;
use serde_json::Value;

use crate::manifest::{Content, PathNeed, Scope, local_path};

/// Adds PDM's own groups to the standard ones.
pub(crate) fn complete(content: &mut Content) {
    let groups = content.tool.pdm.get("dev-dependencies").and_then(Value::as_object).cloned();
    for (name, texts) in groups.into_iter().flatten() {
        let Ok(group) = name.parse::<ExtraName>() else { continue };
        let texts = texts.as_array().cloned().unwrap_or_default();
        for text in texts.iter().filter_map(Value::as_str) {
            // PDM takes what is editable in these groups only, so that is where a
            // project names the local ones that it imports.
            if let Some(path) = text.trim().strip_prefix("-e").and_then(local_path) {
                content.paths.push(PathNeed { path, scope: Scope::Editable(group.clone()) });
            }
        }
        let named = texts
            .into_iter()
            .filter(|text| text.as_str().is_some_and(|text| !text.trim().starts_with("-e")));
        content.dependency_groups.entry(name).or_default().extend(named);
    }
}
