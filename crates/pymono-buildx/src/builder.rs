//! What it takes to build images, whoever does it.

use std::collections::{BTreeMap, BTreeSet};

use pymono_event::Failure;
use pymono_exec::Interrupt;
use pymono_names::ServiceName;

use crate::{BuildRequest, Update};

/// A service and how its image is built.
#[derive(Clone, Debug)]
pub struct Job {
    /// The service.
    pub service: ServiceName,
    /// The builds whose images this one is built from; those that are no jobs of the same call do not count.
    pub needs: BTreeSet<ServiceName>,
    /// The build.
    pub request: BuildRequest,
}

/// Builds images.
pub trait Builder: Sync {
    /// Builds `job`, waits for the end, and hands on what happens meanwhile.
    ///
    /// An image that does not build is an [`End`] like others. When `interrupt`
    /// is requested, it returns as soon as nothing of the build runs any more.
    fn build(
        &self,
        job: &Job,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(Update),
    ) -> BuildResult;

    /// Builds several images by one client, and hands on what happens meanwhile, each time with the place
    /// that the job has in `jobs`.
    ///
    /// A job ends once, or not at all: what has not ended when this returns was kept from it by what
    /// another one met, and is to be built once more.
    fn build_together(
        &self,
        jobs: &[&Job],
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(usize, Told),
    );

    /// Returns the sizes in bytes of the images of `jobs`, by the ids that the store gives them.
    fn sizes(&self, jobs: &[&Job], interrupt: &Interrupt) -> BTreeMap<String, u64>;
}

/// What a client that builds several images tells of one of them.
#[derive(Clone, Debug)]
pub enum Told {
    /// Something happened.
    Update(Update),
    /// It has ended.
    Ended(BuildResult),
    /// What another one met has kept it from its end.
    Left {
        /// Steps of it that ran, which a later build finds in the cache.
        steps_run: usize,
    },
}

/// How one try to build an image ended.
#[derive(Clone, Debug)]
pub struct BuildResult {
    /// Steps that were answered from the cache.
    pub steps_cached: usize,
    /// Steps that ran.
    pub steps_run: usize,
    /// The end.
    pub end: End,
}

/// The end of a build.
#[derive(Clone, Debug)]
pub enum End {
    /// There is an image.
    Image(ImageId),
    /// There is none.
    Failed {
        /// What went wrong.
        failure: Failure,
        /// Whether it may go right the next time.
        transient: bool,
    },
    /// It was stopped on request.
    Cancelled,
}

/// What identifies an image, as far as the builder told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageId {
    /// Digest of the manifest, or of the index of several; on the classic store, of the configuration.
    pub digest: Option<String>,
    /// Digest of the configuration.
    pub config: Option<String>,
}
