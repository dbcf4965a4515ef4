//! Reads lock files and computes what one service needs of them for one target.
//!
//! The text of a lock goes in, exact closures come out: this crate knows no
//! file, process, clock or network. A closure is evaluated for one concrete
//! [`Target`](pymono_names::Target), the image's and never the host's, and
//! holds nothing of the lock that this target does not reach. That is why a
//! change elsewhere in the lock leaves it equal.

mod any;
mod closure;
mod draft;
mod environment;
mod error;
mod file;
mod format;
mod image_lock;
mod marker;
mod need;
mod page;
mod pdm;
mod pin;
mod pipfile;
mod place;
mod poetry;
mod problem;
mod project;
mod pylock;
#[cfg(test)]
mod refusals;
mod requirements;
mod source;
mod stale;
pub mod tags;
#[cfg(test)]
mod testing;
mod uv;
mod web;

pub use any::AnyLock;
pub use closure::{Closure, GroupName, Local, LocalKind, LocalPackage, Selection};
pub use error::ClosureError;
pub use file::is_wheel;
pub use format::LockFormat;
pub use image_lock::{BackendKey, BackendPin, ImageLock, ImageLockFile, InvalidResolution};
pub use need::check_requirement;
pub use pdm::PdmLock;
pub use pin::{Artifact, Pin, PinSource};
pub use pipfile::PipfileLock;
pub use poetry::PoetryLock;
pub use problem::{LockError, Problem};
pub use project::ranges as poetry_ranges;
pub use pylock::Pylock;
pub use requirements::{Indexes, Open, Requirements, Unpinned};
pub use stale::{Member, Stale, is_stale, stale_member};
pub use uv::{Lock, LockForTarget};
