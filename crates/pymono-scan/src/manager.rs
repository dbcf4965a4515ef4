//! Which tool manages a project, and where its lock is.

use pymono_lock::LockFormat;
use pymono_names::TreePath;
use pymono_workspace::Manager;

use crate::{
    manifest::{Form, Manifest},
    requirements,
    tree::Tree,
};

/// Returns the manager and the lock of a project that is not pinned by a workspace's.
///
/// A lock beside the manifest decides; of several, the one whose tool the manifest configures.
/// Without any, the tools' tables do, then the build backend.
pub(crate) fn manager(tree: &Tree, manifest: &Manifest) -> (Manager, Option<TreePath>) {
    let folder = &manifest.folder;
    let configured = configured(manifest);
    let lock = |name: &str| tree.file_in(folder, name);
    let owned = [
        (Manager::Poetry, "poetry.lock", Form::Pyproject),
        (Manager::Pdm, "pdm.lock", Form::Pyproject),
        (Manager::Pipenv, "Pipfile.lock", Form::Pipfile),
    ];
    let owned = owned.into_iter().filter(|(_, _, form)| *form == manifest.form);
    let mut owned: Vec<_> =
        owned.filter_map(|(manager, name, _)| Some((manager, lock(name)?))).collect();
    owned.sort_by_key(|(manager, _)| Some(*manager) != configured);
    if let Some((manager, lock)) = owned.into_iter().next() {
        return (manager, Some(lock));
    }
    if let Some(lock) = pylock(tree, manifest) {
        return (configured.unwrap_or(Manager::Pip), Some(lock));
    }
    let requirements = requirements::of_production(tree, folder);
    // What a bare `[project]` is, uv's own template makes too.
    let bare = if requirements.is_some() { Manager::Pip } else { Manager::Uv };
    (configured.unwrap_or(bare), requirements)
}

/// Returns the `pylock.toml` of a project, or the one with a name in it that is the project's, or the only one.
fn pylock(tree: &Tree, manifest: &Manifest) -> Option<TreePath> {
    let folder = &manifest.folder;
    if let Some(lock) = tree.file_in(folder, "pylock.toml") {
        return Some(lock);
    }
    let own =
        manifest.content.project.as_ref().map(|project| format!("pylock.{}.toml", project.name));
    if let Some(lock) = own.and_then(|name| tree.file_in(folder, &name)) {
        return Some(lock);
    }
    let is_lock = |file: &&TreePath| {
        let format = file.file_name().and_then(LockFormat::of_file_name);
        format == Some(LockFormat::Pylock) && file.parent().as_ref() == Some(folder)
    };
    let mut locks = tree.below(folder).filter(is_lock);
    let first = locks.next()?;
    locks.next().is_none().then(|| first.clone())
}

/// Returns the tool that the manifest configures, or whose backend builds it.
fn configured(manifest: &Manifest) -> Option<Manager> {
    match manifest.form {
        Form::Pipfile => return Some(Manager::Pipenv),
        Form::Requirements | Form::Recipe => return Some(Manager::Pip),
        Form::Setup => return Some(Manager::Setuptools),
        Form::Pyproject => {}
    }
    let managed = manifest.content.tool.uv.managed != Some(false);
    let has = |tool: &str| manifest.file.item(&["tool", tool]).is_some();
    let tables = [
        ("uv", Manager::Uv),
        ("poetry", Manager::Poetry),
        ("pdm", Manager::Pdm),
        ("hatch", Manager::Hatch),
        ("flit", Manager::Flit),
    ];
    let mut tables = tables.into_iter().filter(|(tool, _)| managed || *tool != "uv");
    tables.find(|(tool, _)| has(tool)).map(|(_, manager)| manager).or_else(|| {
        let system = manifest.content.build_system.as_ref()?;
        let backend = system.build_backend.as_deref().unwrap_or("setuptools");
        of_backend(backend.split(['.', ':']).next().unwrap_or_default())
    })
}

fn of_backend(module: &str) -> Option<Manager> {
    Some(match module {
        "uv_build" => Manager::Uv,
        "poetry" => Manager::Poetry,
        "pdm" => Manager::Pdm,
        "hatchling" => Manager::Hatch,
        "flit_core" | "flit" => Manager::Flit,
        "setuptools" => Manager::Setuptools,
        "maturin" => Manager::Maturin,
        "scikit_build_core" => Manager::ScikitBuild,
        _ => return None,
    })
}
