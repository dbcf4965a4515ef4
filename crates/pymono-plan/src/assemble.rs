//! From a scanned workspace to the fleet: every service closed over its lock.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::{Closure, Local, LocalKind, Lock, Selection};
use pymono_names::{InvalidTreePath, Libc, Platform, ServiceName, Target, TreePath};
use pymono_workspace::{BuildSystem, Kind, Project, Workspace};

use crate::{
    Environment, Fleet, FleetError, ImageSettings, Package, Requirement, Service,
    requirement::declared_name,
};

/// The uv that installs everything where the configuration names none.
const UV_IMAGE: &str = "ghcr.io/astral-sh/uv:0.13.9";

/// The user that services run as where the configuration names none.
const USER: u32 = 1001;

/// Closes every service of a workspace over its lock.
///
/// All services are taken, whichever are to be built: what they share depends
/// on all of them. The first error in order of paths is the answer if there is
/// one.
pub fn assemble(workspace: &Workspace) -> Result<Fleet, FleetError> {
    let (fleet, errors) = assemble_what_can_be(workspace);
    errors.into_iter().next().map_or(Ok(fleet), Err)
}

/// Closes those services over their locks for which that is possible.
///
/// Returns them, and why the others are not among them: one error a lock that
/// cannot be read, and one a service.
pub fn assemble_what_can_be(workspace: &Workspace) -> (Fleet, Vec<FleetError>) {
    let services = || workspace.projects.values().filter(|project| project.kind == Kind::Service);
    let names = names(services());
    let mut fleet = Fleet {
        services: BTreeMap::new(),
        packages: BTreeMap::new(),
        uv_image: workspace.uv_image.clone().unwrap_or_else(|| UV_IMAGE.to_owned()),
    };
    let (locks, mut errors) = parse_locks(workspace);
    for project in services() {
        let Some(lock_path) = &project.lock else {
            errors.push(FleetError::NoLock { service: project.path.clone() });
            continue;
        };
        // A lock that is not there has its error already.
        let Some(lock) = locks.get(lock_path) else { continue };
        let assembly = Assembly { workspace, project, lock_path, lock };
        match assembly.service(names[&project.path].clone(), &mut fleet.packages) {
            Ok(service) => drop(fleet.services.insert(project.path.clone(), service)),
            Err(error) => errors.push(error),
        }
    }
    (fleet, errors)
}

fn parse_locks(workspace: &Workspace) -> (BTreeMap<TreePath, Lock>, Vec<FleetError>) {
    let (mut locks, mut errors) = (BTreeMap::new(), Vec::new());
    for (path, text) in &workspace.locks {
        match Lock::parse(text) {
            Ok(lock) => drop(locks.insert(path.clone(), lock)),
            Err(source) => errors.push(FleetError::Lock { path: path.clone(), source }),
        }
    }
    (locks, errors)
}

/// Returns the name of each service: its project's, or where two bear that one, its path's.
fn names<'a>(services: impl Iterator<Item = &'a Project>) -> BTreeMap<TreePath, ServiceName> {
    let mut bearers = BTreeMap::<ServiceName, Vec<&TreePath>>::new();
    for project in services {
        bearers.entry(ServiceName::slug(project.name.as_ref())).or_default().push(&project.path);
    }
    let mut names = BTreeMap::new();
    let mut taken: BTreeSet<ServiceName> = bearers.keys().cloned().collect();
    for (name, paths) in bearers {
        if let [path] = paths[..] {
            names.insert(path.clone(), name);
            continue;
        }
        for path in paths {
            let free = (1..).map(|n| if n == 1 { path.to_string() } else { format!("{path}-{n}") });
            let mut free =
                free.map(|text| ServiceName::slug(&text)).filter(|name| !taken.contains(name));
            // The range is endless and the set is not.
            let slug = free.next().unwrap_or_else(|| name.clone());
            taken.insert(slug.clone());
            names.insert(path.clone(), slug);
        }
    }
    names
}

/// One service on its way into the fleet.
struct Assembly<'a> {
    workspace: &'a Workspace,
    project: &'a Project,
    lock_path: &'a TreePath,
    lock: &'a Lock,
}

