//! What was built here: which image came of which fingerprint.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_fingerprint::Fingerprint;
use pymono_names::ServiceName;
use serde::{Deserialize, Serialize};

use super::FOLDER;
use crate::{error::CommandError, files::Changes};

/// So many images of one service are remembered: those of some branches.
const MOST: usize = 16;

/// Which image came of which fingerprint, as far as this checkout has built them.
///
/// An id is a digest of all that an image is, so an image that merely bears a label is none of these.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Record {
    /// For each service its images, the newest last.
    images: BTreeMap<String, Vec<Entry>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Entry {
    fingerprint: String,
    id: String,
}

impl Record {
    /// Reads the record; one that cannot be read remembers nothing.
    pub(super) fn read(root: &Utf8Path) -> Self {
        let text = fs::read(root.join(path())).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Returns the ids of the images that came of a fingerprint, the newest first.
    pub(super) fn ids<'a>(
        &'a self,
        service: &ServiceName,
        fingerprint: &'a Fingerprint,
    ) -> impl Iterator<Item = &'a str> {
        let entries = self.images.get(service.as_str()).into_iter().flatten().rev();
        let same = entries.filter(|entry| entry.fingerprint == fingerprint.as_str());
        same.map(|entry| entry.id.as_str())
    }

    /// Remembers an image.
    pub(super) fn add(&mut self, service: &ServiceName, fingerprint: &Fingerprint, id: &str) {
        let entries = self.images.entry(service.to_string()).or_default();
        let new = Entry { fingerprint: fingerprint.to_string(), id: id.to_owned() };
        entries.retain(|entry| *entry != new);
        entries.push(new);
        let old = entries.len().saturating_sub(MOST);
        entries.drain(..old);
    }

    /// Writes the record.
    pub(super) fn write(&self, root: &Utf8Path) -> Result<(), CommandError> {
        // Only a map with keys that are no strings, or a failing writer, could make this fail.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        Ok(Changes::between(root, [(path(), text + "\n")].into(), &[])?.apply()?)
    }

    /// Returns all ids that some services may be found by.
    pub(super) fn all<'a>(
        &'a self,
        services: impl Iterator<Item = (&'a ServiceName, &'a Fingerprint)>,
    ) -> BTreeSet<&'a str> {
        services.flat_map(|(service, fingerprint)| self.ids(service, fingerprint)).collect()
    }
}

fn path() -> Utf8PathBuf {
    Utf8Path::new(FOLDER).join("images.json")
}
