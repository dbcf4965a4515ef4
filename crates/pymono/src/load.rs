//! From a folder to a plan: the way that every command goes.

use pymono_names::{ServiceName, TreePath};
use pymono_plan::{BuildPlan, Fleet};
use pymono_render::Rendered;
use pymono_scan::ScanOptions;
use pymono_workspace::Workspace;

use crate::{error::CommandError, session::Session};

/// What the command line says about every image.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// The registry and path before each image's name, in place of the configured one.
    pub(crate) registry: Option<String>,
    /// The tags of each image, in place of the configured ones, unless empty.
    pub(crate) tags: Vec<String>,
}

/// A repository, planned and rendered.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What was found.
    pub(crate) workspace: Workspace,
    /// The services, closed over their locks.
    pub(crate) fleet: Fleet,
    /// The stages and images.
    pub(crate) plan: BuildPlan,
    /// The files of a build.
    pub(crate) rendered: Rendered,
}

/// Reads the tree; what is odd but not wrong is said.
pub(crate) fn scan(session: &mut Session) -> Result<Workspace, CommandError> {
    let options = ScanOptions {
        root: session.root.clone(),
        config: session.config.clone(),
        env: session.env.clone(),
    };
    let scan = pymono_scan::scan(&options)?;
    for warning in &scan.warnings {
        session.shell.warn(warning)?;
    }
    Ok(scan.workspace)
}

/// Reads the tree and plans all of its services.
pub(crate) fn load(session: &mut Session, overrides: &Overrides) -> Result<Loaded, CommandError> {
    let mut workspace = scan(session)?;
    for project in workspace.projects.values_mut() {
        if let Some(registry) = &overrides.registry {
            project.settings.registry = Some(registry.clone());
        }
        if !overrides.tags.is_empty() {
            project.settings.tags.clone_from(&overrides.tags);
        }
    }
    let fleet = pymono_plan::assemble(&workspace)?;
    if fleet.services.is_empty() {
        return Err(CommandError::no_services(&session.root));
    }
    let plan = pymono_plan::plan(&fleet);
    let rendered = pymono_render::render(&plan, &workspace.unsent);
    Ok(Loaded { workspace, fleet, plan, rendered })
}

impl Loaded {
    /// Returns the service that is meant by a name or a path.
    pub(crate) fn service(&self, text: &str) -> Result<ServiceName, CommandError> {
        let path: Option<TreePath> = text.parse().ok();
        let by_path = path.and_then(|path| self.fleet.services.get(&path));
        let by_name = || self.fleet.services.values().find(|service| service.name.as_str() == text);
        if let Some(service) = by_path.or_else(by_name) {
            return Ok(service.name.clone());
        }
        let bearers =
            self.workspace.projects.values().filter(|project| project.name.as_ref() == text);
        let bearers: Vec<&TreePath> = bearers.map(|project| &project.path).collect();
        let names = self.fleet.services.values().map(|service| &service.name);
        Err(CommandError::no_such_service(text, &bearers, names))
    }
}
