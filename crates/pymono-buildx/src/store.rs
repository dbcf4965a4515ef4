//! The images that the local engine has.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use pymono_exec::Interrupt;
use serde::{Deserialize, Serialize};

use crate::{
    Docker, DockerError, History,
    history::{Moment, Touched},
    reference::{familiar, repository},
};

/// An engine tells of its last 256 events; others may work in it meanwhile.
const KEPT: usize = 224;

/// So much has happened since a moment that a later one is better.
const MANY: usize = 64;

/// The images of some repositories that the local engine has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Stored {
    /// The repositories of which all images are here, by their familiar names.
    repositories: BTreeSet<String>,
    /// The id of each image, by its reference, such as `api:latest`.
    ids: BTreeMap<String, String>,
    /// References of these repositories of which it is not known what they mean now.
    #[serde(skip)]
    doubtful: BTreeSet<String>,
}

/// What an engine had at a moment of its history, or later: never what it had before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Known {
    moment: Moment,
    stored: Stored,
    /// The stages that its builder has, each by whatever tells it from others.
    #[serde(default)]
    stages: BTreeSet<String>,
}

impl Stored {
    /// Returns the id of the image that a reference means.
    pub fn id(&self, reference: &str) -> Option<&str> {
        self.ids.get(familiar(reference)).map(String::as_str)
    }

    /// Returns whether an image of this id is there.
    pub fn has(&self, id: &str) -> bool {
        self.ids.values().any(|known| known == id)
    }

    /// Forgets what something may have happened to, unless it is certain what that was.
    fn doubt(&mut self, touched: &Touched) {
        let is_known = |it: &&String| self.repositories.contains(repository(it));
        self.doubtful.extend(touched.names.iter().filter(is_known).cloned());
        // A repository stands for all that is called after it.
        let repositories = self.repositories.intersection(&touched.names).cloned();
        self.forget(&repositories.collect());
        self.ids.retain(|name, id| {
            let is_touched = touched.names.contains(name) || touched.ids.contains(id);
            if is_touched {
                self.doubtful.insert(name.clone());
            }
            !is_touched
        });
        for (name, id) in &touched.named {
            if self.doubtful.remove(name) && self.repositories.contains(repository(name)) {
                self.ids.insert(name.clone(), id.clone());
            }
        }
    }

    /// Forgets all images of some repositories.
    fn forget(&mut self, repositories: &BTreeSet<String>) {
        self.repositories.retain(|it| !repositories.contains(it));
        self.ids.retain(|name, _| !repositories.contains(repository(name)));
    }

    /// Returns what has to be asked for to know all images of some repositories, and forgets other
    /// repositories of which it would have to be.
    fn unknown(&mut self, wanted: BTreeSet<String>) -> BTreeSet<String> {
        let of = |it: &String| repository(it).to_owned();
        let mut unknown = mem::take(&mut self.doubtful);
        let unwanted: BTreeSet<String> =
            unknown.iter().map(of).filter(|it| !wanted.contains(it)).collect();
        self.forget(&unwanted);
        unknown.retain(|name| wanted.contains(&of(name)));
        unknown.extend(wanted.difference(&self.repositories).cloned());
        self.repositories.extend(wanted);
        unknown
    }
}

impl Known {
    /// Keeps what was asked for after the history was; nothing where the history has nothing to be recognised by.
    pub fn new(history: &History, stored: &Stored, stages: &BTreeSet<String>) -> Option<Self> {
        let (stored, stages) = (stored.clone(), stages.clone());
        Some(Self { moment: history.moment()?, stored, stages })
    }

    /// Returns whether this is known of the engine that has that history.
    pub fn is_of(&self, history: &History) -> bool {
        history.is_of(&self.moment)
    }

    /// Returns the stages that its builder has as far as is known: it also forgets without a word.
    pub fn stages(&self, history: &History) -> BTreeSet<String> {
        let is_whole = history.keeps_stages_since(&self.moment);
        if is_whole { self.stages.clone() } else { BTreeSet::new() }
    }

