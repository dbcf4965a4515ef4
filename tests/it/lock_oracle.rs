//! `Lock::close` gives what `uv export` gives.
//!
//! The tests make workspaces, lock them with the real uv, and ask both for the
//! same selections. They need the package index but no Docker. Each counts its
//! comparisons, so that a test that compares nothing cannot pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conflicts;
mod forks;
mod oracle;
mod revisions;
mod sources;
mod table;
mod wheels;
mod workspace;
mod workspaces;
