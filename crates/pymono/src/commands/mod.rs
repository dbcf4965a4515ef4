//! One module per command: its arguments and what it does.

pub(crate) mod affected;
pub(crate) mod bake;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod export;
pub(crate) mod graph;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod matrix;
pub(crate) mod plan;
pub(crate) mod schema;
pub(crate) mod why;