    /// Adds stages that its builder has now, and returns whether any is new.
    pub fn add_stages(&mut self, stages: &BTreeSet<String>) -> bool {
        let before = self.stages.len();
        self.stages.extend(stages.iter().cloned());
        self.stages.len() > before
    }

    /// Returns whether the engine will still tell what happened since this was known once so much more has happened, and
    /// all images of some repositories are known.
    pub fn covers(&self, history: &History, repositories: &BTreeSet<&str>, events: usize) -> bool {
        let is_told = history.count_since(&self.moment).is_some_and(|it| it + events < KEPT);
        let stored = self.still(history).filter(|_| is_told);
        let has_all = |stored: Stored| {
            repositories.iter().all(|it| stored.repositories.contains(familiar(it)))
        };
        stored.is_some_and(has_all)
    }

    /// Returns whether this says more than what was known before, or will be told of for longer.
    pub fn renews(&self, before: &Self, history: &History) -> bool {
        let is_old = history.count_since(&before.moment).is_none_or(|it| it >= MANY);
        is_old || self.stored != before.stored || self.stages != before.stages
    }

    /// Returns what is known still at the end of a history, without that of which something would have to be asked for.
    pub fn later(&self, history: &History) -> Option<Self> {
        let mut stored = self.still(history)?;
        stored.unknown(BTreeSet::new());
        Self::new(history, &stored, &self.stages(history))
    }

    /// Returns what is known still; nothing where it is not known what happened.
    pub fn still(&self, history: &History) -> Option<Stored> {
        let touched = history.touched_since(&self.moment)?;
        let mut stored = self.stored.clone();
        stored.doubt(&touched);
        Some(stored)
    }
}

impl Docker {
    /// Asks the engine once for all images of some repositories, such as `registry.example/api`, beyond those
    /// that are known. After an error nothing is known.
    ///
    /// An id is the digest of the image's manifest, or on the classic store that of its configuration:
    /// equal ids are equal images, labels included.
    pub fn renew(
        &self,
        stored: &mut Stored,
        repositories: &BTreeSet<&str>,
        interrupt: &Interrupt,
    ) -> Result<(), DockerError> {
        let unknown =
            stored.unknown(repositories.iter().map(|it| familiar(it).to_owned()).collect());
        if unknown.is_empty() {
            return Ok(());
        }
        let format = "{{.Repository}}:{{.Tag}} {{.ID}}";
        let filters = unknown.iter().map(|it| format!("--filter=reference={it}"));
        let options = ["image", "ls", "--no-trunc", "--format", format].map(str::to_owned);
        let answer = self.ask(options.into_iter().chain(filters).collect(), interrupt)?;
        let pairs = answer.lines().filter_map(|line| line.split_once(' '));
        stored.ids.extend(pairs.map(|(name, id)| (name.to_owned(), id.to_owned())));
        Ok(())
    }

    /// Returns those of some ids that the engine has an image for, whatever it is called.
    pub fn known(&self, ids: &BTreeSet<&str>, interrupt: &Interrupt) -> BTreeSet<String> {
        if ids.is_empty() {
            return BTreeSet::new();
        }
        let options = ["image", "inspect", "--format", "{{.Id}}"];
        let args = options.into_iter().chain(ids.iter().copied()).map(str::to_owned).collect();
        // An image that is missing fails the command but keeps no other from being told.
        let output = self.invocation(args).output(interrupt);
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        text.unwrap_or_default().lines().map(|line| line.trim().to_owned()).collect()
    }

    /// Gives an image one more reference, which another one may have had.
    pub fn name(
        &self,
        id: &str,
        reference: &str,
        interrupt: &Interrupt,
    ) -> Result<(), DockerError> {
        let args = ["image", "tag", id, reference].map(str::to_owned).to_vec();
        self.ask(args, interrupt).map(drop)
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
