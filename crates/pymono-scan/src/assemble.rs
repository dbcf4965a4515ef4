//! From found projects to the workspace that the rest of pymono works with.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::{ImageLock, LockFormat};
use pymono_names::TreePath;
use pymono_workspace::{Index, Kind, Project, Workspace};
use rayon::prelude::*;

use crate::{
    ScanError, ScanOptions, Warning,
    ask::Programs,
    config::{self, Configured, Home, Table},
    crates,
    document::manifest_path,
    further::{self, Ignored},
    ground::{self, Ground},
    ignore, index, links,
    local::{self, Found, Workspaces},
    project,
    recipes::Recipes,
    tree::Tree,
};

const NO_PROJECT: &str = "there is no Python project in the tree: no `pyproject.toml`, `setup.py`, \
    `Pipfile` or `requirements.txt` (one that git ignores does not count)";

/// Scans a tree.
///
/// Where files are configured to be included that are none of `tree`, there is another tree with them.
pub(crate) fn workspace(
    options: &ScanOptions,
    tree: &Tree,
    warnings: &mut Vec<Warning>,
) -> Result<(Workspace, Option<Tree>), ScanError> {
    let ScanOptions { root, config, env, interrupt, .. } = options;
    let programs = Programs { env, interrupt };
    let home = config::find(tree, root, config.as_ref(), &programs, warnings)?;
    let whole = configured(home.as_ref())?;

    programs.go_on()?;
    let workspaces = local::workspaces(tree, |folder| whole.excludes(folder), warnings)?;
    let mut found = local::projects(tree, &workspaces, warnings)?;
    let mut recipes = Recipes::new(tree, &found, &whole, warnings);
    found.extend(recipes.folders()?.into_iter().map(|new| (new.manifest.folder.clone(), new)));
    if found.is_empty() {
        warnings.push(Warning::new(NO_PROJECT));
    }
    warnings.extend(idle(&whole, &found));
    programs.go_on()?;
    let known = ground::known(&found, &whole, home.as_ref(), warnings)?;
    let ignored = further::ignored(tree, known.values().map(|known| &known.configured.settings));
    let more = (!ignored.is_empty()).then(|| tree.clone().with(ignored.clone()));
    let tree = more.as_ref().unwrap_or(tree);
    let mut ground =
        Ground::new(tree, &workspaces, &found, known, home.as_ref(), &mut recipes, warnings)?;

    let wanted = wanted(&ground, &found, &whole);
    let crates = crates::crates(&ground, &programs, &wanted, warnings)?;
    ground.add_crates(crates);
    let projects = projects(&ground, &programs, &wanted, &whole, &ignored, warnings)?;
    if let Some(home) = &home {
        home.whole.refuse_shared(&services(&ground, &projects))?;
    }
    warnings.extend(links::warnings(&ground, |path| wanted.contains(path)));
    let wanted_found: Vec<&Found> = wanted.iter().filter_map(|path| found.get(path)).collect();
    let sent = sent(&wanted, &wanted_found, &projects);
    let (unsent, read) = rayon::join(
        || ignore::unsent(tree, &sent, &never_sent(tree, &workspaces, &found)),
        || Locked::read(tree, &workspaces, &wanted_found, warnings),
    );
    let (unsent, Locked { locks, manifests, indexes, texts }) = (unsent?, read?);
    let workspace = Workspace {
        indexes,
        texts,
        locks,
        manifests,
        unsent,
        uv_image: whole.uv_image,
        image_lock: image_lock(tree).map(|file| tree.read(&file)).transpose()?,
        apt_snapshot: whole.apt_snapshot,
        compression: whole.compression,
        reuse_from: whole.reuse_from,
        projects: projects.into_iter().map(|project| (project.path.clone(), project)).collect(),
    };
    // Many small pieces, and nobody waits for their end.
    drop(ground);
    rayon::spawn(move || drop((found, workspaces)));
    Ok((workspace, more))
}

