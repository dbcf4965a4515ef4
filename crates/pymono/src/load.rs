//! From a folder to a plan: the way that every command goes.

use std::collections::BTreeSet;

use clap::Args;
use pep508_rs::PackageName;
use pymono_names::{Platform, ServiceName, TreePath};
use pymono_plan::{BuildPlan, Fleet, StaleLocks, Unplanned};
use pymono_render::Rendered;
use pymono_scan::{Head, Scan, ScanOptions, Tree};
use pymono_workspace::{Inspection, Project, Workspace};

use crate::{error::CommandError, reckon::Reckoned, session::Session};

/// `BuildKit` is sent a Dockerfile in one message of gRPC, with some words around it; a message of 16 MiB is the
/// longest that it sends on.
const MOST_BYTES: usize = (16 << 20) - (1 << 16);

/// What the command line says about every image.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// The registry and path before each image's name, in place of the configured one.
    pub(crate) registry: Option<String>,
    /// The tags of each image, in place of the configured ones, unless empty.
    pub(crate) tags: Vec<String>,
    /// The platforms of each image, in place of the configured ones, unless empty.
    pub(crate) platforms: BTreeSet<Platform>,
    /// What is said of locks.
    pub(crate) locks: LockArgs,
    /// Whether files lose the times that they have in a checkout.
    pub(crate) settled: bool,
}

impl Overrides {
    /// Sets what the command line says in place of what projects are configured to have.
    pub(crate) fn apply(&self, workspace: &mut Workspace) {
        for settings in workspace.projects.values_mut().map(|project| &mut project.settings) {
            if let Some(registry) = &self.registry {
                settings.registry = Some(registry.clone());
            }
            if !self.tags.is_empty() {
                settings.tags.clone_from(&self.tags);
            }
            if !self.platforms.is_empty() {
                settings.platforms.clone_from(&self.platforms);
            }
        }
    }
}

/// How locks are used.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LockArgs {
    /// Use locks as they are, even if they do not fit their manifests any more
    #[arg(long)]
    frozen: bool,
}

impl LockArgs {
    /// Returns what becomes of a lock that does not fit its manifests any more.
    pub(crate) fn stale(&self) -> StaleLocks {
        if self.frozen { StaleLocks::Used } else { StaleLocks::Refused }
    }
}

/// A repository, planned and rendered.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The files.
    pub(crate) tree: Tree,
    /// What was found.
    pub(crate) workspace: Workspace,
    /// The services, closed over their locks.
    pub(crate) fleet: Fleet,
    /// The services that could not be.
    pub(crate) unplanned: Vec<Unplanned>,
    /// The stages and images.
    pub(crate) plan: BuildPlan,
    /// The files of a build.
    pub(crate) rendered: Rendered,
}

/// Reads the tree; what is odd but not wrong is said.
pub(crate) fn scan(session: &mut Session) -> Result<Workspace, CommandError> {
    let Scan { workspace, tree, warnings: _ } = scan_whole(session)?;
    // Of a big tree these are many small pieces, and nobody needs their memory before the process ends.
    std::mem::forget(tree);
    Ok(workspace)
}

/// Reads the tree and returns all that was found, its files too.
pub(crate) fn scan_whole(session: &mut Session) -> Result<Scan, CommandError> {
    let scan = pymono_scan::scan(&scan_options(session))?;
    warn_of(session, &scan)?;
    Ok(scan)
}

/// Says what is odd about a tree but not wrong.
fn warn_of(session: &mut Session, scan: &Scan) -> Result<(), CommandError> {
    for warning in &scan.warnings {
        session.shell.warn(warning)?;
    }
    Ok(())
}

/// Says what is odd about a tree but not wrong, and which of its services cannot be built.
pub(crate) fn warn_all(session: &mut Session, tree: &Reckoned) -> Result<(), CommandError> {
    warn_of(session, &tree.scan)?;
    for warning in &tree.fleet.warnings {
        session.shell.warn(warning)?;
    }
    if let Some(path) = tree.contents.unfetched.first() {
        session.shell.warn(unfetched(path))?;
    }
    for unplanned in &tree.unplanned {
        session.shell.warn(unplanned.error.chain())?;
    }
    Ok(())
}

/// Returns a warning of something that a build would be sent without what it holds.
pub(crate) fn unfetched(path: &TreePath) -> String {
    format!(
        "what `{path}` holds is not here, and a build would be sent without: `git lfs pull` gets files, \
         `git submodule update --init` submodules"
    )
}

/// Takes a closer look at the files of a workspace's projects.
pub(crate) fn inspect(
    session: &Session,
    workspace: &Workspace,
) -> Result<Inspection, CommandError> {
    Ok(pymono_scan::inspect(&scan_options(session), workspace)?)
}

