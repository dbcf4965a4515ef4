//! What differs, for programs.

use std::collections::BTreeSet;

use pymono_fingerprint::Reason;
use pymono_names::TreePath;
use schemars::JsonSchema;
use serde::Serialize;

use super::Changes;

/// What `--json` prints.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct AffectedJson<'a> {
    version: u32,
    base: Option<&'a str>,
    services: Vec<Row<'a>>,
    removed: &'a BTreeSet<TreePath>,
}

#[derive(Debug, JsonSchema, Serialize)]
struct Row<'a> {
    name: String,
    path: &'a TreePath,
    reasons: &'a BTreeSet<Reason>,
}

pub(super) fn json(changes: &Changes) -> String {
    let row = |(path, reasons)| Row { name: changes.name(path), path, reasons };
    let output = AffectedJson {
        version: 1,
        base: changes.base.as_deref(),
        services: changes.comparison.services.iter().map(row).collect(),
        removed: &changes.comparison.removed,
    };
    // Only a map with keys that are no strings, or a failing writer, could make this fail.
    serde_json::to_string_pretty(&output).unwrap_or_default()
}
