//! JSON as Python's `json.dumps(…, sort_keys=True)` writes it.

use serde_json::Value;

/// What stands between items, and between a key and its value.
#[derive(Clone, Copy)]
pub(super) enum Spacing {
    /// `, ` and `: `, the default.
    Usual,
    /// `,` and `:`.
    Compact,
}

/// Returns the value as Python writes it, with every letter beyond ASCII escaped.
pub(super) fn dumps(value: &Value, spacing: Spacing) -> String {
    let (comma, colon) = match spacing {
        Spacing::Usual => (", ", ": "),
        Spacing::Compact => (",", ":"),
    };
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries
                .into_iter()
                .map(|(key, value)| format!("{}{colon}{}", string(key), dumps(value, spacing)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(comma))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| dumps(item, spacing));
            format!("[{}]", items.collect::<Vec<_>>().join(comma))
        }
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    let quoted = Value::String(text.to_owned()).to_string();
    let mut escaped = String::new();
    for letter in quoted.chars() {
        if letter.is_ascii() {
            escaped.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                escaped += &format!("\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_what_python_writes() {
        let value = json!({"b": [1, true, null, "ä\u{1f600}\"\n"], "a": {"z": 1.5, "B": ""}});
        let usual = r#"{"a": {"B": "", "z": 1.5}, "b": [1, true, null, "\u00e4\ud83d\ude00\"\n"]}"#;
        assert_eq!(dumps(&value, Spacing::Usual), usual);
        assert_eq!(dumps(&json!({"a": [1, 2]}), Spacing::Compact), r#"{"a":[1,2]}"#);
    }
}
