//! A closer look at projects that were found, taken only when asked for.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_workspace::{Import, Inspection, Modules, Project, Workspace};
use rayon::prelude::*;

use crate::{
    ScanError, ScanOptions, ask::Programs, code, discover, imports::imports, secrets, tree::Tree,
};

/// Opens the files of all projects of a workspace that was scanned with the same options.
///
/// What is odd about the tree was said by the scan, and is not said again.
pub fn inspect(options: &ScanOptions, workspace: &Workspace) -> Result<Inspection, ScanError> {
    let ScanOptions { root, head, env, interrupt, .. } = options;
    let programs = Programs { env, interrupt };
    let tree = Tree::of(root, head, &programs, &mut Vec::new())?;
    let look = |project: &Project| {
        programs.go_on()?;
        Ok((project.path.clone(), modules(&tree, project)?))
    };
    let projects: Vec<&Project> = workspace.projects.values().collect();
    // Not rayon's own collection of results: of several errors it would return any.
    let looked: Vec<Result<_, ScanError>> = projects.into_par_iter().map(look).collect();
    let modules = looked.into_iter().collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(Inspection { modules, secrets: secret_files(&tree, workspace) })
}

fn modules(tree: &Tree, project: &Project) -> Result<Modules, ScanError> {
    let Some(manifest) = discover::manifest(tree, &project.path)? else {
        return Ok(Modules::default());
    };
    let mut modules = Modules::default();
    for (file, module) in code::modules(tree, &manifest, &project.sources) {
        modules.own.insert(module);
        // A link that leads nowhere imports nothing.
        let Ok(text) = tree.read(file) else { continue };
        for (name, line) in imports(&text) {
            let import = Import { file: file.clone(), line };
            modules.imported.entry(name).or_insert(import);
        }
    }
    Ok(modules)
}

/// Returns the files that would be sent to a build and look as if they held a secret.
fn secret_files(tree: &Tree, workspace: &Workspace) -> BTreeMap<TreePath, String> {
    let sources = workspace.projects.values().flat_map(|project| &project.sources);
    let files: BTreeSet<&TreePath> = sources.flat_map(|source| tree.within(source)).collect();
    let look = |file: &TreePath| {
        secrets::by_name(file).or_else(|| {
            let text = secrets::is_worth_reading(file).then(|| tree.read(file).ok()).flatten()?;
            secrets::by_text(&text)
        })
    };
    files.into_iter().filter_map(|file| Some((file.clone(), look(file)?))).collect()
}
