//! Whether a lock still fits the manifests that it was made from.
//!
//! Tools other than uv write a hash of what counts in the manifest into their
//! lock, which is computed here by the rules of each. uv's lock holds what
//! each manifest declared, which is compared by meaning, never by spelling.
//!
//! What cannot be told counts as fitting: to refuse a good lock would be worse
//! than to miss a stale one, which a tool of its own can still find.

mod declared;
mod hashes;
mod python_json;
mod uv;
mod uv_wire;

use crate::LockFormat;

pub use uv::{Member, Stale, stale_member};

/// Returns true if a lock was made from another manifest than `manifest`, the text beside it.
///
/// That is `pyproject.toml` for Poetry and PDM and `Pipfile` for pipenv. Other
/// formats do not tell; uv's does by [`stale_member`].
pub fn is_stale(format: LockFormat, lock: &str, manifest: &str) -> bool {
    let hashes = match format {
        LockFormat::Poetry => hashes::poetry(lock, manifest),
        LockFormat::Pdm => hashes::pdm(lock, manifest),
        LockFormat::Pipfile => hashes::pipfile(lock, manifest),
        LockFormat::Uv | LockFormat::Pylock | LockFormat::Requirements | LockFormat::Pymono => None,
    };
    hashes.is_some_and(|(locked, computed)| !computed.contains(&locked))
}
