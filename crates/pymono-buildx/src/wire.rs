//! The lines of `--progress=rawjson`: BuildKit's `SolveStatus`, of which we read a part.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer};

/// One line: what changed since the last one.
///
/// The format is that of BuildKit's `client/graph.go`, of which nothing else is
/// a promise; unknown fields are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SolveStatus {
    /// Steps that changed. BuildKit spells it so.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) vertexes: Vec<Vertex>,
    /// What steps have done of their work.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) statuses: Vec<VertexStatus>,
    /// What steps printed.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) logs: Vec<VertexLog>,
}

/// A step in the state that it has now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Vertex {
    pub(crate) digest: String,
    pub(crate) name: String,
    /// A time stamp.
    pub(crate) started: Option<String>,
    pub(crate) completed: Option<String>,
    pub(crate) cached: bool,
    /// Empty where there is none.
    pub(crate) error: String,
}

/// A part of a step's work.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct VertexStatus {
    pub(crate) vertex: String,
    /// What it does, such as `exporting manifest sha256:…`.
    pub(crate) id: String,
}

/// A chunk of a step's output, which may start and end within a line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct VertexLog {
    pub(crate) vertex: String,
    /// 1 for standard output, 2 for standard error.
    pub(crate) stream: u8,
    #[serde(deserialize_with = "bytes")]
    pub(crate) data: Vec<u8>,
}

/// Go writes an empty list as `null` or not at all.
fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    BASE64_STANDARD.decode(text).map_err(serde::de::Error::custom)
}
