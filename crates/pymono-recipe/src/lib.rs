//! Reads the recipes that people write by hand for their images.
//!
//! Text in, facts out: what a Dockerfile installs, copies and runs, what a
//! compose file builds, each with its line. This crate sees no file, process,
//! clock or terminal, and never runs what it reads.

mod command;
mod dockerfile;
mod error;
mod expand;
mod lines;
mod reference;
mod shell;

pub use command::{Command, Form, Starts};
pub use dockerfile::{
    Argument, Arguments, Base, Config, Context, Dockerfile, Health, Install, Installer, Manager,
    Mount, Origin, Package, Port, PythonHint, Reach, Run, Stage, Transfer, Variable,
};
pub use error::RecipeError;
pub use reference::ImageReference;
