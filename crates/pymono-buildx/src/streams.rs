//! What the stream of a client says that builds several images.
//!
//! It is the streams of all targets in one. Each name of a step begins with that of the target
//! whose stream it is: `[api deps 2/2] RUN …`, `[api] exporting to image`. A step that targets share is in the
//! stream of each, under one digest. What it prints is there once, without a target: it goes to the first
//! that has the step.

use std::collections::BTreeMap;

use pymono_event::Failure;

use crate::{
    BuildResult, End, Export, ImageId, Job, Progress, Told, Update, fault, progress,
    wire::{Vertex, VertexStatus},
};

/// The step that makes an image: once it ends, one that is to be loaded is there under all its names.
const EXPORT: &str = "exporting to image";

/// The state of several builds, fed line by line.
#[derive(Debug)]
pub(crate) struct Streams<'a> {
    targets: Vec<Target<'a>>,
    /// The first target that has a step, by the digest of the step.
    owners: BTreeMap<String, usize>,
    /// The digest of the step that failed first, which ended all.
    failed: Option<String>,
}

#[derive(Debug)]
struct Target<'a> {
    job: &'a Job,
    progress: Progress,
    image: ImageId,
    has_ended: bool,
}

impl<'a> Streams<'a> {
    /// Returns the state before anything has happened.
    pub(crate) fn new(jobs: &[&'a Job]) -> Self {
        let target = |job: &&'a Job| Target {
            job,
            progress: Progress::default(),
            image: ImageId::default(),
            has_ended: false,
        };
        Self { targets: jobs.iter().map(target).collect(), owners: BTreeMap::new(), failed: None }
    }

    /// Takes in one line of the stream, and tells what is new by the place of the job.
    pub(crate) fn line(&mut self, line: &str, tell: &mut dyn FnMut(usize, Told)) {
        let Some(status) = progress::parse(line) else { return };
        for log in status.logs {
            let Some(&owner) = self.owners.get(&log.vertex) else { continue };
            self.update(owner, tell, |progress, updates| progress.log(&log, updates));
        }
        for status in &status.statuses {
            self.status(status);
        }
        for vertex in status.vertexes {
            self.vertex(vertex, tell);
        }
    }

    /// Returns whether nothing is left to wait for.
    pub(crate) fn have_ended(&self) -> bool {
        self.targets.iter().all(|target| target.has_ended)
    }

    /// Ends what has not ended, once the client is done.
    pub(crate) fn end(
        &mut self,
        images: &BTreeMap<String, ImageId>,
        tell: &mut dyn FnMut(usize, Told),
    ) {
        for place in 0..self.targets.len() {
            let image = images.get(self.targets[place].job.service.as_str());
            self.conclude(place, End::Image(image.cloned().unwrap_or_default()), tell);
        }
    }

    /// Ends what has failed, once the client has.
    pub(crate) fn fail(&mut self, status: &str, tell: &mut dyn FnMut(usize, Told)) {
        let Some(failed) = self.failed.clone() else { return };
        let log = self.targets[self.owners[&failed]].progress.last_lines(&failed);
        for place in 0..self.targets.len() {
            let progress = &self.targets[place].progress;
            // What fails when all is ended need not fail by itself.
            if progress.failed() == Some(failed.as_str()) {
                let transient = fault::is_transient(&progress.words());
                let failure = Failure { log: log.clone(), ..progress.failure(status) };
                let end = End::Failed { failure, transient };
                self.conclude(place, end, tell);
            }
        }
    }

    /// Ends what has not ended since somebody wants it to.
    pub(crate) fn cancel(&mut self, tell: &mut dyn FnMut(usize, Told)) {
        for place in 0..self.targets.len() {
            self.conclude(place, End::Cancelled, tell);
        }
    }

    /// Tells of what has not ended how far it came, in the end.
    pub(crate) fn leave(&self, tell: &mut dyn FnMut(usize, Told)) {
        for (place, target) in self.targets.iter().enumerate().filter(|(_, it)| !it.has_ended) {
            let (_, steps_run) = target.progress.counts();
            tell(place, Told::Left { steps_run });
        }
    }

    fn vertex(&mut self, vertex: Vertex, tell: &mut dyn FnMut(usize, Told)) {
        let Some((target, name)) = split(&vertex.name) else { return };
        let Some(place) = self.targets.iter().position(|it| it.job.service.as_str() == target)
        else {
            return;
        };
        self.owners.entry(vertex.digest.clone()).or_insert(place);
        let is_made = name == EXPORT && vertex.completed.is_some() && vertex.error.is_empty();
        let vertex = Vertex { name, ..vertex };
        self.update(place, tell, |progress, updates| progress.vertex(vertex, updates));
        let target = &self.targets[place];
        if self.failed.is_none() {
            self.failed = target.progress.failed().map(str::to_owned);
        }
        let image = target.image.clone();
        if is_made && target.ends_with_its_image() {
            self.conclude(place, End::Image(image), tell);
        }
    }

    fn status(&mut self, status: &VertexStatus) {
        let Some(&owner) = self.owners.get(&status.vertex) else { return };
        let image = &mut self.targets[owner].image;
        let digest = |what: &str| status.id.strip_prefix(what).map(str::to_owned);
        // An index of several manifests comes after these.
        let marks = ["exporting manifest list ", "exporting manifest ", "writing image "];
        if let Some(digest) = marks.into_iter().find_map(digest) {
            image.digest = Some(digest);
        } else if let Some(digest) = digest("exporting config ") {
            image.config = Some(digest);
        }
    }

    fn update(
        &mut self,
        place: usize,
        tell: &mut dyn FnMut(usize, Told),
        take: impl FnOnce(&mut Progress, &mut Vec<Update>),
    ) {
        let mut updates = Vec::new();
        let target = &mut self.targets[place];
        take(&mut target.progress, &mut updates);
        for update in updates.into_iter().filter(|_| !target.has_ended) {
            tell(place, Told::Update(update));
        }
    }

    fn conclude(&mut self, place: usize, end: End, tell: &mut dyn FnMut(usize, Told)) {
        let target = &mut self.targets[place];
        if std::mem::replace(&mut target.has_ended, true) {
            return;
        }
        let (steps_cached, steps_run) = target.progress.counts();
        tell(place, Told::Ended(BuildResult { steps_cached, steps_run, end }));
    }
}

impl Target<'_> {
    /// Returns whether nothing is left to do once the image is exported.
    fn ends_with_its_image(&self) -> bool {
        let request = &self.job.request;
        let is_known = self.image.digest.is_some();
        is_known
            // What is pushed may be pushed later on, under a second step of that name or by the client itself.
            && matches!(request.exports[..], [Export::Load])
            && request.cache_to.is_empty()
            // Several nodes may build them, whose images the client then puts together.
            && request.platforms.len() <= 1
    }
}

/// Splits the name of a step into the target whose stream it is from and the name that it has in a build of that alone.
fn split(name: &str) -> Option<(&str, String)> {
    let rest = name.strip_prefix('[')?;
    let end = rest.find([' ', ']'])?;
    let (target, rest) = rest.split_at(end);
    let name = match rest.strip_prefix("] ") {
        Some(name) => name.to_owned(),
        None => format!("[{}", rest.trim_start()),
    };
    Some((target, name))
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
