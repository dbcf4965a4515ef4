//! `Pipfile.lock` as it is written, field by field.

use std::{collections::BTreeSet, fmt, marker::PhantomData};

use pep508_rs::ExtraName;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// An object of JSON with all of its pairs, those whose key is there twice too.
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PairsVisitor<T> {
    type Value = Pairs<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// Only what is needed to tell a lock of another version from a torn one.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct VersionWire {
    pub(super) pipfile_spec: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct MetaWire {
    #[serde(default)]
    pub(super) requires: RequiresWire,
    #[serde(default)]
    pub(super) sources: Vec<IndexWire>,
}

#[derive(Default, Deserialize)]
pub(super) struct RequiresWire {
    pub(super) python_version: Option<String>,
    pub(super) python_full_version: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct IndexWire {
    pub(super) name: Option<String>,
    pub(super) url: String,
}

#[derive(Default, Deserialize)]
pub(super) struct EntryWire {
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) hashes: Vec<String>,
    pub(super) index: Option<String>,
    pub(super) markers: Option<String>,
    #[serde(default)]
    pub(super) extras: BTreeSet<ExtraName>,
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) editable: bool,
    pub(super) git: Option<String>,
    #[serde(rename = "ref")]
    pub(super) commit: Option<String>,
    pub(super) subdirectory: Option<String>,
    pub(super) file: Option<String>,
}
