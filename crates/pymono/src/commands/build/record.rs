//! What was built on this machine: which image came of which fingerprint.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use camino::Utf8PathBuf;
use pymono_fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};

use super::FOLDER;
use crate::{error::CommandError, files::Changes, session::Session};

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
        let read = |folder: Utf8PathBuf| {
            let text = fs::read(folder.join(FILE)).unwrap_or_default();
            serde_json::from_slice(&text).unwrap_or_default()
        };
        let records = folders(session).into_iter().rev().map(read);
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
        // Only a map with keys that are no strings, or a failing writer, could make this fail.
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        let mut written = Ok(());
        for folder in folders(session) {
            let changes = Changes::between(&folder, [(FILE.into(), text.clone())].into(), &[]);
            written = changes.and_then(|changes| changes.apply());
            if written.is_ok() {
                break;
            }
        }
        Ok(written?)
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

/// Returns where the record may be: in the user's folder for caches, or else in the checkout.
///
/// See <https://specifications.freedesktop.org/basedir-spec/latest/>.
fn folders(session: &Session) -> Vec<Utf8PathBuf> {
    let variable = |name: &str| {
        let found = session.env.iter().find(|(key, _)| key == name);
        let path = found.and_then(|(_, value)| value.to_str()).map(Utf8PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let caches = variable("XDG_CACHE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .or_else(|| variable("LOCALAPPDATA"));
    caches.map(|it| it.join("pymono")).into_iter().chain([session.root.join(FOLDER)]).collect()
}
