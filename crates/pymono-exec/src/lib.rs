//! The only crate that starts processes.
//!
//! A command is an [`Invocation`], plain data that can be shown, compared and
//! recorded before it runs. Every process runs in a process group of its own
//! and ends when the [`Interrupt`] that it was started under asks for it.
//! This crate does not know what the programs do.

mod both;
mod dialogue;
mod error;
#[cfg_attr(unix, path = "group_unix.rs")]
#[cfg_attr(not(unix), path = "group_other.rs")]
mod group;
mod interrupt;
mod invocation;
mod run;

pub use both::{both, side_by_side};
pub use dialogue::Dialogue;
pub use error::ExecError;
pub use interrupt::{InstallError, Interrupt};
pub use invocation::Invocation;
pub use run::{Output, Source};
