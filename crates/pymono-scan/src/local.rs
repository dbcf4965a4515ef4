//! The projects of the tree and the local dependencies between them.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;
use pymono_lock::LockFormat;
use pymono_names::TreePath;
use pymono_workspace::Manager;
use rayon::prelude::*;

use crate::{
    ScanError, Warning, discover, manager,
    manifest::{Manifest, Scope},
    members::{self, UvWorkspace},
    requirements::{self, Listed},
    sources::Resolver,
    tree::Tree,
};

/// A project before anybody thought about it.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its manifest.
    pub(crate) manifest: Manifest,
    /// Its name.
    pub(crate) name: PackageName,
    /// The root of the uv workspace whose lock pins it, `None` for others.
    pub(crate) workspace: Option<TreePath>,
    /// The tool that manages it.
    pub(crate) manager: Manager,
    /// What pins it.
    pub(crate) lock: Option<TreePath>,
    /// What its file of requirements says, if that is its lock.
    pub(crate) listed: Listed,
    /// The local projects that its requirements mean, of all extras and groups, by name.
    pub(crate) edges: Edges,
    /// The local projects that it requires by their folders.
    pub(crate) folders: Vec<FolderEdge>,
}

/// A requirement that names the folder of a local project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FolderEdge {
    /// The folder.
    pub(crate) to: TreePath,
    /// When it is needed.
    pub(crate) scope: Scope,
}

/// A requirement that a local project fulfils.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    /// The folder of the project.
    pub(crate) to: TreePath,
    /// Whether it shall be installed; `package = false` on a source says no.
    pub(crate) installed: bool,
}

/// The local projects behind each required name; several where their markers differ.
pub(crate) type Edges = BTreeMap<PackageName, Vec<Edge>>;

/// The uv workspaces of a tree, by the folder of their lock.
pub(crate) type Workspaces = BTreeMap<TreePath, UvWorkspace>;

/// Returns the lock file in the folder of a workspace.
pub(crate) fn lock_in(folder: &TreePath) -> TreePath {
    folder.join("uv.lock").unwrap_or_else(|_| folder.clone())
}

/// Returns the lock files of all workspaces and projects, but for those that builds may read.
pub(crate) fn locks(
    workspaces: &Workspaces,
    found: &BTreeMap<TreePath, Found>,
) -> BTreeSet<TreePath> {
    let own = found.values().filter_map(Found::unsent_lock).cloned();
    workspaces.keys().map(lock_in).chain(own).collect()
}

/// Reads the workspace of every lock, but for those in folders that are `excluded`.
pub(crate) fn workspaces(
    tree: &Tree,
    excluded: impl Fn(&TreePath) -> bool,
    warnings: &mut Vec<Warning>,
) -> Result<Workspaces, ScanError> {
    let folders = members::lock_folders(tree).into_iter().filter(|folder| !excluded(folder));
    let folders: Vec<TreePath> = folders.collect();
    let read = |folder: &TreePath| Manifest::read(tree, folder);
    // Not rayon's own collection of results: of several errors it would return any.
    let roots: Vec<Result<_, _>> = folders.par_iter().map(read).collect();
    let roots = roots.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut workspaces = Workspaces::new();
    for (folder, root) in folders.into_iter().zip(roots) {
        let why = match root {
            None => "there is no `pyproject.toml` beside it",
            Some(root) if root.content.tool.uv.managed == Some(false) => {
                "the `pyproject.toml` beside it says `managed = false`"
            }
            Some(root) => {
                workspaces.insert(folder, members::read(tree, root)?);
                continue;
            }
        };
        warnings.push(unused(&folder, why));
    }
    // What is a member of a workspace is pinned by that one's lock; its own is left from before.
    let members = workspaces.iter().flat_map(|(root, workspace)| {
        let members = workspace.members.keys().filter(move |folder| *folder != root);
        members.map(|folder| (folder.clone(), root.clone()))
    });
    for (folder, root) in members.collect::<BTreeMap<_, _>>() {
        if workspaces.remove(&folder).is_some() {
            let why = format!("the workspace in `{root}` has it as a member");
            warnings.push(unused(&folder, &why));
        }
    }
    Ok(workspaces)
}

