//! What was built on this machine: which image came of which fingerprint.

use std::collections::{BTreeMap, BTreeSet};

use pymono_fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};

use super::cached;
use crate::{error::CommandError, session::Session};

/// So many images of one repository are remembered: those of some branches.
const MOST: usize = 16;

/// Which image came of which fingerprint, as far as this user has built them on this machine.
///
/// An id is a digest of all that an image is, so an image that merely bears a label is none of these.
/// All checkouts share one record: what an image came of does not depend on where the files lay.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Record {
    /// For each repository, such as `team/api`, its images, the newest last.
    images: BTreeMap<String, Vec<Entry>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Entry {
    fingerprint: String,
    id: String,
}

impl Record {
    /// Reads the record; one that cannot be read remembers nothing.
    pub(super) fn read(session: &Session) -> Self {
        let records = cached::read(session, FILE).into_iter().rev();
        let mut images: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for (repository, entries) in records.flat_map(|record: Self| record.images) {
            images.entry(repository).or_default().extend(entries);
        }
        Self { images }
    }

    /// Returns the ids of the images that came of a fingerprint, the newest first.
    pub(super) fn ids<'a>(
        &'a self,
        repository: &str,
        fingerprint: &'a Fingerprint,
    ) -> impl Iterator<Item = &'a str> {
        let entries = self.images.get(repository).into_iter().flatten().rev();
        let same = entries.filter(|entry| entry.fingerprint == fingerprint.as_str());
        same.map(|entry| entry.id.as_str())
    }

    /// Remembers an image.
    pub(super) fn add(&mut self, repository: &str, fingerprint: &Fingerprint, id: &str) {
        let entries = self.images.entry(repository.to_owned()).or_default();
        let new = Entry { fingerprint: fingerprint.to_string(), id: id.to_owned() };
        entries.retain(|entry| *entry != new);
        entries.push(new);
        let old = entries.len().saturating_sub(MOST);
        entries.drain(..old);
    }

    /// Writes the record to the first place that takes it.
    pub(super) fn write(&self, session: &Session) -> Result<(), CommandError> {
        cached::write(session, FILE, self)
    }

    /// Returns all ids that the images of some repositories may be found by.
    pub(super) fn all<'a>(
        &'a self,
        images: impl Iterator<Item = (&'a str, &'a Fingerprint)>,
    ) -> BTreeSet<&'a str> {
        images.flat_map(|(repository, fingerprint)| self.ids(repository, fingerprint)).collect()
    }
}

/// The file of the record.
const FILE: &str = "images.json";
