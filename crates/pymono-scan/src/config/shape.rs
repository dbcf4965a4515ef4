//! What values of keys may look like: one description, read by validation and by the schema.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use bytesize::ByteSize;
use glob::Pattern;
use pep508_rs::ExtraName;
use pymono_names::{Libc, Platform, PythonVersion};
use pymono_workspace::BuildStep;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    dockerfile, include, secrets, test,
    validate::{self, Form},
};

/// What the value of a key may look like.
pub(super) enum Shape {
    /// `true` or `false`.
    Flag,
    /// A TCP port.
    Port,
    /// A number of bytes.
    Bytes,
    /// A number of things, at least one.
    Count,
    /// The numeric id of a user.
    User,
    /// A version of Python.
    Python,
    /// A C library.
    Libc,
    /// Platforms.
    Platforms,
    /// A text.
    Text(&'static Form),
    /// A list of texts.
    Texts(&'static Form),
    /// A command in exec form.
    Words,
    /// A table from names of this form to texts on one line.
    Table(&'static Form),
    /// Names of extras or groups.
    Names,
    /// Patterns of folders.
    Patterns,
    /// Paths and patterns of files, relative to the folder of the configuration.
    Paths,
    /// The same, each perhaps with the place that it gets.
    Includes,
    /// Commands, each for the shell or in exec form.
    Steps,
    /// Commands of a test, perhaps with what they need.
    Test,
    /// Hand-written Dockerfiles.
    Dockerfile,
    /// Secrets.
    Secrets,
    /// A version, or in the repository's configuration a table of them.
    Versions,
}

impl Shape {
    /// Checks a value of the repository's configuration or, if it is not for the `whole`, of one project's.
    pub(super) fn check(&self, value: &Value, whole: bool) -> Result<(), String> {
        match self {
            Self::Flag => shape::<bool>(value).map(drop),
            Self::Port => shape::<u16>(value).and_then(port),
            Self::Bytes => bytes(value).map(drop),
            Self::Count => shape::<NonZeroU32>(value).map(drop),
            Self::User => shape::<u32>(value).map(drop),
            Self::Python => shape::<PythonVersion>(value).map(drop),
            Self::Libc => shape::<Libc>(value).map(drop),
            Self::Platforms => shape::<BTreeSet<Platform>>(value).map(drop),
            Self::Text(form) => shape::<String>(value).and_then(|text| form.check(&text)),
            Self::Texts(form) => {
                shape::<Vec<String>>(value)?.iter().try_for_each(|text| form.check(text))
            }
            Self::Words => words(value).map(drop),
            Self::Table(names) => table(value, names),
            Self::Names => shape::<BTreeSet<ExtraName>>(value).map(drop),
            Self::Patterns => patterns(value).map(drop),
            Self::Paths => {
                shape::<Vec<String>>(value)?.iter().try_for_each(|text| include::check(text))
            }
            Self::Includes => include::entries(value).map(drop),
            Self::Steps => steps(value).map(drop),
            Self::Test => test::test(value).map(drop),
            Self::Dockerfile => dockerfile::recipe(value).map(drop),
            Self::Secrets => secrets::secrets(value).map(drop),
            Self::Versions if whole && value.is_object() => {
                let versions: BTreeMap<String, String> = shape(value)?;
                versions.values().try_for_each(|version| validate::VERSION.check(version))
            }
            Self::Versions => Self::Text(&validate::VERSION).check(value, whole),
        }
    }

    /// Returns the JSON Schema of the values.
    pub(super) fn schema(&self) -> Value {
        let text = text_schema;
        let texts = |form: &Form| json!({ "type": "array", "items": text(form) });
        match self {
            Self::Flag => json!({ "type": "boolean" }),
            Self::Port => json!({ "type": "integer", "minimum": 1, "maximum": u16::MAX }),
            Self::Bytes => text(&validate::BYTES),
            Self::Count => json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
            Self::User => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            Self::Python => text(&validate::PYTHON),
            Self::Libc => json!({ "enum": ["glibc", "musl"] }),
            Self::Platforms => {
                let platforms = Platform::ALL.map(Platform::as_str);
                json!({ "type": "array", "items": { "enum": platforms } })
            }
            Self::Text(form) => text(form),
            Self::Texts(form) => texts(form),
            Self::Words => words_schema(),
            Self::Table(names) => json!({
                "type": "object",
                "propertyNames": { "pattern": names.pattern },
                "additionalProperties": text(&validate::LINE),
            }),
            Self::Names => texts(&validate::EXTRA),
            Self::Patterns => json!({ "type": "array", "items": { "type": "string" } }),
            Self::Paths => texts(&validate::TREE_PATH),
            Self::Includes => include::schema(),
            Self::Steps => steps_schema(),
            Self::Test => test::schema(),
            Self::Dockerfile => dockerfile::schema(),
            Self::Secrets => secrets::schema(),
            Self::Versions => {
                let version = text(&validate::VERSION);
                let table = json!({ "type": "object", "additionalProperties": version });
                json!({ "anyOf": [version, table] })
            }
        }
    }
}

/// Returns a value in the shape of `T`.
pub(super) fn shape<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

fn port(number: u16) -> Result<(), String> {
    if number == 0 { Err("no service can be reached on port 0".into()) } else { Ok(()) }
}

/// Returns a number of bytes that is written with its unit.
pub(super) fn bytes(value: &Value) -> Result<u64, String> {
    let text: String = shape(value)?;
    validate::BYTES.check(&text)?;
    text.parse::<ByteSize>().map(|size| size.as_u64())
}

/// Returns the patterns of folders in a list.
pub(super) fn patterns(value: &Value) -> Result<Vec<Pattern>, String> {
    let compile = |text: String| {
        let text = text.trim_end_matches('/');
        Pattern::new(text).map_err(|error| format!("`{text}` is no pattern: {}", error.msg))
    };
    shape::<Vec<String>>(value)?.into_iter().map(compile).collect()
}

/// Returns a command in exec form.
pub(super) fn words(value: &Value) -> Result<Vec<String>, String> {
    if let Some(text) = value.as_str() {
        return Err(format!("`{text}` is one string, which would need a shell to take it apart"));
    }
    let words: Vec<String> = shape(value)?;
    words.iter().try_for_each(|text| validate::word(text))?;
    if words.is_empty() { Err("the list is empty".into()) } else { Ok(words) }
}

/// Returns the JSON Schema of a text.
pub(super) fn text_schema(form: &Form) -> Value {
    json!({ "type": "string", "pattern": form.pattern })
}

/// Returns the JSON Schema of commands.
pub(super) fn steps_schema() -> Value {
    let step = json!({ "anyOf": [text_schema(&validate::TEXT), words_schema()] });
    json!({ "type": "array", "items": step })
}

fn words_schema() -> Value {
    let word = json!({ "type": "string", "pattern": validate::LINE.pattern });
    json!({ "type": "array", "items": word, "minItems": 1 })
}

/// Returns commands: a string is for the shell, a list is a command in exec form.
pub(super) fn steps(value: &Value) -> Result<Vec<BuildStep>, String> {
    let step = |value: Value| match value {
        Value::String(text) => validate::TEXT.check(&text).map(|()| BuildStep::Shell(text)),
        Value::Array(_) => words(&value).map(BuildStep::Exec),
        other => Err(format!("`{other}` is neither a string for the shell nor a list of words")),
    };
    shape::<Vec<Value>>(value)?.into_iter().map(step).collect()
}

fn table(value: &Value, names: &Form) -> Result<(), String> {
    let entries: BTreeMap<String, String> = shape(value)?;
    entries.iter().try_for_each(|(name, text)| {
        names.check(name)?;
        validate::word(text)
    })
}
