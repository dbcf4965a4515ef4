//! Finds projects by their manifests, whichever tool they are written for.

use std::{collections::BTreeSet, sync::Arc};

use pep508_rs::PackageName;
use pymono_names::{ServiceName, TreePath};
use rayon::prelude::*;

use crate::{
    ScanError, Warning,
    document::TomlFile,
    infer,
    manifest::{Content, Form, Manifest, ProjectTable},
    pdm, pipfile, poetry, requirements,
    setup::Setup,
    tree::Tree,
};

/// Files that make a folder one to look at.
const MANIFESTS: [&str; 4] = ["pyproject.toml", "setup.py", "setup.cfg", "Pipfile"];

/// Folders of what others made, which is no project of this repository.
const FOREIGN: [&str; 6] =
    ["node_modules", "vendor", "vendored", "third_party", "third-party", "site-packages"];

/// Locks that make a folder's manifest one that must be readable.
const LOCKS: [&str; 3] = ["poetry.lock", "pdm.lock", "Pipfile.lock"];

/// Returns the manifests of all projects outside of the folders in `known`.
///
/// Of a folder without a lock nobody knows whether it is a project: a manifest in it
/// that cannot be read is left out with a warning.
pub(crate) fn projects(
    tree: &Tree,
    known: &BTreeSet<TreePath>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Manifest>, ScanError> {
    let folders = folders(tree).into_iter().filter(|folder| !known.contains(folder));
    let folders: Vec<TreePath> = folders.collect();
    // Not rayon's own collection of results: of several errors it would return any.
    let read: Vec<Result<_, _>> = folders.par_iter().map(|folder| manifest(tree, folder)).collect();
    let mut found = Vec::new();
    for (folder, manifest) in folders.iter().zip(read) {
        let locked = LOCKS.iter().any(|name| tree.file_in(folder, name).is_some());
        match manifest {
            Ok(manifest) => found.extend(manifest.filter(|it| is_project(tree, it))),
            Err(error) if locked => return Err(error),
            Err(_) if is_template(tree, folder) || infer::is_aside(folder) => {}
            Err(error) => {
                warnings.push(Warning::new(format!("`{folder}` is left out: {error}")));
            }
        }
    }
    Ok(found)
}

/// Reads the manifest of the project in `folder`, in the form that its tools read first.
pub(crate) fn manifest(tree: &Tree, folder: &TreePath) -> Result<Option<Manifest>, ScanError> {
    let setup = Setup::read(tree, folder)?;
    let mut pyproject = Manifest::read(tree, folder)?;
    if let Some(manifest) = &mut pyproject {
        let content = Arc::make_mut(&mut manifest.content);
        poetry::complete(content, folder);
        pdm::complete(content);
    }
    let has = |name: &str| tree.file_in(folder, name).is_some();
    let standard = pyproject.take_if(|manifest| manifest.content.project.is_some());
    let locked = has("uv.lock") || has("poetry.lock") || has("pdm.lock");
    let mut found = standard.clone();
    if found.is_none() || (has("Pipfile.lock") && !locked) {
        let name = standard.as_ref().and_then(|it| Some(it.content.project.as_ref()?.name.clone()));
        let named = name.is_some();
        let name = name.unwrap_or_else(|| name_of(folder));
        if let Some(mut manifest) = pipfile::read(tree, folder, name)? {
            manifest.named = named;
            if let Some(standard) = &standard {
                let content = Arc::make_mut(&mut manifest.content);
                content.build_system.clone_from(&standard.content.build_system);
                content.tool = standard.content.tool.clone();
            }
            found = Some(manifest);
        }
    }
    match found {
        Some(found) => Ok(Some(found)),
        None => by_files(tree, folder, setup, pyproject),
    }
}

/// Returns the manifest of a folder with files of requirements, a `setup.py` or a `setup.cfg`.
///
/// The tables of a `pyproject.toml` that names no project stay what they are for its build.
fn by_files(
    tree: &Tree,
    folder: &TreePath,
    setup: Option<Setup>,
    pyproject: Option<Manifest>,
) -> Result<Option<Manifest>, ScanError> {
    let listed = requirements::of_production(tree, folder);
    let program = ["setup.py", "setup.cfg"].iter().find_map(|name| tree.file_in(folder, name));
    let (file, form) = match (listed, &setup, program) {
        (Some(file), ..) => (file, Form::Requirements),
        (None, Some(_), Some(file)) => (file, Form::Setup),
        _ => return Ok(None),
    };
    let mut content: Content =
        pyproject.map(|manifest| (*manifest.content).clone()).unwrap_or_default();
    let (project, named) = match setup {
        Some(setup) => setup.project(name_of(folder)),
        None => (ProjectTable::named(name_of(folder)), false),
    };
    content.project = Some(project);
    let file = Arc::new(TomlFile::parse(file.as_str(), "")?);
    Ok(Some(Manifest { named, ..Manifest::new(folder.clone(), file, content, form) }))
}

/// Returns the name of a project that only its folder tells.
pub(crate) fn name_of(folder: &TreePath) -> PackageName {
    // The name of the root differs from one checkout to the next.
    let name = ServiceName::slug(folder.file_name().unwrap_or("app"));
    name.as_str().parse().expect("letters, digits and dashes are a name")
}

fn folders(tree: &Tree) -> BTreeSet<TreePath> {
    let candidates = tree.files().par_iter().filter_map(|file| {
        let name = file.file_name()?;
        if MANIFESTS.contains(&name) {
            return file.parent();
        }
        let of_text = name.strip_suffix(".txt")?;
        let folder = file.parent()?;
        if folder.file_name() == Some("requirements") {
            return folder.parent();
        }
        of_text.starts_with("requirements").then_some(folder)
    });
    candidates.filter(|folder| !is_foreign(folder)).collect()
}

/// Returns true below folders of others' work, and in hidden ones.
pub(crate) fn is_foreign(folder: &TreePath) -> bool {
    folder.parts().any(|part| {
        FOREIGN.contains(&part) || part.starts_with('.') && part.len() > 1 || part.contains("{{")
    })
}

/// Returns true where a manifest is to be filled in before anybody reads it.
fn is_template(tree: &Tree, folder: &TreePath) -> bool {
    let file = tree.file_in(folder, "pyproject.toml");
    let text = file.and_then(|file| tree.read(&file).ok()).unwrap_or_default();
    text.contains("{{") || text.contains("{%")
}

/// Returns whether there is something to run or to import beside a file of requirements alone:
/// such files also serve tools and documentation.
fn is_project(tree: &Tree, manifest: &Manifest) -> bool {
    if manifest.form != Form::Requirements || manifest.named {
        return true;
    }
    let folder = &manifest.folder;
    let nested = |file: &TreePath| {
        let above = std::iter::successors(file.parent(), TreePath::parent);
        let mut above = above.take_while(|path| path != folder && path.is_in(folder));
        above.any(|path| {
            MANIFESTS.iter().any(|name| tree.file_in(&path, name).is_some())
                || requirements::of_production(tree, &path).is_some()
        })
    };
    let mut files = tree.below(folder).filter(|file| crate::code::is_code_of(folder, file));
    files.any(|file| !nested(file))
}
