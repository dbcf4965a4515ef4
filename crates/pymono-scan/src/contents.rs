//! What the files that can reach images hold.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::{ImageLock, LockFormat};
use pymono_names::TreePath;
use pymono_workspace::{ContentId, Contents, Project, Workspace, literal_pattern};

use crate::{
    Identity, Mode, ScanError, ScanOptions,
    ask::Programs,
    essence,
    git::{Git, entries},
    litter::is_ours,
    tree::{LfsFile, Tree},
};

/// Returns what the files and folders in `paths` hold, of a tree that a scan with the same options found.
///
/// # Errors
///
/// A file cannot be read, or git cannot be asked about it.
pub fn contents<'a>(
    options: &ScanOptions,
    tree: &Tree,
    workspace: &Workspace,
    paths: impl IntoIterator<Item = &'a TreePath>,
) -> Result<Contents, ScanError> {
    let programs = Programs { env: &options.env, interrupt: &options.interrupt };
    let tops = tops(&paths.into_iter().collect());
    let submodules = submodules(tree, &tops, &programs)?;
    programs.go_on()?;
    let unsent = locks(workspace);
    let is_sent = |file: &&TreePath| {
        !submodules.keys().any(|submodule| file.is_in(submodule)) && !unsent.contains(*file)
    };
    let files = tops.iter().flat_map(|path| tree.within(path));
    let files: Vec<&TreePath> = files.filter(is_sent).collect();
    let in_lfs = tree.in_lfs(&files)?;
    let others = files.into_iter().filter(|file| !in_lfs.contains_key(*file));
    let identities = tree.identities(others)?;
    let locks = tree.identities(&unsent)?;
    let files = identities.into_iter().map(|(file, identity)| (file, id(&identity)));
    let files: BTreeMap<TreePath, ContentId> = files.collect();
    let content = |(file, LfsFile { oid, .. }): (&TreePath, &LfsFile)| {
        (file.clone(), ContentId(format!("lfs {oid}")))
    };
    let pointers = in_lfs.iter().filter(|(_, it)| it.is_pointer).map(|(file, _)| file.clone());
    let is_empty = |path: &&TreePath| tree.commit().is_none() && tree.below(path).next().is_none();
    let absent = submodules.keys().filter(is_empty).cloned();
    let manifests = manifests(workspace, &files);
    Ok(Contents {
        files: files.into_iter().chain(in_lfs.iter().map(content)).collect(),
        locks: locks.into_iter().map(|(lock, identity)| (lock, id(&identity))).collect(),
        unfetched: pointers.chain(absent).collect(),
        submodules,
        manifests,
    })
}

/// Returns what lies on disk and is no file of the tree, because it is ignored: a folder for all in it.
///
/// A build of a hand-written Dockerfile is sent it all the same. Nothing where git cannot tell.
pub fn ignored(options: &ScanOptions) -> Option<Vec<TreePath>> {
    let programs = Programs { env: &options.env, interrupt: &options.interrupt };
    let list = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
    let output = Git::new(&options.root, &programs).ask(&list).ok()?;
    let names = entries(&output).map(|name| str::from_utf8(name).ok()?.parse().ok());
    let names = names.collect::<Option<Vec<TreePath>>>()?;
    Some(names.into_iter().filter(|name| !is_ours(name.as_str())).collect())
}

/// Returns those of the paths that lie in no other one.
fn tops<'a>(paths: &BTreeSet<&'a TreePath>) -> Vec<&'a TreePath> {
    let above = |path: &TreePath| std::iter::successors(path.parent(), TreePath::parent);
    let is_top = |path: &&&TreePath| !above(path).any(|other| paths.contains(&other));
    paths.iter().filter(is_top).copied().collect()
}

/// Returns the submodules that touch some of the paths.
fn submodules(
    tree: &Tree,
    paths: &[&TreePath],
    programs: &Programs<'_>,
) -> Result<BTreeMap<TreePath, ContentId>, ScanError> {
    let touches = |it: &&TreePath| paths.iter().any(|path| it.is_in(path) || path.is_in(it));
    let touched = tree.submodules().keys().filter(touches);
    let id = |path: &TreePath| Ok((path.clone(), ContentId(tree.submodule(path, programs)?)));
    touched.map(id).collect()
}

/// Returns the locks that are never sent.
fn locks(workspace: &Workspace) -> BTreeSet<TreePath> {
    let patterns: BTreeSet<&str> = workspace.unsent.patterns.iter().map(String::as_str).collect();
    let unsent = |lock: &&TreePath| {
        lock.file_name().and_then(LockFormat::of_file_name).is_some()
            && patterns.contains(literal_pattern(lock.as_str()).as_str())
    };
    // Only where it lies in what is sent is it among the patterns.
    let own = patterns.contains(ImageLock::PATH).then(|| ImageLock::PATH.parse().ok());
    workspace.locks.keys().filter(unsent).cloned().chain(own.flatten()).collect()
}

fn id(Identity { mode, content }: &Identity) -> ContentId {
    let kind = match mode {
        Mode::File => "file",
        Mode::Executable => "executable",
        Mode::Link => "link",
    };
    ContentId(format!("{kind} {content}"))
}

/// Returns what build backends make use of in those of the files that are manifests of projects.
fn manifests(
    workspace: &Workspace,
    files: &BTreeMap<TreePath, ContentId>,
) -> BTreeMap<TreePath, ContentId> {
    let essence = |project: &Project| {
        let text = workspace.texts.get(&project.manifest)?;
        Some((project.manifest.clone(), ContentId(essence::essence(project, text)?)))
    };
    let projects = workspace.projects.values();
    projects.filter(|project| files.contains_key(&project.manifest)).filter_map(essence).collect()
}
