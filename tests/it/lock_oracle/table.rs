//! A lock as plain TOML: what the oracle can be asked, found without pymono's own reader.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use pep440_rs::VersionSpecifiers;
use toml::{Table, Value};

/// The text of a lock, taken apart.
pub(super) struct LockTable(Table);

/// What uv can be asked about a member.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) extras: BTreeSet<String>,
    /// Its own groups and those of the workspace's root.
    pub(super) groups: BTreeSet<String>,
}

impl LockTable {
    /// Reads the lock in `folder`.
    pub(super) fn read(folder: &Utf8Path) -> Self {
        Self(std::fs::read_to_string(folder.join("uv.lock")).unwrap().parse().unwrap())
    }

    /// Returns the versions of Python that the lock is for.
    pub(super) fn requires_python(&self) -> VersionSpecifiers {
        self.0["requires-python"].as_str().unwrap().parse().unwrap()
    }

    /// Returns true if members state which extras they have, the empty ones too.
    pub(super) fn tells_extras(&self) -> bool {
        self.0.contains_key("revision")
    }

    /// Returns the members of the workspace, or the only project.
    pub(super) fn members(&self) -> Vec<Member> {
        let of_root = self.root_groups();
        let member = |package: &Table| {
            let metadata = table(package, "metadata").cloned().unwrap_or_default();
            let declared =
                array(&metadata, "provides-extras").filter_map(Value::as_str).map(str::to_owned);
            let mut groups = of_root.clone();
            groups.append(&mut keys(package, "dev-dependencies"));
            groups.append(&mut keys(&metadata, "requires-dev"));
            Member {
                name: package["name"].as_str().unwrap().to_owned(),
                extras: keys(package, "optional-dependencies")
                    .into_iter()
                    .chain(declared)
                    .collect(),
                groups,
            }
        };
        self.packages().filter(|package| self.is_member(package)).map(member).collect()
    }

    /// Returns the hash and the place of every wheel.
    pub(super) fn wheels(&self) -> BTreeMap<String, String> {
        self.packages()
            .flat_map(|package| array(package, "wheels"))
            .filter_map(|wheel| {
                let place = ["url", "path", "filename"].iter().find_map(|key| wheel.get(key))?;
                Some((wheel.get("hash")?.as_str()?.to_owned(), place.as_str()?.to_owned()))
            })
            .collect()
    }

    fn packages(&self) -> impl Iterator<Item = &Table> {
        array(&self.0, "package").filter_map(Value::as_table)
    }

    fn root_groups(&self) -> BTreeSet<String> {
        let without_project =
            table(&self.0, "manifest").map(|manifest| keys(manifest, "dependency-groups"));
        let project = self.packages().filter(|package| is_root(package));
        project
            .flat_map(|root| keys(root, "dev-dependencies"))
            .chain(without_project.unwrap_or_default())
            .collect()
    }

    fn is_member(&self, package: &Table) -> bool {
        let members =
            table(&self.0, "manifest").filter(|manifest| manifest.contains_key("members"));
        match members {
            Some(manifest) => array(manifest, "members").any(|member| *member == package["name"]),
            None => is_root(package),
        }
    }
}

/// Returns true for the package in the lock's own folder.
fn is_root(package: &Table) -> bool {
    let source = package["source"].as_table().unwrap();
    ["editable", "virtual"]
        .iter()
        .any(|kind| source.get(*kind).and_then(Value::as_str) == Some("."))
}

fn table<'a>(table: &'a Table, key: &str) -> Option<&'a Table> {
    table.get(key).and_then(Value::as_table)
}

fn array<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    table.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn keys(parent: &Table, key: &str) -> BTreeSet<String> {
    table(parent, key).map_or_else(BTreeSet::new, |table| table.keys().cloned().collect())
}