/// Returns what is configured for the whole tree.
fn configured(home: Option<&Home>) -> Result<Configured, ScanError> {
    let whole = home.map(|home| home.whole.over(&Configured::default(), true));
    Ok(whole.transpose()?.unwrap_or_default())
}

/// Returns the projects that are taken: what is excluded stays where something else needs it.
fn wanted(
    ground: &Ground<'_>,
    found: &BTreeMap<TreePath, Found>,
    whole: &Configured,
) -> BTreeSet<TreePath> {
    let wanted = found.keys().filter(|path| whole.leaves_out(path).is_none());
    wanted.flat_map(|path| ground.closure(path)).collect()
}

/// Locks, and what is read along with them.
struct Locked {
    locks: BTreeMap<TreePath, String>,
    manifests: BTreeMap<TreePath, BTreeSet<TreePath>>,
    indexes: BTreeMap<TreePath, Vec<Index>>,
    texts: BTreeMap<TreePath, String>,
}

impl Locked {
    fn read(
        tree: &Tree,
        workspaces: &Workspaces,
        projects: &[&Found],
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, ScanError> {
        let locks = locks(tree, projects)?;
        let manifests = manifests(tree, workspaces, locks.keys());
        let indexes = indexes(tree, workspaces, &manifests, &locks, warnings)?;
        let texts = texts(tree, projects, manifests.values().flatten())?;
        Ok(Self { locks, manifests, indexes, texts })
    }
}

/// Returns the locks of the tree: what they say is in what is generated.
fn never_sent(
    tree: &Tree,
    workspaces: &Workspaces,
    found: &BTreeMap<TreePath, Found>,
) -> BTreeSet<TreePath> {
    local::locks(workspaces, found).into_iter().chain(image_lock(tree)).collect()
}

/// Returns the file of the digests and pins that images stand on, where there is one.
fn image_lock(tree: &Tree) -> Option<TreePath> {
    tree.file_in(&TreePath::root(), ImageLock::PATH)
}

/// Returns the folders of which something is sent to builds: those of projects, and what they have from elsewhere.
fn sent(wanted: &BTreeSet<TreePath>, found: &[&Found], projects: &[Project]) -> BTreeSet<TreePath> {
    let bricks = found.iter().flat_map(|found| found.manifest.bricks.keys());
    wanted.iter().chain(bricks).chain(outside(projects)).cloned().collect()
}

/// Returns what projects are built from beside their own folders: crates, and files that are included.
fn outside(projects: &[Project]) -> impl Iterator<Item = &TreePath> {
    let crates = projects.iter().filter_map(|project| project.crates.as_ref());
    let crates = crates.flat_map(|crates| crates.folders.keys());
    crates.chain(projects.iter().flat_map(|project| project.further.copies.keys()))
}

/// Warns of what the configuration says about projects that are not there.
fn idle(whole: &Configured, found: &BTreeMap<TreePath, Found>) -> Vec<Warning> {
    let patterns = whole
        .idle_members(found.keys())
        .map(|pattern| Warning::new(format!("`members` has `{pattern}`, where no project is")));
    let known = |name: &str| {
        found.iter().any(|(path, found)| path.as_str() == name || found.name.as_ref() == name)
    };
    let versions = whole.versions.keys().filter(|name| !known(name));
    let versions =
        versions.map(|name| Warning::new(format!("`version` has `{name}`, which is no project")));
    patterns.chain(versions).collect()
}

/// Returns the texts of the locks that pin some of the projects.
fn locks(tree: &Tree, projects: &[&Found]) -> Result<BTreeMap<TreePath, String>, ScanError> {
    let locks: BTreeSet<_> = projects.iter().filter_map(|found| found.lock.as_ref()).collect();
    locks.into_iter().map(|lock| Ok((lock.clone(), tree.read(lock)?))).collect()
}

/// Returns the manifests that each lock was made from.
fn manifests<'a>(
    tree: &Tree,
    workspaces: &Workspaces,
    locks: impl Iterator<Item = &'a TreePath>,
) -> BTreeMap<TreePath, BTreeSet<TreePath>> {
    let of_lock = |lock: &TreePath| {
        let folder = lock.parent().unwrap_or_else(TreePath::root);
        let uv = workspaces.get(&folder).filter(|_| local::lock_in(&folder) == *lock);
        let members = uv.into_iter().flat_map(|workspace| workspace.members.keys());
        let members = members.chain([&folder]).map(manifest_path);
        let files = members.chain(tree.file_in(&folder, "Pipfile"));
        let format = lock.file_name().and_then(LockFormat::of_file_name);
        let belongs = |file: &TreePath| {
            (format == Some(LockFormat::Pipfile)) == (file.file_name() == Some("Pipfile"))
        };
        (lock.clone(), files.filter(|file| tree.has(file) && belongs(file)).collect())
    };
    locks.map(of_lock).collect()
}

