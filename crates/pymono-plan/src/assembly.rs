//! One service on its way into the fleet.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;
use pymono_lock::{AnyLock, PinSource};
use pymono_names::{InvalidTreePath, Libc, Login, Platform, ServiceName, Target, TreePath};
use pymono_workspace::Project;

use crate::{
    Environment, FleetError, Open, OpenRequirement, Package, Requirement, Service,
    close::{Closed, Closing},
    finish::{finish, present},
    image::image_settings,
    index::Indexes,
    locks, refuse,
    requirement::{Unusable, in_tree},
    system::System,
};

/// The user that services run as where the configuration names none.
const USER: u32 = 1001;

/// One service on its way into the fleet.
pub(crate) struct Assembly<'a> {
    /// The service and its lock.
    pub(crate) closing: Closing<'a>,
}

impl Assembly<'_> {
    /// Returns what the service's image must hold, and adds the local packages that it needs.
    pub(crate) fn service(
        &self,
        name: ServiceName,
        packages: &mut BTreeMap<TreePath, Package>,
        warnings: &mut BTreeSet<String>,
    ) -> Result<Service, FleetError> {
        let Closing { workspace, project, lock_path, .. } = self.closing;
        let settings = &project.settings;
        let environment = environment(project);
        let closures = self.closures(environment.libc)?;
        let folder = locks::folder(workspace, lock_path);
        let pins = closures.iter().map(|(platform, closed)| (*platform, &closed.closure.pins));
        warnings.extend(self.written_out(&closures));
        let indexes = self.indexes(lock_path, &folder);
        let requirements =
            Requirement::merge(indexes, pins).map_err(|unusable| self.unusable(unusable))?;
        let installed = self.installed(&closures, &environment, packages)?;
        let copied = !installed.contains(&project.path);
        let platforms: BTreeSet<Platform> =
            closures.iter().map(|(platform, _)| *platform).collect();
        let image = image_settings(project, &name, platforms, copied)?;
        let runtime_image = self.runtime_image(&environment)?;
        let system = |project| System { project, libc: environment.libc, image: &runtime_image };
        let files = if copied { refuse::sources(project)? } else { Vec::new() };
        Ok(Service {
            finish: finish(project, image.workdir.as_deref(), &files)?,
            image,
            name,
            requirements,
            open: self.open(&closures, indexes)?,
            files,
            apt: self.apt(&installed, system)?,
            packages: installed,
            index: indexes.default(),
            secrets: settings.secrets.clone(),
            build_apt: system(project).of_builds()?.clone(),
            runtime_image,
            user: settings.user.unwrap_or(USER),
            environment,
        })
    }

    /// Returns the indexes that are configured for a lock in `folder`.
    pub(crate) fn indexes<'b>(&'b self, lock: &TreePath, folder: &'b TreePath) -> Indexes<'b> {
        let configured = self.closing.workspace.indexes.get(lock).map_or(&[][..], Vec::as_slice);
        Indexes { folder, configured }
    }

    /// Warns of each password that is written out in the lock, as no build is given it.
    fn written_out(&self, closures: &[(Platform, Closed)]) -> BTreeSet<String> {
        let pins = closures.iter().flat_map(|(_, closed)| &closed.closure.pins);
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
                    self.closing.lock_path
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
    fn closures(&self, libc: Libc) -> Result<Vec<(Platform, Closed)>, FleetError> {
        let project = self.closing.project;
        let close = |platform| {
            let target = Target { python: project.python, platform, libc };
            self.closing.close(target).map(|closed| (platform, closed))
        };
        if !project.settings.platforms.is_empty() {
            return project.settings.platforms.iter().copied().map(close).collect();
        }
        let (closed, mut failed): (Vec<_>, Vec<_>) =
            Platform::ALL.into_iter().map(close).partition(Result::is_ok);
        if closed.is_empty() {
            failed.swap_remove(0).map(|closure| vec![closure])
        } else {
            closed.into_iter().collect()
        }
    }

    /// Returns what is resolved when the image is built, merged over its platforms.
    fn open(
        &self,
        closures: &[(Platform, Closed)],
        indexes: Indexes<'_>,
    ) -> Result<Option<Open>, FleetError> {
        let AnyLock::Requirements(file) = self.closing.lock else { return Ok(None) };
        let mut merged = BTreeMap::<pymono_lock::Open, BTreeSet<Platform>>::new();
        let mut is_open = false;
        for (platform, closed) in closures {
            is_open |= closed.open.is_some();
            for requirement in closed.open.iter().flatten() {
                merged.entry(requirement.clone()).or_default().insert(*platform);
            }
        }
        let requirements = merged.into_iter().map(|(requirement, only)| {
            let archive = requirement.archive.map(|path| in_tree(indexes.folder, &path));
            Ok(OpenRequirement {
                name: requirement.name,
                text: requirement.requirement,
                archive: archive.transpose().map_err(|unusable| self.unusable(unusable))?,
                place: self.closing.placed(&requirement.place),
                pinned: requirement.pinned,
                only: if only.len() == closures.len() { BTreeSet::new() } else { only },
                hashes: requirement.hashes,
            })
        });
        let requirements = requirements.collect::<Result<_, FleetError>>()?;
        let main = file.indexes().main.as_deref().unwrap_or(PinSource::DEFAULT_INDEX);
        let index = indexes.find(main).map_err(|source| self.outside(source))?;
        let extra = file.indexes().extra.iter().map(|url| Login::split(url).0);
        Ok(is_open.then(|| Open { requirements, index, extra_indexes: extra.collect() }))
    }

    /// Returns the local packages that the image gets installed, and notes how each is built.
    pub(crate) fn installed(
        &self,
        closures: &[(Platform, Closed)],
        environment: &Environment,
        packages: &mut BTreeMap<TreePath, Package>,
    ) -> Result<BTreeSet<TreePath>, FleetError> {
        let mut installed = BTreeSet::new();
        let (libc, image) = (environment.libc, environment.base_image.as_str());
        for (path, name) in closures.iter().flat_map(|(_, closed)| &closed.installed) {
            if !packages.contains_key(path) {
                packages.insert(path.clone(), self.package(path, name.as_ref())?);
            }
            if let Some(project) = self.closing.workspace.projects.get(path) {
                System { project, libc, image }.of_builds()?;
            }
            installed.insert(path.clone());
        }
        Ok(installed)
    }

    fn package(&self, path: &TreePath, name: Option<&PackageName>) -> Result<Package, FleetError> {
        let Closing { workspace, project: service, lock_path, .. } = self.closing;
        let project = workspace.projects.get(path);
        let missing = || FleetError::Missing {
            service: service.path.clone(),
            package: path.clone(),
            lock: lock_path.clone(),
        };
        let same = |project: &&Project| name.is_none_or(|name| project.name == *name);
        let project = project.filter(same).ok_or_else(missing)?;
        let build = project.build.as_ref().ok_or_else(missing)?;
        // One that no lock is made for is built as those that need it.
        let lock = project.lock.as_ref().unwrap_or(lock_path);
        let folder = locks::folder(workspace, lock);
        present(project)?;
        Ok(Package {
            name: project.name.clone(),
            index: self.indexes(lock, &folder).default(),
            secrets: project.settings.secrets.clone(),
            build: refuse::build(workspace, path, build)?,
            sources: refuse::sources(project)?,
            crates: project.crates.clone(),
            version: refuse::version(project, build)?,
            build_apt: project.settings.build_apt.clone(),
            build_apk: project.settings.build_apk.clone(),
            caches: project.settings.cache.clone(),
        })
    }

    /// Returns the runtime image, in which what is installed in the base image must run.
    fn runtime_image(&self, environment: &Environment) -> Result<String, FleetError> {
        let base = &environment.base_image;
        let runtime = self.closing.project.settings.runtime_image.as_ref().unwrap_or(base);
        let configured = self.closing.project.settings.libc;
        if configured.unwrap_or_else(|| Libc::of_image(runtime)) == environment.libc {
            return Ok(runtime.clone());
        }
        let (base, runtime) = (base.clone(), runtime.clone());
        Err(FleetError::Libc { service: self.closing.project.path.clone(), base, runtime })
    }

    /// Returns the system packages that the service and its local packages need at run time.
    fn apt<'b>(
        &'b self,
        installed: &BTreeSet<TreePath>,
        system: impl Fn(&'b Project) -> System<'b>,
    ) -> Result<BTreeSet<String>, FleetError> {
        let projects =
            installed.iter().filter_map(|path| self.closing.workspace.projects.get(path));
        let mut all = BTreeSet::new();
        for project in projects.chain([self.closing.project]) {
            all.extend(system(project).of_runtime()?.iter().cloned());
        }
        Ok(all)
    }

    pub(crate) fn unusable(&self, unusable: Unusable) -> FleetError {
        match unusable {
            Unusable::Outside(source) => self.outside(source),
            Unusable::Unfit(path) => FleetError::Unfit(path),
            Unusable::Variable { name, url } => {
                FleetError::Variable { service: self.closing.project.path.clone(), name, url }
            }
        }
    }

    fn outside(&self, source: InvalidTreePath) -> FleetError {
        FleetError::Outside { lock: self.closing.lock_path.clone(), source }
    }
}

/// Returns where a project's closure is installed: its base image and what that decides.
pub fn environment(project: &Project) -> Environment {
    let settings = &project.settings;
    let usual = if settings.libc == Some(Libc::Musl) { "alpine" } else { "slim" };
    let usual = || format!("python:{}-{usual}", project.python);
    let base_image = settings.base_image.clone().unwrap_or_else(usual);
    let libc = settings.libc.unwrap_or_else(|| Libc::of_image(&base_image));
    Environment { libc, base_image, python: project.python }
}
