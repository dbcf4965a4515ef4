//! Decides which build stages the images of a fleet share.
//!
//! Two pure functions: [`assemble`] closes every service over its lock and
//! gives a [`Fleet`]; [`plan`] turns a fleet into a [`BuildPlan`]. The same
//! input gives the same plan, byte for byte, on every machine. No file, no
//! process, no clock and no terminal is seen here.

mod access;
mod assemble;
mod assembly;
mod close;
mod content;
mod error;
mod estimate;
mod finish;
mod first;
mod fleet;
mod foundation;
mod group;
mod handwritten;
mod image;
mod index;
mod locks;
mod naming;
mod plan;
mod recording;
mod refuse;
mod requirement;
mod runtimes;
mod shards;
mod share;
mod stage;
mod stale;
mod steps;
mod system;
mod test;
mod version;

pub use assemble::{Unplanned, assemble};
pub use assembly::environment;
pub use close::close;
pub use content::{Content, ContentItem};
pub use error::FleetError;
pub use estimate::{Bytes, DistributionEstimate, Estimate, ImageEstimate};
pub use first::FirstJob;
pub use fleet::{
    Environment, Finish, Fleet, ImageSettings, Included, Open, OpenRequirement, Package, Service,
    ServiceTest,
};
pub use foundation::{Foundations, LOCKED_SNAPSHOT, PinnedBackend, Resolvable, unneeded};
pub use handwritten::{ContextSource, HandwrittenImage};
pub use index::{ChosenIndex, IndexChoice};
pub use plan::plan;
pub use recording::Recordings;
pub use requirement::{GitOrigin, Origin, Requirement};
pub use shards::Shard;
pub use stage::{
    BuildPlan, Dependencies, FetchedCrates, GitAccess, Image, ImageFile, Layer, PackageBuild,
    PackageCrates, Reinstall, Stage, StageKind, StageName, Steps,
};
pub use stale::{StaleLocks, check_fresh};
pub use test::{Test, Tests};
pub use version::PretendedVersion;
