//! The builder that starts real processes.

use std::{collections::BTreeMap, error::Error, fs, sync::Once};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_event::Failure;
use pymono_exec::{Interrupt, Invocation, Source};
use serde::Deserialize;
use tempfile::TempDir;

use crate::{
    BuildResult, Builder, Docker, End, ImageId, Job, Progress, Told, Update, definition, fault,
    hold::Hold, streams::Streams,
};

/// Builds with `docker buildx build`, one process an image, or with `docker buildx bake`, one for several.
#[derive(Debug)]
pub struct Buildx {
    docker: Docker,
    /// What killed runs have left is taken away before the first of several clients holds anything.
    swept: Once,
}

/// The file for a build's metadata, which buildx creates itself.
const METADATA: &str = "metadata.json";

/// Set, it makes bake's paths start from where its file lies.
const RELATIVE_TO_THE_FILE: &str = "BUILDX_BAKE_FILE_RELATIVE_PATHS";

/// Unset, the client asks git several things for each image, which only its provenance tells.
const GIT_INFO: &str = "BUILDX_GIT_INFO";

/// The part that we read of the file that `--metadata-file` writes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(rename = "containerimage.digest")]
    digest: Option<String>,
    #[serde(rename = "containerimage.config.digest")]
    config: Option<String>,
}

impl Metadata {
    fn image(self) -> ImageId {
        ImageId { digest: self.digest, config: self.config }
    }
}

impl Buildx {
    /// Returns a builder that uses `docker`.
    pub fn new(docker: Docker) -> Self {
        Self { docker, swept: Once::new() }
    }

    /// Returns the command of a build with `args`.
    fn invocation(&self, args: Vec<String>) -> Invocation {
        let mut invocation = self.docker.invocation(args);
        // Of each image the engine would be asked once more, for what nobody reads.
        let nothing = ("BUILDX_METADATA_PROVENANCE".into(), "disabled".into());
        invocation.env.push(nothing);
        invocation
    }

    fn try_build(
        &self,
        job: &Job,
        interrupt: &Interrupt,
        progress: &mut Progress,
        on_update: &mut dyn FnMut(Update),
    ) -> Result<End, Box<dyn Error>> {
        let (_scratch, folder) = scratch()?;
        let metadata = folder.join(METADATA);
        let invocation = self.invocation(job.request.observed_args(&metadata));
        let status = invocation.stream(interrupt, &mut |source, line| {
            if source == Source::Stderr {
                progress.line(line).into_iter().for_each(&mut *on_update);
            }
        })?;
        if status.success() {
            return Ok(End::Image(image_id(&metadata)));
        }
        let failure = progress.failure(&status.to_string());
        if interrupt.requested() && failure.step.is_none() {
            return Ok(End::Cancelled);
        }
        Ok(End::Failed { failure, transient: fault::is_transient(&progress.words()) })
    }

    fn try_together(
        &self,
        jobs: &[&Job],
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(usize, Told),
    ) -> Result<(), Box<dyn Error>> {
        let (_scratch, folder) = scratch()?;
        let (file, metadata) = (folder.join("docker-bake.json"), folder.join(METADATA));
        let mut hold = Hold::new(&self.docker, jobs, interrupt);
        if let Some(hold) = &mut hold {
            self.swept.call_once(|| {
                let _ = hold.sweep();
            });
        }
        let last = |job: &Job| hold.as_ref()?.last(job);
        fs::write(&file, definition::definition(jobs, last, &self.docker.cwd))?;
        let mut invocation = self.invocation(together_args(jobs, &file, &metadata));
        // Paths start from the root of the tree, wherever the file lies.
        invocation.env.retain(|(name, _)| name != RELATIVE_TO_THE_FILE);
        let is_told = jobs.iter().any(|job| job.request.provenance.is_some());
        if !is_told && invocation.var(GIT_INFO).is_none() {
            invocation.env.push((GIT_INFO.into(), "false".into()));
        }
        let mut streams = Streams::new(jobs);
        // Long after the last image is there the engine still writes down how they were built, and would go on
        // without the client.
        let client = interrupt.scope();
        let mut run = || {
            invocation.stream(&client, &mut |source, line| {
                if source == Source::Stderr {
                    streams.line(line, tell);
                    if streams.have_ended() && !client.requested() {
                        client.request();
                    }
                }
            })
        };
        let status = match hold {
            Some(hold) => hold.during(&self.docker, interrupt, &mut run),
            None => run(),
        }?;
        if streams.have_ended() {
            return Ok(());
        }
        if status.success() {
            streams.end(&image_ids(&metadata), tell);
        } else {
            streams.fail(&status.to_string(), tell);
        }
        if interrupt.requested() {
            streams.cancel(tell);
        }
        streams.leave(tell);
        Ok(())
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
        let end =
            self.try_build(job, interrupt, &mut progress, on_update).unwrap_or_else(|error| {
                End::Failed { failure: not_started(&*error), transient: false }
            });
        let (steps_cached, steps_run) = progress.counts();
        BuildResult { steps_cached, steps_run, end }
    }

    fn build_together(
        &self,
        jobs: &[&Job],
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(usize, Told),
    ) {
        // What did not start here does not start by itself either, and then says why.
        let _ = self.try_together(jobs, interrupt, tell);
    }

    fn sizes(&self, jobs: &[&Job], interrupt: &Interrupt) -> BTreeMap<String, u64> {
        let tags: Vec<&str> =
            jobs.iter().filter_map(|job| Some(job.request.tags.first()?.as_str())).collect();
        self.docker.image_sizes(&tags, interrupt)
    }
}

/// Returns the arguments of `docker` for the builds of a bake file, which hold for all of them alike.
fn together_args(jobs: &[&Job], file: &Utf8Path, metadata: &Utf8Path) -> Vec<String> {
    let mut args = vec!["buildx".to_owned(), "bake".to_owned()];
    let builder = jobs.first().and_then(|job| job.request.builder.as_ref());
    args.extend(builder.map(|name| format!("--builder={name}")));
    args.extend([format!("--file={file}"), "--progress=rawjson".to_owned()]);
    args.extend([format!("--metadata-file={metadata}"), definition::ALL.to_owned()]);
    args
}

/// Returns what the metadata of several builds tells of each target.
fn image_ids(metadata: &Utf8Path) -> BTreeMap<String, ImageId> {
    let text = fs::read(metadata).unwrap_or_default();
    // Beside the targets it may hold what is none, such as warnings.
    let targets: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&text).unwrap_or_default();
    let image =
        |(name, value)| Some((name, serde_json::from_value::<Metadata>(value).ok()?.image()));
    targets.into_iter().filter_map(image).collect()
}

/// Returns what a build's metadata tells; a build that exports nothing tells nothing.
fn image_id(metadata: &Utf8Path) -> ImageId {
    let text = fs::read(metadata).unwrap_or_default();
    serde_json::from_slice::<Metadata>(&text).unwrap_or_default().image()
}

/// Makes a folder for what a client reads and writes beside the tree, which is there as long as the first of both is.
fn scratch() -> Result<(TempDir, Utf8PathBuf), Box<dyn Error>> {
    let folder = tempfile::Builder::new().prefix("pymono-").tempdir()?;
    let path = Utf8PathBuf::try_from(folder.path().to_owned())?;
    Ok((folder, path))
}

fn not_started(error: &dyn Error) -> Failure {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure { step: None, message: format!("{error}{cause}"), log: Vec::new() }
}

#[cfg(test)]
#[cfg(unix)]
#[path = "buildx_tests.rs"]
mod tests;
