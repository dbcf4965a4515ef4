//! What the tests share: repositories to build, the tools that they run, and
//! ways to look at what came of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod docker;
pub mod elsewhere;
mod events;
mod files;
pub mod fit;
pub mod marker;
mod process;
pub mod projects;
mod repo;
mod serve;
mod settings;
mod site;
pub mod tools;
pub mod uv;
mod wait;

pub use docker::{Container, Docker};
pub use events::Run;
pub use files::{Tree, tree};
pub use process::{Finished, Tool};
pub use repo::{Repo, examples};
pub use serve::FileServer;
pub use settings::{classic_host, other_host, pymono, registry};
pub use site::Site;
pub use wait::until;
