//! The keys `include` and `inputs`: further files, as they are configured.

use pymono_names::{InvalidTreePath, TreePath};
use pymono_workspace::Include;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    shape::shape,
    validate::{DESTINATION, TREE_PATH},
};

/// One entry: what is included, and where it goes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    from: String,
    to: Option<String>,
}

/// Reads the entries of `include`.
pub(super) fn entries(value: &Value) -> Result<Vec<Entry>, String> {
    let entry = |value: Value| {
        let entry = match value {
            Value::String(from) => Entry { from, to: None },
            Value::Object(_) => shape(&value)?,
            other => {
                return Err(format!(
                    "`{other}` is neither a path nor a table such as `{{ from = \"gen\", to = \"lib\" }}`"
                ));
            }
        };
        check(&entry.from)?;
        entry.to.iter().try_for_each(|to| DESTINATION.check(to))?;
        Ok(entry)
    };
    shape::<Vec<Value>>(value)?.into_iter().map(entry).collect()
}

/// Checks a path or a pattern.
pub(super) fn check(text: &str) -> Result<(), String> {
    TREE_PATH.check(text)?;
    let pattern = glob::Pattern::new(text);
    pattern.map(drop).map_err(|error| format!("`{text}` is no pattern: {}", error.msg))
}

/// Returns what `include` says in a file in `folder`, as seen from the root.
pub(super) fn includes(value: &Value, folder: &TreePath) -> Result<Vec<Include>, String> {
    let include = |Entry { from, to }: Entry| {
        let from = at(folder, &from)?;
        let to = to.map(|to| if to == "/" { to } else { to.trim_end_matches('/').to_owned() });
        Ok(Include { from, to, folder: folder.clone() })
    };
    entries(value)?.into_iter().map(include).collect()
}

/// Returns a path or pattern as seen from the root.
pub(super) fn at(folder: &TreePath, text: &str) -> Result<String, String> {
    let path = folder.join(text).map_err(|error: InvalidTreePath| error.to_string())?;
    Ok(path.as_str().to_owned())
}

/// Returns the JSON Schema of `include`.
pub(super) fn schema() -> Value {
    let path = json!({ "type": "string", "pattern": TREE_PATH.pattern });
    let to = json!({ "type": "string", "pattern": DESTINATION.pattern });
    let table = json!({
        "type": "object",
        "properties": { "from": path, "to": to },
        "required": ["from"],
        "additionalProperties": false,
    });
    json!({ "type": "array", "items": { "anyOf": [path, table] } })
}
