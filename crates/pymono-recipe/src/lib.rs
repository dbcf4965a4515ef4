//! Reads the recipes that people write by hand for their images.
//!
//! Text in, facts out: what a Dockerfile installs, copies and runs, what a
//! compose file builds, each with its line ([`Recipe::parse`]); and from all
//! recipes of a tree together, which folders they make services of
//! ([`services`]). This crate sees no file, process, clock or terminal, and
//! never runs what it reads.

mod bake;
mod build;
mod cluster;
mod command;
mod compose;
mod dockerfile;
mod document;
mod env_file;
mod error;
mod expand;
mod launcher;
mod lines;
mod platform;
mod procfile;
mod programs;
mod recipe;
mod reference;
mod service;
mod shell;

pub use bake::{Bake, BakeTarget};
pub use build::Build;
pub use cluster::{Artifact, Container, parse_kubernetes, parse_skaffold};
pub use command::{Command, Form, Starts};
pub use compose::{Compose, ComposeService};
pub use dockerfile::{
    Argument, Arguments, Base, Config, Context, Dockerfile, Health, Install, Installer, Manager,
    Mount, Origin, Package, Port, PythonHint, Reach, Run, Stage, Transfer, Variable,
};
pub use env_file::parse_env_file;
pub use error::RecipeError;
pub use platform::{
    PlatformService, parse_app_engine, parse_fly, parse_railway_json, parse_railway_toml,
    parse_render,
};
pub use procfile::Procfile;
pub use recipe::{Recipe, RecipeKind};
pub use reference::ImageReference;
pub use service::{
    Asked, Image, ImageBuild, Missing, Named, NoStage, Process, Purpose, Services, Source,
    Surroundings, asked, named_dockerfiles, services,
};
