//! One service on its way into the fleet.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::{Closure, Local, LocalKind, Lock, PinSource, Selection};
use pymono_names::{InvalidTreePath, Libc, Login, Platform, ServiceName, Target, TreePath};
use pymono_workspace::{Project, Workspace};

use crate::{
    Environment, FleetError, Package, Requirement, Service, image::image_settings, index::Indexes,
    refuse, requirement::Unusable,
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
        warnings: &mut BTreeSet<String>,
    ) -> Result<Service, FleetError> {
        let settings = &self.project.settings;
        let environment = environment(self.project);
        let closures = self.closures(environment.libc)?;
        let folder = self.lock_path.parent().unwrap_or_else(TreePath::root);
        let pins = closures.iter().map(|(platform, closure)| (*platform, &closure.pins));
        warnings.extend(self.written_out(&closures));
        let indexes = self.indexes(self.lock_path, &folder);
        let requirements =
            Requirement::merge(indexes, pins).map_err(|unusable| self.unusable(unusable))?;
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
            index: indexes.default(),
            secrets: settings.secrets.clone(),
            build_apt: settings.build_apt.clone(),
            runtime_image: self.runtime_image(&environment)?,
            user: settings.user.unwrap_or(USER),
            environment,
        })
    }

    /// Returns the indexes that are configured for a lock in `folder`.
    fn indexes<'b>(&'b self, lock: &TreePath, folder: &'b TreePath) -> Indexes<'b> {
        let configured = self.workspace.indexes.get(lock).map_or(&[][..], Vec::as_slice);
        Indexes { folder, configured }
    }

    /// Warns of each password that is written out in the lock, as no build is given it.
    fn written_out(&self, closures: &[(Platform, Closure)]) -> BTreeSet<String> {
        let pins = closures.iter().flat_map(|(_, closure)| &closure.pins);
        let warnings = pins.filter_map(|pin| {
            let url = match &pin.source {
                PinSource::Registry { index: url }
                | PinSource::Url { url, .. }
                | PinSource::Git { url, .. } => url,
                PinSource::Path { .. } => return None,
            };
            let (url, login) = Login::split(url);
            login.is_written_out().then(|| {
                format!(
                    "`{}`: the password in the URL of `{url}` is not used; take it out and give builds `NETRC`",
                    self.lock_path
                )
            })
        });
        warnings.collect()
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
        // One that no lock is made for is built as those that need it.
        let lock = project.lock.as_ref().unwrap_or(self.lock_path);
        let folder = lock.parent().unwrap_or_else(TreePath::root);
        Ok(Package {
            name: project.name.clone(),
            index: self.indexes(lock, &folder).default(),
            secrets: project.settings.secrets.clone(),
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
            Unusable::Variable { name, url } => {
                FleetError::Variable { service: self.project.path.clone(), name, url }
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