pub(crate) fn scan_options(session: &Session) -> ScanOptions {
    ScanOptions {
        root: session.root.clone(),
        config: session.config.clone(),
        head: Head::WorkingTree,
        env: session.env.clone(),
        interrupt: session.interrupt.clone(),
    }
}

/// Reads the tree and plans all of its services.
pub(crate) fn load(session: &mut Session, overrides: &Overrides) -> Result<Loaded, CommandError> {
    let scan = pymono_scan::scan(&scan_options(session))?;
    load_scanned(session, overrides, scan)
}

/// Plans all services of a tree that was read; what is odd about it is said.
pub(crate) fn load_scanned(
    session: &mut Session,
    overrides: &Overrides,
    scan: Scan,
) -> Result<Loaded, CommandError> {
    warn_of(session, &scan)?;
    let Scan { mut workspace, tree, warnings: _ } = scan;
    overrides.apply(&mut workspace);
    let (mut fleet, mut unplanned) = pymono_plan::assemble(&workspace, overrides.locks.stale());
    fleet.settled = overrides.settled;
    for warning in &fleet.warnings {
        session.shell.warn(warning)?;
    }
    if fleet.services.is_empty() && fleet.handwritten.is_empty() {
        return Err(if unplanned.is_empty() {
            CommandError::no_services(&session.root)
        } else {
            unplanned.swap_remove(0).error.into()
        });
    }
    session.go_on()?;
    let plan = pymono_plan::plan(&fleet);
    let rendered = pymono_render::render(&plan, &workspace.unsent);
    fits(rendered.dockerfile.len())?;
    Ok(Loaded { tree, workspace, fleet, unplanned, plan, rendered })
}

/// Refuses a Dockerfile of so many bytes if no builder takes it.
fn fits(bytes: usize) -> Result<(), CommandError> {
    if bytes > MOST_BYTES { Err(CommandError::big_dockerfile(bytes, MOST_BYTES)) } else { Ok(()) }
}

impl Loaded {
    /// Returns the images that are meant by the name of a target, or by a project's name or path.
    pub(crate) fn services(
        &mut self,
        folder: &TreePath,
        text: &str,
    ) -> Result<Vec<ServiceName>, CommandError> {
        let handwritten = || self.plan.handwritten.iter().filter(|(_, image)| !image.is_ground);
        let mut targets = self.plan.images.keys().chain(handwritten().map(|(name, _)| name));
        let target = targets.find(|name| name.as_str() == text).cloned();
        let project = find_project(&self.workspace, folder, text);
        if let Some(target) = target {
            // Of several images of one folder, one may bear its name, and yet the folder is meant.
            let path = handwritten().find(|(name, _)| **name == target).map(|(_, it)| &it.path);
            if project.as_ref().map(|project| Some(&project.path)).ok() != Some(path) {
                return Ok(vec![target]);
            }
        }
        let project = project?;
        if let Some(service) = self.fleet.services.get(&project.path) {
            return Ok(vec![service.name.clone()]);
        }
        let own = handwritten().filter(|(_, image)| image.path == project.path);
        let own: Vec<ServiceName> = own.map(|(name, _)| name.clone()).collect();
        if !own.is_empty() {
            return Ok(own);
        }
        let mut reasons = self.unplanned.iter();
        match reasons.position(|unplanned| unplanned.services.contains(&project.path)) {
            Some(place) => Err(self.unplanned.swap_remove(place).error.into()),
            None => Err(CommandError::no_service(project)),
        }
    }

    /// Returns an error if some service could not be planned.
    pub(crate) fn whole(&mut self) -> Result<(), CommandError> {
        if self.unplanned.is_empty() {
            return Ok(());
        }
        Err(self.unplanned.swap_remove(0).error.into())
    }
}

/// Returns the project that is meant by a path, as seen from `folder` or from the root, or a name.
pub(crate) fn find_project<'a>(
    workspace: &'a Workspace,
    folder: &TreePath,
    text: &str,
) -> Result<&'a Project, CommandError> {
    let paths = [folder.join(text), text.parse()];
    let mut by_path = paths.iter().flatten().filter_map(|path| workspace.projects.get(path));
    if let Some(project) = by_path.next() {
        return Ok(project);
    }
    let name: Option<PackageName> = text.parse().ok();
    let bears = |project: &&Project| Some(&project.name) == name.as_ref();
    let bearers: Vec<&Project> = workspace.projects.values().filter(bears).collect();
    match bearers[..] {
        [project] => Ok(project),
        [] => Err(CommandError::no_such_project(text, workspace.projects.values())),
        _ => Err(CommandError::ambiguous(text, &bearers)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_that_no_builder_takes_is_refused() {
        // Sizes that a builder was given: the first one built, the second one answered that the message is too long.
        assert!(fits(13_300_068).is_ok());
        assert!(fits(17_800_068).is_err());
    }
}
