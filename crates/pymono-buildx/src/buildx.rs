//! The builder that starts real processes.

use std::{collections::BTreeMap, error::Error, fs};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_event::Failure;
use pymono_exec::{Interrupt, Source};
use serde::Deserialize;
use tempfile::TempDir;

use crate::{BuildResult, Builder, Docker, End, ImageId, Job, Progress, Update, fault};

/// Builds with `docker buildx build`, one process an image.
#[derive(Debug)]
pub struct Buildx {
    docker: Docker,
}

/// The part that we read of the file that `--metadata-file` writes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(rename = "containerimage.digest")]
    digest: Option<String>,
    #[serde(rename = "containerimage.config.digest")]
    config: Option<String>,
}

impl Buildx {
    /// Returns a builder that uses `docker`.
    pub fn new(docker: Docker) -> Self {
        Self { docker }
    }

    fn try_build(
        &self,
        job: &Job,
        interrupt: &Interrupt,
        progress: &mut Progress,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<End, Failure> {
        let scratch =
            tempfile::Builder::new().prefix("pymono-").tempdir().map_err(|e| not_started(&e))?;
        let metadata = metadata_file(&scratch)?;
        let invocation = self.docker.invocation(job.request.observed_args(&metadata));
        let status = invocation
            .stream(interrupt, &mut |source, line| {
                if source == Source::Stderr {
                    progress.line(line).into_iter().for_each(&mut *on_update);
                }
            })
            .map_err(|error| not_started(&error))?;
        if status.success() {
            return Ok(End::Image(image_id(&metadata)));
        }
        let failure = progress.failure(&status.to_string());
        if interrupt.requested() && failure.step.is_none() {
            return Ok(End::Cancelled);
        }
        Ok(End::Failed { failure, transient: fault::is_transient(&progress.words()) })
    }
}

impl Builder for Buildx {
    fn build(
        &self,
        job: &Job,
        interrupt: &Interrupt,
        on_update: &mut dyn FnMut(Update),
    ) -> BuildResult {
        let mut progress = Progress::default();
        let end = self
            .try_build(job, interrupt, &mut progress, on_update)
            .unwrap_or_else(|failure| End::Failed { failure, transient: false });
        let (steps_cached, steps_run) = progress.counts();
        BuildResult { steps_cached, steps_run, end }
    }

    fn sizes(&self, jobs: &[&Job], interrupt: &Interrupt) -> BTreeMap<String, u64> {
        let tags: Vec<&str> =
            jobs.iter().filter_map(|job| Some(job.request.tags.first()?.as_str())).collect();
        self.docker.image_sizes(&tags, interrupt)
    }
}

/// Returns what a build's metadata tells; a build that exports nothing tells nothing.
fn image_id(metadata: &Utf8Path) -> ImageId {
    let text = fs::read(metadata).unwrap_or_default();
    let Metadata { digest, config } = serde_json::from_slice(&text).unwrap_or_default();
    ImageId { digest, config }
}

/// Returns the file for a build's metadata, which buildx creates itself.
fn metadata_file(scratch: &TempDir) -> Result<Utf8PathBuf, Failure> {
    let path = Utf8PathBuf::try_from(scratch.path().join("metadata.json"));
    path.map_err(|error| not_started(&error))
}

fn not_started(error: &dyn Error) -> Failure {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure { step: None, message: format!("{error}{cause}"), log: Vec::new() }
}

#[cfg(test)]
#[cfg(unix)]
#[path = "buildx_tests.rs"]
mod tests;
