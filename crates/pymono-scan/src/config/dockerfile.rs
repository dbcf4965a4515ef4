//! The key `dockerfile`: whether an image is built by hand-written Dockerfiles, and by which.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{shape::shape, validate};

/// How the image of a service comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recipe {
    /// By a Dockerfile that pymono generates, whatever else there is.
    Generated,
    /// By the Dockerfiles that are found.
    Found,
    /// By these.
    Named(Vec<NamedDockerfile>),
}

/// A Dockerfile that the configuration names. Paths are seen from the service's folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedDockerfile {
    /// The Dockerfile.
    #[serde(default = "usual")]
    pub(crate) path: String,
    /// What the image is called, where a service has several.
    pub(crate) name: Option<String>,
    /// The stage to build.
    pub(crate) target: Option<String>,
    /// The folder that is the context.
    pub(crate) context: Option<String>,
    /// Build arguments.
    #[serde(default)]
    pub(crate) args: BTreeMap<String, String>,
}

fn usual() -> String {
    "Dockerfile".to_owned()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Path(String),
    Table(NamedDockerfile),
}

/// Reads the value.
pub(super) fn recipe(value: &Value) -> Result<Recipe, String> {
    match value {
        Value::Bool(false) => Ok(Recipe::Generated),
        Value::Bool(true) => Ok(Recipe::Found),
        Value::Array(entries) if entries.is_empty() => Err("the list is empty".into()),
        Value::Array(entries) => {
            entries.iter().map(named).collect::<Result<_, _>>().map(Recipe::Named)
        }
        value => named(value).map(|named| Recipe::Named(vec![named])),
    }
}

fn named(value: &Value) -> Result<NamedDockerfile, String> {
    // What serde says of a value that is neither would not name the key that is wrong.
    let entry = if value.is_object() { Entry::Table(shape(value)?) } else { shape(value)? };
    let named = match entry {
        Entry::Table(named) => named,
        Entry::Path(path) => {
            NamedDockerfile { path, name: None, target: None, context: None, args: BTreeMap::new() }
        }
    };
    for text in [Some(&named.path), named.target.as_ref(), named.context.as_ref()] {
        text.map_or(Ok(()), |text| filled(text))?;
    }
    named.name.iter().try_for_each(|name| validate::IMAGE_NAME.check(name))?;
    named.args.iter().try_for_each(|(name, text)| {
        validate::VARIABLE_NAME.check(name)?;
        validate::word(text)
    })?;
    Ok(named)
}

/// Returns the JSON Schema of the key.
pub(super) fn schema() -> Value {
    let text = json!({ "type": "string", "minLength": 1, "pattern": validate::LINE.pattern });
    let table = json!({
        "type": "object",
        "properties": {
            "path": text,
            "name": { "type": "string", "pattern": validate::IMAGE_NAME.pattern },
            "target": text,
            "context": text,
            "args": {
                "type": "object",
                "propertyNames": { "pattern": validate::VARIABLE_NAME.pattern },
                "additionalProperties": { "type": "string", "pattern": validate::LINE.pattern },
            },
        },
        "additionalProperties": false,
    });
    let one = json!({ "anyOf": [text, table] });
    let several = json!({ "type": "array", "items": one, "minItems": 1 });
    json!({ "anyOf": [text, table, several, { "type": "boolean" }] })
}

fn filled(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("the text is empty".into()) } else { validate::word(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_is_a_path_a_table_or_a_list_of_both() {
        let Ok(Recipe::Named(two)) = recipe(&json!(["a", { "target": "x", "args": { "A": "1" } }]))
        else {
            panic!("two")
        };
        assert_eq!((two[0].path.as_str(), two[1].path.as_str()), ("a", "Dockerfile"));
        assert_eq!((two[1].target.as_deref(), two[1].args["A"].as_str()), (Some("x"), "1"));
        assert_eq!(recipe(&json!(false)), Ok(Recipe::Generated));
        assert_eq!(recipe(&json!(true)), Ok(Recipe::Found));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |value| recipe(&value).unwrap_err();
        assert!(wrong(json!({ "file": "x" })).contains("unknown field `file`"));
        assert!(wrong(json!([])).contains("empty"));
        assert!(wrong(json!({ "args": { "a b": "1" } })).contains("a b"));
        recipe(&json!(3)).unwrap_err();
        recipe(&json!("")).unwrap_err();
    }
}
