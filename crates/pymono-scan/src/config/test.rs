//! The key `test`: what tests a service.

use std::collections::BTreeSet;

use pep508_rs::ExtraName;
use pymono_workspace::{BuildStep, Test};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    shape::{self, shape},
    validate,
};

/// The table form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    run: Value,
    groups: Option<BTreeSet<ExtraName>>,
}

/// Returns what a value says: a command, a list of commands, or a table with these and what they need.
pub(super) fn test(value: &Value) -> Result<Test, String> {
    if !value.is_object() {
        return Ok(Test { run: commands(value)?, groups: None });
    }
    let Table { run, groups } = shape(value)?;
    Ok(Test { run: commands(&run)?, groups })
}

fn commands(value: &Value) -> Result<Vec<BuildStep>, String> {
    let steps = match value {
        Value::String(_) => shape::steps(&json!([value]))?,
        _ => shape::steps(value)?,
    };
    if steps.is_empty() { Err("the list is empty".into()) } else { Ok(steps) }
}

/// Returns the JSON Schema of the values.
pub(super) fn schema() -> Value {
    let mut steps = shape::steps_schema();
    steps["minItems"] = json!(1);
    let run = json!({ "anyOf": [shape::text_schema(&validate::TEXT), steps] });
    let name = shape::text_schema(&validate::EXTRA);
    let table = json!({
        "type": "object",
        "properties": { "run": run, "groups": { "type": "array", "items": name } },
        "required": ["run"],
        "additionalProperties": false,
    });
    json!({ "anyOf": [run["anyOf"][0], run["anyOf"][1], table] })
}
