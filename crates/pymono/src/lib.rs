//! Builds the container images of every Python service in a monorepo.
//!
//! This crate is the command line: one module per command, each a few steps
//! from the tree to a plan and on to files or images. What the steps do is in
//! the other crates.

mod app;
mod changes;
mod commands;
mod error;
#[cfg(test)]
mod examples;
mod files;
mod load;
mod reckon;
mod session;
mod summary;

use std::{ffi::OsString, process::ExitCode};

/// Runs pymono with the arguments of a process, the program's name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    app::run(args)
}
