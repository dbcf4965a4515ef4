//! Reads locks, manifests and recipes that nobody would write: a fuzz target for each format, and one for all recipes.
//!
//! An input is a text of one or several files. A line `=== NAME` starts the
//! file of that name; what stands before the first such line is the lock, if there is one.
//! `cargo xtask fuzz` runs the targets, from the inputs in `seeds/`.

mod exercise;
mod files;
mod projects;
mod recipes;
mod targets;

pub use targets::{TARGETS, Target};
