//! Validated names: what is checked once at the edge and trusted inside.
//!
//! This crate knows no file, process, clock or terminal. Names of Python
//! packages, extras and groups are `pep508_rs`'s own types; here are those that
//! pymono adds: paths in the tree, targets, names of services and stages, and URLs without logins,
//! and how text stands in a bake file, where names have to fit too.

mod bake;
mod login;
mod platform;
mod python;
mod service;
mod tree_path;

pub use bake::bake_literal;
pub use login::{Credential, Login};
pub use platform::{InvalidPlatform, Libc, Platform, Target};
pub use python::{InvalidPythonVersion, PythonVersion};
pub use service::{InvalidServiceName, ServiceName};
pub use tree_path::{InvalidTreePath, TreePath};
