//! Runs docker buildx, for one image or for many at once, and reads its progress.
//!
//! A build is a [`BuildRequest`], data that becomes a command line. [`drive()`]
//! runs many of them together or side by side and tells an observer what happens;
//! [`Buildx`] is the builder that starts real processes. This crate knows
//! neither how the Dockerfile came about nor what a terminal is.

mod builder;
mod buildx;
mod definition;
mod digest;
mod docker;
mod drive;
mod engine;
mod fault;
mod history;
mod hold;
mod layers;
mod loopback;
mod manifest;
mod progress;
mod reference;
mod registry;
mod request;
mod size;
mod store;
mod streams;
mod wire;

pub use builder::{BuildResult, Builder, End, ImageId, Job, Told};
pub use buildx::Buildx;
pub use digest::{Located, Place};
pub use docker::{BuildxVersion, Docker, DockerError};
pub use drive::{DriveOptions, OnFailure, Retries, drive};
pub use history::History;
pub use layers::ImageLayer;
pub use progress::{Progress, Update};
pub use reference::repository;
pub use registry::{Published, PublishedImage};
pub use request::{BuildRequest, Export};
pub use store::{Known, Stored};
