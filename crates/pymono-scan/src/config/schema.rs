//! The JSON Schema of the configuration, made from the keys that validation knows.

use serde_json::{Map, Value, json};

use super::keys::KEYS;

/// Returns the JSON Schema (draft 2020-12) of a `pymono.toml`, or of the tables that hold the same.
pub fn schema() -> Value {
    let property = |key: &super::keys::Key| {
        let mut schema = key.shape.schema();
        let only = if key.of_whole { "; for the whole repository" } else { "" };
        schema["description"] = format!("{}{only}", key.meaning).into();
        (key.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = KEYS.iter().map(property).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "configuration of pymono",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Returns all keys, sorted, each with what it means.
pub fn documented_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    KEYS.iter().map(|key| (key.name, key.meaning))
}
