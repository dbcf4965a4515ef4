//! The manifests of crates in a tree.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use pymono_names::TreePath;
use toml::{Table, Value};

use crate::{ScanError, Warning, tree::Tree};

/// The tables of what a crate needs to be built; not those for its own development.
const NEEDED: [&str; 3] = ["dependencies", "build-dependencies", "build_dependencies"];

/// The manifests of crates in a tree, each read once.
pub(super) struct Manifests<'a> {
    pub(super) tree: &'a Tree,
    read: BTreeMap<TreePath, Option<Arc<Table>>>,
    problems: Vec<Warning>,
}

/// What a crate requires by one entry of its tables.
pub(super) struct Dependency<'a> {
    /// The key, by which the crate knows it.
    pub(super) key: &'a str,
    /// The name of the package.
    pub(super) package: String,
    /// The folder of the crate, where it is one by path.
    pub(super) folder: Option<TreePath>,
    /// Whether the workspace's root says what it is.
    pub(super) inherited: bool,
}

impl<'a> Manifests<'a> {
    /// Returns the manifests of a tree.
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self { tree, read: BTreeMap::new(), problems: Vec::new() }
    }

    /// Returns what is wrong with those that were read.
    pub(super) fn problems(self) -> Vec<Warning> {
        self.problems
    }

    /// Returns the manifest in a folder; nothing if there is none, or none that can be read.
    pub(super) fn get(&mut self, folder: &TreePath) -> Result<Option<Arc<Table>>, ScanError> {
        if let Some(known) = self.read.get(folder) {
            return Ok(known.clone());
        }
        let table = match self.tree.file_in(folder, "Cargo.toml") {
            None => None,
            Some(file) => match self.tree.read(&file)?.parse::<Table>() {
                Ok(table) => Some(Arc::new(table)),
                Err(error) => {
                    let problem = error.message().replace('\n', ", ");
                    self.problems.push(Warning::new(format!("`{file}`: {problem}")));
                    None
                }
            },
        };
        self.read.insert(folder.clone(), table.clone());
        Ok(table)
    }

    /// Returns the folder of the workspace that a crate is in; its own if it is in none.
    ///
    /// [The Cargo Book](https://doc.rust-lang.org/cargo/reference/workspaces.html) says how that is found.
    pub(super) fn root_of(&mut self, folder: &TreePath) -> Result<TreePath, ScanError> {
        let Some(own) = self.get(folder)? else { return Ok(folder.clone()) };
        if own.contains_key("workspace") {
            return Ok(folder.clone());
        }
        let named = own.get("package").and_then(|package| package.get("workspace")?.as_str());
        if let Some(root) = named.and_then(|path| folder.join(path).ok()) {
            return Ok(root);
        }
        let mut above = folder.parent();
        while let Some(root) = above {
            let workspace = self.get(&root)?.and_then(|table| table.get("workspace").cloned());
            if let Some(workspace) = workspace {
                let excluded = strings(workspace.get("exclude"))
                    .filter_map(|path| root.join(path).ok())
                    .any(|excluded| folder.is_in(&excluded));
                return Ok(if excluded { folder.clone() } else { root });
            }
            above = root.parent();
        }
        Ok(folder.clone())
    }

    /// Returns the folders of the crates that one needs by path, by its manifest.
    pub(super) fn needs(&mut self, folder: &TreePath) -> Result<BTreeSet<TreePath>, ScanError> {
        let Some(own) = self.get(folder)? else { return Ok(BTreeSet::new()) };
        let root = self.root_of(folder)?;
        let workspace = self.get(&root)?;
        let dependencies = dependencies(&own, folder, workspace.as_deref(), &root);
        Ok(dependencies.into_iter().filter_map(|dependency| dependency.folder).collect())
    }

    /// Returns the folders that a workspace's root puts in place of crates from elsewhere.
    pub(super) fn replacements(&mut self, root: &TreePath) -> Result<Vec<TreePath>, ScanError> {
        let Some(table) = self.get(root)? else { return Ok(Vec::new()) };
        let patches = tables(table.get("patch")).flat_map(|(_, patch)| patch.values());
        let replaced = table.get("replace").and_then(Value::as_table).into_iter();
        let entries = patches.chain(replaced.flat_map(Table::values));
        let paths = entries.filter_map(|entry| root.join(entry.get("path")?.as_str()?).ok());
        Ok(paths.collect())
    }
}

/// Returns what a crate in `folder` needs to be built.
pub(super) fn dependencies<'t>(
    own: &'t Table,
    folder: &TreePath,
    workspace: Option<&Table>,
    root: &TreePath,
) -> Vec<Dependency<'t>> {
    let shared = workspace.and_then(|table| table.get("workspace")?.get("dependencies"));
    let dependency = |(key, own): (&'t String, &'t Value)| {
        let inherited = own.get("workspace").and_then(Value::as_bool) == Some(true);
        let (entry, from) = match shared.and_then(|shared| shared.get(key)) {
            Some(entry) if inherited => (entry, root),
            _ => (own, folder),
        };
        let path = entry.get("path").and_then(Value::as_str);
        Dependency {
            key,
            package: entry.get("package").and_then(Value::as_str).unwrap_or(key).to_owned(),
            folder: path.and_then(|path| from.join(path).ok()),
            inherited,
        }
    };
    needed_tables(own).into_iter().flatten().map(dependency).collect()
}

/// Returns the tables of what a crate needs to be built, on whichever platform.
fn needed_tables(manifest: &Table) -> Vec<&Table> {
    let targets = tables(manifest.get("target")).map(|(_, target)| target);
    let all = std::iter::once(manifest).chain(targets);
    all.flat_map(|table| NEEDED.iter().filter_map(|key| table.get(*key)?.as_table())).collect()
}

/// Returns the tables in a table.
pub(super) fn tables(value: Option<&Value>) -> impl Iterator<Item = (&String, &Table)> {
    let entries = value.and_then(Value::as_table).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key, value.as_table()?)))
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
