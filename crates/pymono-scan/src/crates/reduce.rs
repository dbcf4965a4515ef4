//! The files that lead Cargo, reduced to what some crates need.
//!
//! A workspace's manifest names members that a build does not see, and a
//! crate's names what it is developed with: Cargo would refuse both. So each is
//! written without them.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use toml::{Table, Value};

use super::{
    lock,
    manifests::{Dependency, Manifests, dependencies, tables},
};
use crate::ScanError;

/// The keys of a root's manifest that hold for all members.
const OF_WORKSPACE: [&str; 5] = ["cargo-features", "patch", "profile", "replace", "workspace"];

/// What of a manifest decides what is fetched.
const OF_FETCHING: [&str; 10] = [
    "build-dependencies",
    "build_dependencies",
    "cargo-features",
    "dependencies",
    "features",
    "package",
    "patch",
    "replace",
    "target",
    "workspace",
];

/// The files that lead Cargo, by path.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// As a build gets them.
    pub(super) full: BTreeMap<TreePath, String>,
    /// As they are when crates are fetched.
    pub(super) skeleton: BTreeMap<TreePath, String>,
}

/// Returns the files for a project that is built from the `needed` crates, whose locks are in `roots`.
pub(super) fn texts(
    manifests: &mut Manifests<'_>,
    project: &TreePath,
    needed: &BTreeSet<TreePath>,
    roots: &BTreeSet<TreePath>,
) -> Result<Texts, ScanError> {
    let mut members = BTreeMap::<TreePath, Vec<Member>>::new();
    for folder in needed {
        let root = manifests.root_of(folder)?;
        members.entry(root.clone()).or_default().push(Member::new(manifests, folder, &root)?);
    }
    let mut texts = Texts::default();
    let folders: BTreeSet<&TreePath> = members.keys().chain(needed).collect();
    for folder in folders {
        let Some(table) = manifests.get(folder)? else { continue };
        let mut table = Table::clone(&table);
        without_development(&mut table);
        reduce_workspace(&mut table, folder, members.get(folder).map_or(&[], Vec::as_slice));
        if !needed.contains(folder) {
            table.retain(|key, _| OF_WORKSPACE.contains(&key));
        }
        let path = folder.join("Cargo.toml").unwrap_or_else(|_| folder.clone());
        texts.full.insert(path.clone(), written(&table));
        texts.skeleton.insert(path, written(&skeleton(table)));
    }
    let crates = members.values().flatten();
    let crates: BTreeMap<String, BTreeSet<String>> =
        crates.map(|member| (member.name.clone(), member.required.clone())).collect();
    for root in roots {
        let lock = lock::lock_in(root);
        if manifests.tree.has(&lock) {
            let text = lock::reduced(&manifests.tree.read(&lock)?, &crates);
            texts.full.insert(lock.clone(), text.clone());
            texts.skeleton.insert(lock, text);
        }
    }
    configuration(manifests, project, &mut texts)?;
    Ok(texts)
}

/// A needed crate, as its workspace sees it.
struct Member {
    folder: TreePath,
    name: String,
    /// The names of the packages that it requires.
    required: BTreeSet<String>,
    /// The keys of those that the workspace's root describes.
    inherited: BTreeSet<String>,
}

impl Member {
    fn new(
        manifests: &mut Manifests<'_>,
        folder: &TreePath,
        root: &TreePath,
    ) -> Result<Self, ScanError> {
        let (own, workspace) = (manifests.get(folder)?, manifests.get(root)?);
        let own = own.unwrap_or_default();
        let name = own.get("package").and_then(|package| package.get("name")?.as_str());
        let all = dependencies(&own, folder, workspace.as_deref(), root);
        let inherited = all.iter().filter(|it| it.inherited).map(|it| it.key.to_owned());
        Ok(Self {
            folder: folder.clone(),
            name: name.unwrap_or_default().to_owned(),
            inherited: inherited.collect(),
            required: all.into_iter().map(|Dependency { package, .. }| package).collect(),
        })
    }
}

