//! Which file says something about one service and about no other.

use pymono_names::TreePath;
use pymono_workspace::Project;

use super::{Unplaced, edit};
use crate::{
    Scan, ScanError,
    config::{CARGO, PYPROJECT},
    document::manifest_path,
};

/// A table of a file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) file: TreePath,
    pub(super) table: &'static [&'static str],
}

/// The root of the tree, as far as configuration goes.
pub(super) struct Home {
    /// Where the repository's configuration is.
    configured: Option<Place>,
    /// The `pyproject.toml` of the root, and whether it declares a project.
    manifest: Option<bool>,
}

impl Home {
    /// Looks for the first of the files that the repository's configuration may be in.
    pub(super) fn find(scan: &Scan) -> Result<Self, ScanError> {
        let tree = &scan.tree;
        let read = |name: &str| {
            let file = tree.file_in(&TreePath::root(), name);
            file.map(|file| Ok((tree.read(&file)?, file))).transpose()
        };
        let manifest = read("pyproject.toml")?;
        let homes: [(&str, &'static [&'static str]); 3] =
            [("pymono.toml", &[]), ("pyproject.toml", PYPROJECT), ("Cargo.toml", CARGO)];
        let mut configured = None;
        for (name, table) in homes {
            let Some((text, file)) = read(name)? else { continue };
            if configured.is_none() && edit::has_table(&text, table) {
                configured = Some(Place { file, table });
            }
        }
        let declares = |text: &str| edit::has_table(text, &["project"]);
        Ok(Self { configured, manifest: manifest.map(|(text, _)| declares(&text)) })
    }

    /// Returns where a service is configured, or would be.
    pub(super) fn place(&self, scan: &Scan, service: &Project) -> Result<Place, Unplaced> {
        let own = Place { file: manifest_path(&service.path), table: PYPROJECT };
        if service.path.is_root() && scan.workspace.projects.len() == 1 {
            // What the repository says is for its one project.
            let otherwise = match self.manifest {
                Some(_) => own,
                None => {
                    Place { file: service.path.join("pymono.toml").unwrap_or(own.file), table: &[] }
                }
            };
            return Ok(self.configured.clone().unwrap_or(otherwise));
        }
        if !is_read(scan, service) {
            return Err(Unplaced::Unread);
        }
        if !service.path.is_root() {
            return Ok(own);
        }
        // What such a manifest says about a service is for its own project, but a table in it must not
        // come before the home that there is.
        let by_cargo = self.configured.as_ref().is_some_and(|home| home.table == CARGO);
        if self.manifest == Some(true) && !by_cargo { Ok(own) } else { Err(Unplaced::Shared) }
    }
}

/// Returns whether a table in the `pyproject.toml` of a service's folder is read.
fn is_read(scan: &Scan, service: &Project) -> bool {
    let manifest = service.manifest.file_name().unwrap_or_default();
    if manifest == "pyproject.toml" {
        return true;
    }
    // Beside a `Pipfile` only a manifest that declares a project is; a Dockerfile needs none.
    let by_files = manifest.starts_with("setup.")
        || [".txt", ".in"].iter().any(|ending| manifest.ends_with(ending));
    let pyproject = manifest_path(&service.path);
    let declares =
        || scan.tree.read(&pyproject).is_ok_and(|text| edit::has_table(&text, &["project"]));
    by_files || (manifest == "Pipfile" && scan.tree.has(&pyproject) && declares())
}