/// Returns the texts of what is read along with locks: manifests, and what files of requirements lead to.
fn texts<'a>(
    tree: &Tree,
    projects: &[&Found],
    manifests: impl Iterator<Item = &'a TreePath>,
) -> Result<BTreeMap<TreePath, String>, ScanError> {
    let mut texts = BTreeMap::new();
    let mut files: BTreeSet<TreePath> = manifests.cloned().collect();
    for found in projects {
        texts.extend(found.listed.texts.clone());
        let beside = ["pyproject.toml", "Pipfile"];
        files.extend(beside.iter().filter_map(|it| tree.file_in(&found.manifest.folder, it)));
    }
    // Not rayon's own collection of results: of several errors it would return any.
    let read: Vec<_> = files.par_iter().map(|file| tree.read(file)).collect();
    for (file, text) in files.into_iter().zip(read) {
        texts.insert(file, text?);
    }
    Ok(texts)
}

/// Returns the indexes that are configured for the projects of each lock.
fn indexes(
    tree: &Tree,
    workspaces: &Workspaces,
    manifests: &BTreeMap<TreePath, BTreeSet<TreePath>>,
    locks: &BTreeMap<TreePath, String>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<TreePath, Vec<Index>>, ScanError> {
    let mut indexes = BTreeMap::new();
    for (folder, workspace) in workspaces {
        indexes.insert(local::lock_in(folder), index::of_workspace(tree, workspace, warnings)?);
    }
    for (lock, manifests) in manifests {
        let format = lock.file_name().and_then(LockFormat::of_file_name);
        let Some(format) = format.filter(|format| *format != LockFormat::Uv) else { continue };
        let text = locks.get(lock).map_or("", String::as_str);
        for manifest in manifests {
            let named = index::of_manifest(tree, format, manifest, text, warnings)?;
            indexes.insert(lock.clone(), named);
        }
    }
    Ok(indexes)
}

/// Looks at each project, several at a time.
fn projects(
    ground: &Ground<'_>,
    programs: &Programs<'_>,
    wanted: &BTreeSet<TreePath>,
    whole: &Configured,
    ignored: &Ignored,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Project>, ScanError> {
    let look = |path: &TreePath| {
        programs.go_on()?;
        let mut odd = Vec::new();
        project::project(ground, path, whole.leaves_out(path), ignored, &mut odd)
            .map(|project| (project, odd))
    };
    // Not rayon's own collection of results: of several errors it would return any.
    let looked: Vec<Result<_, _>> = wanted.par_iter().map(look).collect();
    let looked = looked.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (projects, odd): (Vec<Project>, Vec<Vec<Warning>>) = looked.into_iter().unzip();
    warnings.extend(odd.into_iter().flatten());
    Ok(projects)
}

/// Returns the services, each with the configuration in its own manifest.
fn services<'a>(
    ground: &'a Ground<'_>,
    projects: &'a [Project],
) -> Vec<(&'a TreePath, Option<&'a Table>)> {
    let services = projects.iter().filter(|project| project.kind == Kind::Service);
    let own = |path| ground.known(path).and_then(|known| known.own.as_ref());
    services.map(|service| (&service.path, own(&service.path))).collect()
}
