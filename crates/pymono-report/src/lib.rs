//! The only crate that draws: messages, progress and tables.
//!
//! [`Shell`] owns standard output and standard error; data goes to the one,
//! talk to the other. Three observers show a build: [`Bars`] on a terminal,
//! [`Lines`] where there is none, and [`JsonLines`] for programs; a [`Summary`] is
//! what remains of it. Nothing here knows what builds images or how.

mod bars;
mod columns;
mod human;
mod json;
mod lines;
mod markdown;
mod shell;
mod table;
mod text;

pub use bars::Bars;
pub use columns::columns;
pub use json::JsonLines;
pub use lines::Lines;
pub use markdown::{Affected, Before, Builds, Summary};
pub use shell::{ColorChoice, ColorEnv, OutputError, Shell, ShellOptions, Verbosity};
pub use text::{bytes, duration, plural, printable};
