//! Reads locks that nobody would write: a fuzz target for each format.
//!
//! An input is a text of one or several files. A line `=== NAME` starts the
//! file of that name; what stands before the first such line is the lock.
//! `cargo xtask fuzz` runs the targets, from the inputs in `seeds/`.

mod exercise;
mod files;
mod targets;

pub use targets::{TARGETS, Target};
