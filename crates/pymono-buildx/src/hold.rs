//! Images that others take the place of, held until these are there.
//!
//! BuildKit moves a name to a new image before it unpacks that. Meanwhile nothing holds the layers that only the old image
//! had, and an engine with the containerd store collects what nothing holds whenever so much has been done in it, as many
//! images at once do. What the new image has of these layers is then unpacked once more, or the build fails ("parent
//! snapshot … does not exist"). Of several names it moves each after the image is unpacked for the one before. So the old
//! image is given a second name that is the last to move, and is taken away in the end.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use pymono_exec::{Interrupt, both};
use serde::Deserialize;

use crate::{
    Docker, Export, Job,
    engine::Engine,
    manifest::digest,
    reference::{familiar, repository},
};

/// The repository of all second names, as events and the engine call it.
pub(crate) const REPOSITORY: &str = "pymono-held";

/// How an engine calls the containerd store.
const CONTAINERD: &str = "io.containerd.snapshotter.v1";

/// After so many seconds nobody is at it any more, whatever the clocks are.
const DAY: u64 = 24 * 60 * 60;

/// Names the builder that a client takes without being told another.
const BUILDER: &str = "BUILDX_BUILDER";

/// Second names of images, while others take their place.
pub(crate) struct Hold {
    engine: Engine,
    names: Names,
}

/// The tag in [`REPOSITORY`] of each image, by the reference that it has first.
struct Names(BTreeMap<String, String>);

/// The part that is read of what an engine says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(default)]
    driver_status: Vec<Vec<String>>,
}

/// One of the images that an engine lists.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(default)]
    repo_tags: Vec<String>,
}

impl Hold {
    /// Finds names for what the images of some jobs take the place of; nothing where there is no need to, or where another
    /// builder loads them than the engine that is asked.
    pub(crate) fn new(docker: &Docker, jobs: &[&Job], interrupt: &Interrupt) -> Option<Self> {
        let is_chosen = docker.invocation(Vec::new()).var(BUILDER).is_some_and(|it| !it.is_empty());
        let is_loaded = |job: &&&Job| {
            let request = &job.request;
            matches!(request.exports[..], [Export::Load]) && request.builder.is_none() && !is_chosen
        };
        let first = |job: &&Job| job.request.tags.first().cloned();
        let references = jobs.iter().filter(is_loaded).filter_map(first);
        let now = now();
        let names = Names(references.map(|it| (it.clone(), tag(&it, now))).collect());
        if names.0.is_empty() {
            return None;
        }
        let mut engine = docker.engine(interrupt)?;
        let info: Info = serde_json::from_slice(&engine.get("/info")?).ok()?;
        let collects = info.driver_status.iter().flatten().any(|it| it == CONTAINERD);
        collects.then_some(Self { engine, names })
    }

    /// Returns the name that the image of a job is to have last.
    pub(crate) fn last(&self, job: &Job) -> Option<String> {
        self.names.0.get(job.request.tags.first()?).map(|tag| name(tag))
    }

    /// Takes away what runs have left that were killed a day ago, and with it images that have no other name.
    ///
    /// Younger ones may be those of a run that is at it in the same engine. An image that loses its last name while
    /// BuildKit works with its layers takes these out of BuildKit's cache (a workaround of the engine for moby/buildkit#3797).
    pub(crate) fn sweep(&mut self) -> Option<()> {
        // {"reference":["pymono-held"]}
        let filter = format!("%7B%22reference%22%3A%5B%22{REPOSITORY}%22%5D%7D");
        let answer = self.engine.get(&format!("/images/json?filters={filter}"))?;
        let images: Vec<Listed> = serde_json::from_slice(&answer).ok()?;
        // An image that has such a name may be listed with its others.
        let names = images.into_iter().flat_map(|image| image.repo_tags);
        let now = now();
        let mut left = names.filter(|it| is_left(it, now));
        left.try_for_each(|it| self.engine.untag(&it))
    }

    /// Holds the images while a client runs, which takes its time until it has the first new one; one that is there before
    /// its old one is held is as it would be without.
    pub(crate) fn during<T>(
        self,
        docker: &Docker,
        interrupt: &Interrupt,
        client: impl FnOnce() -> T,
    ) -> T {
        let Self { mut engine, names } = self;
        let (_, end) = both(|| names.take(&mut engine), client);
        // Also for somebody who wants all to stop, once. What stays is taken away by a later run.
        let engine = docker.engine(&interrupt.patient());
        let _ = engine.and_then(|mut engine| names.release(&mut engine));
        end
    }
}

impl Names {
    /// Gives the images that are there their second names.
    fn take(&self, engine: &mut Engine) -> Option<()> {
        self.0.iter().try_for_each(|(it, tag)| engine.tag(it, REPOSITORY, tag))
    }

    /// Takes all second names away. An image has another one by now, unless its build was stopped on the way.
    fn release(&self, engine: &mut Engine) -> Option<()> {
        self.0.values().try_for_each(|tag| engine.untag(&name(tag)))
    }
}

fn name(tag: &str) -> String {
    format!("{REPOSITORY}:{tag}")
}

/// Returns the tag for the image that has a reference, in a run of some second; a reference has signs that no tag may have.
fn tag(reference: &str, now: u64) -> String {
    format!("{now}-{}", digest(reference.as_bytes()).trim_start_matches("sha256:"))
}

/// Returns whether a name is one of ours that nobody needs any more.
fn is_left(name: &str, now: u64) -> bool {
    let name = familiar(name);
    let second = name.rsplit_once(':').and_then(|(_, tag)| tag.split_once('-')?.0.parse().ok());
    repository(name) == REPOSITORY && second.is_some_and(|then: u64| then.saturating_add(DAY) < now)
}

/// Returns the seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_left_once_it_is_a_day_old() {
        let own = name(&tag("registry.example:5000/api:v1", 1_000));
        assert!(is_left(&own, 1_001 + DAY) && !is_left(&own, 1_000 + DAY) && !is_left(&own, 0));
        assert!(is_left(&format!("docker.io/library/{own}"), 1_001 + DAY));
        for other in ["api:1-a", "pymono-held/api:1-a", "pymono-held:v1", "pymono-held"] {
            assert!(!is_left(other, u64::MAX), "{other}");
        }
    }
}