impl Assembly<'_> {
    fn service(
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
            Requirement::merge(&folder, pins).map_err(|source| self.outside(source))?;
        let installed = self.installed(&folder, &closures, packages)?;
        let copied = !installed.contains(&self.project.path);
        let platforms: BTreeSet<Platform> =
            closures.iter().map(|(platform, _)| *platform).collect();
        Ok(Service {
            image: image_settings(self.project, &name, platforms, copied)?,
            name,
            requirements,
            files: if copied { sources(self.project)? } else { Vec::new() },
            packages: installed,
            build_apt: settings.build_apt.clone(),
            runtime_image: settings
                .runtime_image
                .clone()
                .unwrap_or_else(|| environment.base_image.clone()),
            apt: settings.apt.clone(),
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
        let build = project.build.clone().ok_or_else(missing)?;
        self.check_backend(path, &build)?;
        Ok(Package {
            name: project.name.clone(),
            build,
            sources: sources(project)?,
            build_apt: project.settings.build_apt.clone(),
            caches: project.settings.cache.clone(),
        })
    }

    /// Refuses a build that would take a local package's name from an index.
    fn check_backend(&self, package: &TreePath, build: &BuildSystem) -> Result<(), FleetError> {
        for requirement in &build.requires {
            let name = declared_name(requirement);
            let mut projects = self.workspace.projects.values();
            if let Some(local) = projects.find(|project| Some(&project.name) == name.as_ref()) {
                return Err(FleetError::LocalBackend {
                    package: package.clone(),
                    requirement: requirement.clone(),
                    local: local.path.clone(),
                });
            }
        }
        Ok(())
    }

    fn outside(&self, source: InvalidTreePath) -> FleetError {
        FleetError::Outside { lock: self.lock_path.clone(), source }
    }
}

/// Returns a project's paths, all of which can stand in a Dockerfile.
///
/// Mounts are comma-separated, flags end at a space, and `COPY` expands
/// wildcards and variables; none of these has an escape that works in all places.
fn sources(project: &Project) -> Result<Vec<TreePath>, FleetError> {
    let fits = |c: char| c.is_alphanumeric() || "._-+@~/".contains(c);
    match project.sources.iter().find(|path| !path.as_str().chars().all(fits)) {
        Some(unfit) => Err(FleetError::Unfit(unfit.clone())),
        None => Ok(project.sources.clone()),
    }
}

/// Returns where a project's closure is installed: its base image and what that decides.
pub fn environment(project: &Project) -> Environment {
    let base_image = project.settings.base_image.clone();
    let base_image = base_image.unwrap_or_else(|| format!("python:{}-slim", project.python));
    Environment { libc: Libc::of_image(&base_image), base_image, python: project.python }
}

fn image_settings(
    project: &Project,
    name: &ServiceName,
    platforms: BTreeSet<Platform>,
    copied: bool,
) -> Result<ImageSettings, FleetError> {
    let settings = &project.settings;
    let command = settings.command.clone().or_else(|| project.launch.command.clone());
    if command.is_none() && settings.entrypoint.is_none() {
        return Err(FleetError::NoCommand { service: project.path.clone() });
    }
    // What is copied and not installed is found from the folder that it lies in.
    let folder = (copied && !project.path.is_root()).then(|| format!("/app/{}", project.path));
    Ok(ImageSettings {
        references: references(project, name),
        platforms: if settings.platforms.is_empty() && platforms.len() == Platform::ALL.len() {
            BTreeSet::new()
        } else {
            platforms
        },
        env: settings.env.clone(),
        labels: settings.labels.clone(),
        workdir: settings.workdir.clone().or(folder),
        port: settings.port.or(project.launch.port),
        entrypoint: settings.entrypoint.clone(),
        command,
        healthcheck: settings.healthcheck.clone(),
    })
}

fn references(project: &Project, name: &ServiceName) -> Vec<String> {
    let settings = &project.settings;
    let image = settings.image.as_deref().unwrap_or(name.as_str());
    let repository = match &settings.registry {
        Some(registry) => format!("{}/{image}", registry.trim_end_matches('/')),
        None => image.to_owned(),
    };
    if settings.tags.is_empty() {
        return vec![format!("{repository}:latest")];
    }
    settings.tags.iter().map(|tag| format!("{repository}:{tag}")).collect()
}