fn unused(folder: &TreePath, why: &str) -> Warning {
    let folder = if folder.is_root() { String::new() } else { format!("{folder}/") };
    Warning::new(format!("`{folder}uv.lock` is not used: {why}"))
}

/// Returns the members of all workspaces and every other project, by folder.
pub(crate) fn projects(
    tree: &Tree,
    workspaces: &Workspaces,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<TreePath, Found>, ScanError> {
    let mut projects = BTreeMap::new();
    for (root, workspace) in workspaces {
        for (folder, manifest) in &workspace.members {
            let found = Found::new(tree, manifest.clone(), Some(root));
            projects.extend(found.map(|found| (folder.clone(), found)));
        }
    }
    let known = projects.keys().cloned().collect();
    for manifest in discover::projects(tree, &known, warnings)? {
        let folder = manifest.folder.clone();
        projects.extend(Found::new(tree, manifest, None).map(|found| (folder, found)));
    }
    let mut resolver = Resolver::new(tree, workspaces);
    let mut todo: Vec<TreePath> = projects.keys().rev().cloned().collect();
    while let Some(folder) = todo.pop() {
        let Some(found) = projects.get(&folder) else { continue };
        let (edges, mut reached) = resolver.edges(found, warnings)?;
        let (folders, more) = resolver.folders(found, warnings)?;
        reached.extend(more);
        for manifest in reached {
            let folder = manifest.folder.clone();
            match projects.get_mut(&folder) {
                // The name that its user gives it is better than that of its folder.
                Some(known) if !known.manifest.named && manifest.named => {
                    known.name = manifest
                        .content
                        .project
                        .as_ref()
                        .map_or(known.name.clone(), |p| p.name.clone());
                }
                Some(_) => {}
                None => {
                    let found = Found::new(tree, manifest, None);
                    projects.extend(found.map(|found| (folder.clone(), found)));
                    todo.push(folder);
                }
            }
        }
        if let Some(found) = projects.get_mut(&folder) {
            (found.edges, found.folders) = (edges, folders);
        }
    }
    Ok(projects)
}

impl Found {
    /// Returns the project of a manifest that has a name.
    pub(crate) fn new(
        tree: &Tree,
        manifest: Manifest,
        workspace: Option<&TreePath>,
    ) -> Option<Self> {
        let name = manifest.content.project.as_ref()?.name.clone();
        let (manager, lock) = match workspace {
            Some(root) => (Manager::Uv, Some(lock_in(root))),
            None => manager::manager(tree, &manifest),
        };
        let mut found = Self {
            manifest,
            name,
            workspace: workspace.cloned(),
            manager,
            lock,
            listed: Listed::default(),
            edges: Edges::new(),
            folders: Vec::new(),
        };
        if let Some(file) = found.requirements_file() {
            found.listed = requirements::read(tree, &found.manifest.folder, file);
        }
        Some(found)
    }

    /// Returns the file of requirements that is its lock.
    fn requirements_file(&self) -> Option<&TreePath> {
        self.lock.as_ref().filter(|lock| is_requirements(lock))
    }

    /// Returns the lock that is no file of the project: builds may read files of requirements.
    pub(crate) fn unsent_lock(&self) -> Option<&TreePath> {
        self.lock.as_ref().filter(|lock| !is_requirements(lock))
    }

    /// Returns whether it only gathers projects below it, in groups of its own.
    pub(crate) fn gathers(&self) -> bool {
        let folder = &self.manifest.folder;
        self.folders.iter().any(|edge| edge.to.is_in(folder) && edge.scope != Scope::Production)
    }
}

fn is_requirements(lock: &TreePath) -> bool {
    let format = lock.file_name().and_then(LockFormat::of_file_name);
    matches!(format, None | Some(LockFormat::Requirements))
}
