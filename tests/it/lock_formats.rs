//! Locks of other tools are closed as their own tools export them.
//!
//! The tests make projects, lock them with the real Poetry, PDM, pipenv and uv,
//! and ask both for the same selections on every target. They need the package
//! index but no Docker. Each counts its comparisons, so that a test that
//! compares nothing cannot pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod oracle;
mod pdm;
mod pipfile;
mod poetry;
mod projects;
mod pylock;
mod requirements;
