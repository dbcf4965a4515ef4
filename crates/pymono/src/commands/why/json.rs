//! What an image is made of, for programs.

use std::collections::{BTreeMap, BTreeSet};

use pymono_fingerprint::{LayerChange, Reason};
use pymono_names::TreePath;
use schemars::JsonSchema;
use serde::Serialize;

use super::Told;

/// What `--json` prints.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct WhyJson<'a> {
    version: u32,
    name: &'a str,
    path: &'a TreePath,
    fingerprint: String,
    inputs: BTreeMap<String, &'a str>,
    #[serde(flatten)]
    since: Option<SinceRow<'a>>,
}

#[derive(Debug, JsonSchema, Serialize)]
struct SinceRow<'a> {
    base: Option<&'a str>,
    changed: BTreeSet<String>,
    reasons: &'a BTreeSet<Reason>,
    layers: &'a [LayerChange],
}

pub(super) fn json(told: &Told<'_>) -> String {
    let inputs = told.inputs.pieces().iter();
    let output = WhyJson {
        version: 1,
        name: &told.name,
        path: &told.path,
        fingerprint: told.inputs.fingerprint().to_string(),
        inputs: inputs.map(|(piece, value)| (piece.to_string(), value.as_str())).collect(),
        since: told.since.as_ref().map(|since| SinceRow {
            base: since.base,
            changed: since.changed.iter().map(ToString::to_string).collect(),
            reasons: &since.reasons,
            layers: &since.layers,
        }),
    };
    // Only a map with keys that are no strings, or a failing writer, could make this fail.
    serde_json::to_string_pretty(&output).unwrap_or_default()
}
