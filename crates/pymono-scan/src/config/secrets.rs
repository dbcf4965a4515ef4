//! The key `secrets`: what steps are given without keeping it.

use std::collections::BTreeSet;

use pymono_workspace::{Secret, SecretPlace};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{shape::shape, validate};

/// One entry: a name, or where a secret is to be found.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Name(String),
    Table(SecretTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretTable {
    id: String,
    env: Option<String>,
    target: Option<String>,
    #[serde(default = "required")]
    required: bool,
}

fn required() -> bool {
    true
}

/// Reads the secrets of a project.
pub(super) fn secrets(value: &Value) -> Result<BTreeSet<Secret>, String> {
    shape::<Vec<Entry>>(value)?.into_iter().map(secret).collect()
}

/// Returns the JSON Schema of the key.
pub(super) fn schema() -> Value {
    let text = |form: &validate::Form| json!({ "type": "string", "pattern": form.pattern });
    let id = text(&validate::SECRET_ID);
    let table = json!({
        "type": "object",
        "properties": {
            "id": id,
            "env": text(&validate::VARIABLE_NAME),
            "target": text(&validate::ABSOLUTE_PATH),
            "required": { "type": "boolean" },
        },
        "required": ["id"],
        "not": { "required": ["env", "target"] },
        "additionalProperties": false,
    });
    json!({ "type": "array", "items": { "anyOf": [id, table] } })
}

fn secret(entry: Entry) -> Result<Secret, String> {
    let (id, place, required) = match entry {
        Entry::Name(id) => (id, None, true),
        Entry::Table(SecretTable { id, env, target, required }) => {
            let place = match (env, target) {
                (Some(_), Some(_)) => {
                    return Err(format!("`{id}` has both `env` and `target`"));
                }
                (Some(name), None) => {
                    validate::VARIABLE_NAME.check(&name)?;
                    Some(SecretPlace::Variable(name))
                }
                (None, Some(path)) => {
                    validate::ABSOLUTE_PATH.check(&path)?;
                    Some(SecretPlace::File(path))
                }
                (None, None) => None,
            };
            (id, place, required)
        }
    };
    validate::SECRET_ID.check(&id)?;
    let place = place.unwrap_or_else(|| usual_place(&id));
    Ok(Secret { id, place, required })
}

/// Returns where a secret is found that only has a name: in a variable if the name could be one in
/// capital letters.
fn usual_place(id: &str) -> SecretPlace {
    if id == Secret::NETRC {
        return Secret::netrc().place;
    }
    let capital = id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if capital && validate::VARIABLE_NAME.check(id).is_ok() {
        SecretPlace::Variable(id.to_owned())
    } else {
        SecretPlace::File(format!("/run/secrets/{id}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &Value) -> Result<Secret, String> {
        secrets(&json!([value])).map(|mut secrets| secrets.pop_first().unwrap())
    }

    #[test]
    fn a_name_tells_where_a_secret_is_found() {
        let place = |value: Value| one(&value).map(|secret| secret.place);
        let file = |path: &str| Ok(SecretPlace::File(path.into()));
        let variable = |name: &str| Ok(SecretPlace::Variable(name.into()));
        assert_eq!(place(json!("netrc")), file("/root/.netrc"));
        assert_eq!(place(json!("API_TOKEN2")), variable("API_TOKEN2"));
        assert_eq!(place(json!("pip.conf")), file("/run/secrets/pip.conf"));
        assert_eq!(place(json!({ "id": "x", "env": "Y" })), variable("Y"));
        assert_eq!(place(json!({ "id": "x", "target": "/etc/pip.conf" })), file("/etc/pip.conf"));
    }

    #[test]
    fn what_is_named_is_required_unless_it_says_otherwise() {
        assert!(one(&json!("X")).unwrap().required && one(&json!({ "id": "x" })).unwrap().required);
        assert!(!one(&json!({ "id": "x", "required": false })).unwrap().required);
    }

    #[test]
    fn no_secret_can_mean_something_else_in_a_mount() {
        for value in [
            json!("a,b"),
            json!(""),
            json!("a b"),
            json!({ "id": "a", "env": "a b" }),
            json!({ "id": "a", "target": "etc" }),
            json!({ "id": "a", "env": "A", "target": "/a" }),
            json!({ "id": "a", "src": "/a" }),
        ] {
            assert!(one(&value).is_err(), "{value}");
        }
    }
}
