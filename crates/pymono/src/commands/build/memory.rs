//! What the local store has, remembered from one run to the next.

use std::collections::BTreeSet;

use pymono_buildx::{Docker, DockerError, History, Known, Stored};

use super::cached;
use crate::session::Session;

/// The file that it is remembered in.
const FILE: &str = "store.json";

/// Of a build an engine tells that there is an image, and what it is called.
const EVENTS: usize = 2;

/// Of an image that takes the place of another one it may also tell of a second name that comes, moves and goes.
const HELD: usize = 3;

/// What the local store has, as far as it need not be asked.
///
/// The store takes its time over each image that it lists, and its engine tells at once what happened lately. What was
/// listed before holds as long as nothing has happened to it. An engine that restarted, another one, or one in which too
/// much has happened, does not know the event any more that stands beside the list.
#[derive(Default)]
pub(super) struct Memory {
    known: Option<Known>,
    /// What happened until this run.
    history: Option<History>,
    /// The bases that the engine's builder has, by their text.
    bases: BTreeSet<String>,
}

impl Memory {
    /// Returns what is remembered, where an engine has told what happened until this run.
    pub(super) fn of(session: &Session, history: Option<History>) -> Self {
        let known = cached::read(session, FILE).into_iter().next();
        let mut memory = Self { known, ..Self::default() };
        memory.see(history);
        if let (Some(known), Some(history)) = (&memory.known, &memory.history) {
            memory.bases = known.stages(history);
        }
        memory
    }

    /// Takes note of what happened; what is known of another engine is of no use.
    fn see(&mut self, history: Option<History>) {
        let is_of = |known: &Known| history.as_ref().is_some_and(|history| known.is_of(history));
        self.known = self.known.take().filter(is_of);
        self.history = history;
    }

    /// Returns what happened until this run, if the engine has told.
    pub(super) fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// Returns whether the engine's builder has a base of this text.
    pub(super) fn has_base(&self, text: &str) -> bool {
        self.bases.contains(text)
    }

    /// Remembers bases that were built.
    pub(super) fn add_bases(&mut self, session: &Session, texts: impl Iterator<Item = String>) {
        self.bases.extend(texts);
        if self.known.as_mut().is_some_and(|known| known.add_stages(&self.bases)) {
            self.write(session);
        }
    }

    /// Lets something happen in an engine that has no event yet, by which what is known of it can be recognised later: an
    /// image is given the reference that it is to have anyway.
    pub(super) fn wake(&mut self, session: &Session, docker: &Docker, image: Option<(&str, &str)>) {
        let is_blank = self.known.is_some() && self.history.as_ref().is_some_and(History::is_empty);
        if let (true, Some((id, reference))) = (is_blank, image)
            && docker.name(id, reference, &session.interrupt).is_ok()
        {
            self.look_again(session, docker);
        }
    }

    /// Asks once more what happened.
    fn look_again(&mut self, session: &Session, docker: &Docker) {
        self.see(docker.history(&session.interrupt));
    }

    /// Returns all images of some repositories, and asks the engine only for what is not known.
    pub(super) fn stored(
        &mut self,
        session: &Session,
        docker: &Docker,
        repositories: &BTreeSet<&str>,
    ) -> Result<Stored, DockerError> {
        let mut stored = match (&self.known, &self.history) {
            (Some(known), Some(history)) => known.still(history).unwrap_or_default(),
            _ => Stored::default(),
        };
        docker.renew(&mut stored, repositories, &session.interrupt)?;
        if let (Some(before), Some(history)) = (&self.known, &self.history) {
            let known = Known::new(history, &stored, &self.bases);
            if known.as_ref().is_none_or(|known| known.renews(before, history)) {
                self.known = known;
                self.write(session);
            }
        }
        Ok(stored)
    }

    /// Learns what a run has changed; each image that it has built is given by a reference and its id.
    ///
    /// Nothing is remembered of an engine that does not tell what BuildKit builds in it, as some versions with the
    /// containerd store do not: a name could move to another image unseen.
    pub(super) fn learn(
        &mut self,
        session: &Session,
        docker: &Docker,
        built: &BTreeSet<(&str, &str)>,
        repositories: &BTreeSet<&str>,
    ) {
        let Some(before) = self.history.take().filter(|_| !built.is_empty()) else { return };
        let images: BTreeSet<&str> = built.iter().map(|(_, id)| *id).collect();
        let events = EVENTS * built.len() + HELD * images.len();
        let covers = |known: &Known| known.covers(&before, repositories, events);
        // The next run is told which images there are.
        if self.known.as_ref().is_some_and(covers) {
            return;
        }
        let later = self.known.as_ref().and_then(|known| known.later(&before)).filter(covers);
        if later.is_some() {
            self.known = later;
            self.write(session);
            return;
        }
        self.look_again(session, docker);
        let tells = |history: &History| {
            built.iter().any(|(reference, id)| history.tells(&before, reference, id))
        };
        let Some(history) = self.history.as_ref() else { return };
        if self.known.is_none() && tells(history) {
            self.known = Known::new(history, &Stored::default(), &self.bases);
        }
        if self.known.is_some() {
            // What is not remembered is asked for by the next run, which says what is wrong.
            let _ = self.stored(session, docker, repositories);
        }
    }

    /// Writes what is known; where that fails, the next run has to ask.
    fn write(&self, session: &Session) {
        if let Some(known) = &self.known {
            let _ = cached::write(session, FILE, known);
        }
    }
}
