//! Runs `docker buildx build`, one process a service, and reads its progress.
//!
//! A build is a [`BuildRequest`], data that becomes a command line. [`drive()`]
//! runs many of them side by side and tells an observer what happens;
//! [`Buildx`] is the builder that starts real processes. This crate knows
//! neither how the Dockerfile came about nor what a terminal is.

mod buildx;
mod digest;
mod docker;
mod drive;
mod fault;
mod layers;
mod loopback;
mod manifest;
mod progress;
mod registry;
mod request;
mod size;
mod store;
mod wire;

pub use buildx::Buildx;
pub use digest::{Located, Place};
pub use docker::{Docker, DockerError, Versions};
pub use drive::{BuildResult, Builder, DriveOptions, End, ImageId, Job, OnFailure, Retries, drive};
pub use layers::ImageLayer;
pub use progress::{Progress, Update};
pub use registry::{Published, PublishedImage};
pub use request::{BuildRequest, Export};
pub use store::Stored;
