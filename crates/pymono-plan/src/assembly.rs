//! One service on its way into the fleet.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::{Closure, Local, LocalKind, Lock, Selection};
use pymono_names::{InvalidTreePath, Libc, Platform, ServiceName, Target, TreePath};
use pymono_workspace::{Project, Workspace};

use crate::{
    Environment, FleetError, Package, Requirement, Service, image::image_settings, refuse,
    requirement::Unusable,
};

/// The user that services run as where the configuration names none.
const USER: u32 = 1001;

/// One service on its way into the fleet.
pub(crate) struct Assembly<'a> {
    /// All projects.
    pub(crate) workspace: &'a Workspace,
    /// The service's.
    pub(crate) project: &'a Project,
    /// The path of its lock.
    pub(crate) lock_path: &'a TreePath,
    /// Its lock.
    pub(crate) lock: &'a Lock,
}

impl Assembly<'_> {
    /// Returns what the service's image must hold, and adds the local packages that it needs.
    pub(crate) fn service(
        &self,
        name: ServiceName,
        packages: &mut BTreeMap<TreePath, Package>,
    ) -> Result<Service, FleetError> {
        let settings = &self.project.settings;
        let environment = environment(self.project);
        let closures = self.closures(environment.libc)?;
        let folder = self.lock_path.parent().unwrap_or_else(TreePath::root);
        let pins = closures.iter().map(|(platform, closure)| (*platform, &closure.pins));
        let requirements =
            Requirement::merge(&folder, pins).map_err(|unusable| self.unusable(unusable))?;
        let installed = self.installed(&folder, &closures, packages)?;
        let copied = !installed.contains(&self.project.path);
        let platforms: BTreeSet<Platform> =
            closures.iter().map(|(platform, _)| *platform).collect();
        Ok(Service {
            image: image_settings(self.project, &name, platforms, copied)?,
            name,
            requirements,
            files: if copied { refuse::sources(self.project)? } else { Vec::new() },
            apt: self.apt(&installed),
            packages: installed,
            build_apt: settings.build_apt.clone(),
            runtime_image: self.runtime_image(&environment)?,
            user: settings.user.unwrap_or(USER),
            environment,
        })
    }

    /// Returns the service's closure on each of its platforms.
    ///
    /// Platforms that the configuration names must all close. Where it names
    /// none, those that close are the service's: a distribution that exists for
    /// one machine only is no reason to refuse the other.
    fn closures(&self, libc: Libc) -> Result<Vec<(Platform, Closure)>, FleetError> {
        let settings = &self.project.settings;
        let selection = Selection {
            package: self.project.name.clone(),
            extras: settings.extras.clone(),
            groups: settings.groups.clone(),
        };
        let close = |platform| {
            let target = Target { python: self.project.python, platform, libc };
            let closed = self.lock.close(&selection, &target);
            closed.map(|closure| (platform, closure)).map_err(|source| FleetError::Closure {
                service: self.project.path.clone(),
                lock: self.lock_path.clone(),
                source: Box::new(source),
            })
        };
        if !settings.platforms.is_empty() {
            return settings.platforms.iter().copied().map(close).collect();
        }
        let (closed, mut failed): (Vec<_>, Vec<_>) =
            Platform::ALL.into_iter().map(close).partition(Result::is_ok);
        if closed.is_empty() {
            failed.swap_remove(0).map(|closure| vec![closure])
        } else {
            closed.into_iter().collect()
        }
    }

    /// Returns the local packages that the image gets installed, and notes how each is built.
    fn installed(
        &self,
        folder: &TreePath,
        closures: &[(Platform, Closure)],
        packages: &mut BTreeMap<TreePath, Package>,
    ) -> Result<BTreeSet<TreePath>, FleetError> {
        let mut installed = BTreeSet::new();
        for (path, local) in closures.iter().flat_map(|(_, closure)| &closure.locals) {
            if local.kind == LocalKind::Virtual {
                continue;
            }
            let path = folder.join(path).map_err(|source| self.outside(source))?;
            if !packages.contains_key(&path) {
                packages.insert(path.clone(), self.package(&path, local)?);
            }
            installed.insert(path);
        }
        Ok(installed)
    }

    fn package(&self, path: &TreePath, local: &Local) -> Result<Package, FleetError> {
        let project = self.workspace.projects.get(path);
        let missing = || FleetError::Missing {
            service: self.project.path.clone(),
            package: path.clone(),
            lock: self.lock_path.clone(),
        };
        let project = project.filter(|project| project.name == local.name).ok_or_else(missing)?;
        let build = project.build.as_ref().ok_or_else(missing)?;
        Ok(Package {
            name: project.name.clone(),
            build: refuse::build(self.workspace, path, build)?,
            sources: refuse::sources(project)?,
            build_apt: project.settings.build_apt.clone(),
            caches: project.settings.cache.clone(),
        })
    }

    /// Returns the runtime image, in which what is installed in the base image must run.
    fn runtime_image(&self, environment: &Environment) -> Result<String, FleetError> {
        let base = &environment.base_image;
        let runtime = self.project.settings.runtime_image.as_ref().unwrap_or(base);
        if Libc::of_image(runtime) == environment.libc {
            return Ok(runtime.clone());
        }
        let (base, runtime) = (base.clone(), runtime.clone());
        Err(FleetError::Libc { service: self.project.path.clone(), base, runtime })
    }

    /// Returns the system packages that the service and its local packages need at run time.
    fn apt(&self, installed: &BTreeSet<TreePath>) -> BTreeSet<String> {
        let projects = installed.iter().filter_map(|path| self.workspace.projects.get(path));
        projects.chain([self.project]).flat_map(|project| &project.settings.apt).cloned().collect()
    }

    fn unusable(&self, unusable: Unusable) -> FleetError {
        match unusable {
            Unusable::Outside(source) => self.outside(source),
            Unusable::Unfit(path) => FleetError::Unfit(path),
            Unusable::Unsupported { name, how } => {
                FleetError::Unsupported { service: self.project.path.clone(), name, how }
            }
        }
    }

    fn outside(&self, source: InvalidTreePath) -> FleetError {
        FleetError::Outside { lock: self.lock_path.clone(), source }
    }
}

/// Returns where a project's closure is installed: its base image and what that decides.
pub fn environment(project: &Project) -> Environment {
    let base_image = project.settings.base_image.clone();
    let base_image = base_image.unwrap_or_else(|| format!("python:{}-slim", project.python));
    Environment { libc: Libc::of_image(&base_image), base_image, python: project.python }
}