/// Takes away what a crate is developed with.
fn without_development(table: &mut Table) {
    let before = keys(table);
    let without = |table: &mut Table| {
        table.remove("dev-dependencies");
        table.remove("dev_dependencies");
    };
    without(table);
    if let Some(targets) = table.get_mut("target").and_then(Value::as_table_mut) {
        targets.iter_mut().filter_map(|(_, target)| target.as_table_mut()).for_each(without);
    }
    let after = keys(table);
    // A feature may ask for one of what is only required for development.
    let features = table.get_mut("features").and_then(Value::as_table_mut);
    for wanted in features.into_iter().flatten().filter_map(|(_, wanted)| wanted.as_array_mut()) {
        wanted.retain(|text| {
            let key = text.as_str().and_then(|text| text.split_once('/'));
            let key = key.map(|(key, _)| key.trim_end_matches('?').to_owned());
            key.is_none_or(|key| after.contains(&key) || !before.contains(&key))
        });
    }
}

/// Returns the keys of all that a crate requires.
fn keys(table: &Table) -> BTreeSet<String> {
    let targets = tables(table.get("target")).map(|(_, target)| target);
    let all = std::iter::once(table).chain(targets).flatten();
    let required = all.filter(|(key, _)| key.ends_with("dependencies"));
    required.filter_map(|(_, value)| value.as_table()).flat_map(Table::keys).cloned().collect()
}

/// Leaves a workspace the members that are needed and what those inherit.
fn reduce_workspace(table: &mut Table, root: &TreePath, members: &[Member]) {
    let Some(workspace) = table.get_mut("workspace").and_then(Value::as_table_mut) else { return };
    workspace.retain(|key, _| ["dependencies", "lints", "package", "resolver"].contains(&key));
    if let Some(shared) = workspace.get_mut("dependencies").and_then(Value::as_table_mut) {
        shared.retain(|key, _| members.iter().any(|member| member.inherited.contains(key)));
    }
    let others = members.iter().filter(|member| member.folder != *root);
    let paths = others.map(|member| Value::from(member.folder.seen_from(root))).collect();
    workspace.insert("members".to_owned(), Value::Array(paths));
}

/// Returns a manifest of a crate with an empty library in place of what it is made of.
fn skeleton(mut table: Table) -> Table {
    table.retain(|key, _| OF_FETCHING.contains(&key));
    if let Some(workspace) = table.get_mut("workspace").and_then(Value::as_table_mut) {
        workspace.remove("lints");
    }
    if let Some(package) = table.get_mut("package").and_then(Value::as_table_mut) {
        let kept = ["edition", "name", "resolver", "rust-version", "version", "workspace"];
        package.retain(|key, _| kept.contains(&key));
        package.insert("build".to_owned(), Value::Boolean(false));
        let library = Table::from_iter([("path".to_owned(), Value::from("lib.rs"))]);
        table.insert("lib".to_owned(), Value::Table(library));
    }
    table
}

/// Adds the files that Cargo and rustup look for in the project's folder and above.
fn configuration(
    manifests: &Manifests<'_>,
    project: &TreePath,
    texts: &mut Texts,
) -> Result<(), ScanError> {
    let tree = manifests.tree;
    for folder in std::iter::successors(Some(project.clone()), TreePath::parent) {
        for name in [".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"]
        {
            let Some(file) = tree.file_in(&folder, name) else { continue };
            let text = tree.read(&file)?;
            texts.full.insert(file.clone(), without_sources(&text));
            texts.skeleton.insert(file, text);
        }
    }
    Ok(())
}

/// Returns Cargo's configuration without the places that crates are fetched from: a build has them.
fn without_sources(text: &str) -> String {
    let Ok(mut table) = text.parse::<Table>() else { return text.to_owned() };
    if table.remove("source").is_some() { written(&table) } else { text.to_owned() }
}

fn written(table: &Table) -> String {
    // What was read from TOML can be written as TOML.
    toml::to_string(table).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crate_is_developed_with_is_gone_from_its_features_too() {
        let mut table: Table = "[features]\nfull = [\"serde/std\", \"rand?/small\", \"own\"]\n\
             [dependencies]\nserde = \"1\"\n[target.'cfg(unix)'.dev-dependencies]\nrand = \"1\"\n"
            .parse()
            .unwrap();
        without_development(&mut table);
        assert_eq!(table["features"]["full"].to_string(), "[\"serde/std\", \"own\"]");
        assert!(!table.to_string().contains("rand"));
    }
}
