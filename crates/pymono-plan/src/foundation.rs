//! What images stand on and are built with, held against `pymono.lock`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pymono_lock::{BackendKey, ImageLock};
use pymono_names::{Login, Platform, TreePath};
use pymono_workspace::{Secret, Workspace};

use crate::{
    Environment, Fleet, FleetError, IndexChoice, Package, Requirement, Service, StaleLocks,
    Unplanned, access,
};

/// What stands for the snapshot that the lock names, in the configuration.
pub const LOCKED_SNAPSHOT: &str = "locked";

/// What the images of a fleet stand on and are built with, each with the folders of the services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foundations {
    /// Images that are named by a tag alone.
    pub images: BTreeMap<String, BTreeSet<TreePath>>,
    /// Build requirements of local packages, and of distributions that are built from source.
    pub backends: BTreeMap<BackendKey, BTreeSet<TreePath>>,
}

impl Foundations {
    /// Returns all that the services of a fleet stand on.
    pub fn of(fleet: &Fleet) -> Self {
        let mut all = Self::default();
        for (path, service) in &fleet.services {
            for image in images(fleet, service) {
                if !image.contains('@') {
                    all.images.entry(image.to_owned()).or_default().insert(path.clone());
                }
            }
            for key in backends(fleet, path, service) {
                all.backends.entry(key).or_default().insert(path.clone());
            }
        }
        all
    }

    /// Returns what of it a lock does not have.
    #[must_use]
    pub fn missing(mut self, lock: &ImageLock) -> Self {
        self.images.retain(|image, _| !lock.images.contains_key(image));
        self.backends.retain(|key, _| !lock.has(key));
        self
    }

    /// Returns what it is, for people; nothing where it is nothing.
    pub fn names(&self) -> Vec<String> {
        let images = self.images.keys().map(|image| format!("the digest of `{image}`"));
        images.chain(self.backends.keys().map(|key| Shown(key).to_string())).collect()
    }
}

/// Returns what a lock has that no service of a fleet stands on, for people.
pub fn unneeded(fleet: &Fleet, lock: &ImageLock) -> Vec<String> {
    let tag = |image: &str| image.split('@').next().unwrap_or(image).to_owned();
    let services = fleet.services.iter();
    let needed: BTreeSet<String> =
        services.clone().flat_map(|(_, it)| images(fleet, it)).map(tag).collect();
    let keys: BTreeSet<BackendKey> =
        services.flat_map(|(path, service)| backends(fleet, path, service)).collect();
    let images = lock.images.keys().filter(|image| !needed.contains(*image));
    let images = images.map(|image| format!("the digest of `{image}`"));
    let known = lock.backends.keys().chain(&lock.untold);
    let backends = known.filter(|key| !keys.contains(*key));
    images.chain(backends.map(|key| Shown(key).to_string())).collect()
}

/// Build requirements in words.
struct Shown<'a>(&'a BackendKey);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BackendKey { requires, from_source, index, python } = self.0;
        let of = if *from_source { " of" } else { "" };
        write!(f, "the build requirements{of} `{}` with python {python}", requires.join("`, `"))?;
        if index == "default" { Ok(()) } else { write!(f, " from `{index}`") }
    }
}

fn images<'a>(fleet: &'a Fleet, service: &'a Service) -> [&'a str; 3] {
    [&service.environment.base_image, &service.runtime_image, &fleet.uv_image]
}

fn backends<'a>(
    fleet: &'a Fleet,
    path: &TreePath,
    service: &'a Service,
) -> impl Iterator<Item = BackendKey> {
    let tested = fleet.tests.get(path).into_iter().flat_map(|test| &test.packages);
    let packages = service.packages.iter().chain(tested);
    let packages = packages.filter_map(|package| fleet.packages.get(package));
    packages
        .filter_map(|package| package.backend_key(&service.environment))
        .chain(sources(fleet, path, service).map(|(key, _)| key))
}

/// Returns the distributions that are built for a service or its test.
pub(crate) fn sources<'a>(
    fleet: &'a Fleet,
    path: &TreePath,
    service: &'a Service,
) -> impl Iterator<Item = (BackendKey, &'a Requirement)> {
    let tested = fleet.tests.get(path).into_iter().flat_map(|test| &test.requirements);
    let requirements = service.requirements.iter().chain(tested);
    requirements.filter_map(|it| Some((it.source_key(service)?, it)))
}

impl Package {
    /// Returns the build requirements as a lock knows them; nothing where the build requires nothing.
    pub fn backend_key(&self, environment: &Environment) -> Option<BackendKey> {
        let requires = self.build.requires.iter().map(|line| Login::without_any(line));
        let requires: Vec<String> = requires.collect();
        (!requires.is_empty()).then(|| BackendKey {
            requires,
            from_source: false,
            index: self.index.to_string(),
            python: environment.python.minor(),
        })
    }
}

impl Requirement {
    /// Returns the build of a distribution as a lock knows it; nothing of what is not built, as far as the project's lock tells.
    pub fn source_key(&self, service: &Service) -> Option<BackendKey> {
        self.is_built().then(|| BackendKey {
            requires: vec![self.identity()],
            from_source: true,
            index: self.index(service).to_string(),
            python: service.environment.python.minor(),
        })
    }
}

/// A distribution that builds require, pinned, for all platforms at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PinnedBackend {
    /// All of it but its marker and its hashes, such as `hatchling==1.27.0`.
    pub requirement: String,
    /// The platforms that need it; empty where all do.
    pub only: BTreeSet<Platform>,
    /// The hashes of its files.
    pub hashes: BTreeSet<String>,
}

/// Build requirements, and what resolves them as a build would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolvable {
    /// The requirements as a lock knows them.
    pub key: BackendKey,
    /// The image whose Python they are for.
    pub base_image: String,
    /// Where they come from.
    pub index: IndexChoice,
    /// What the step is given.
    pub secrets: BTreeSet<Secret>,
}

impl Fleet {
    /// Gives images the digests that a lock has for them, and system packages the snapshot that is configured, which may be
    /// the lock's.
    pub fn stand_on(&mut self, lock: Option<ImageLock>, snapshot: Option<&str>) {
        self.apt_snapshot = match snapshot {
            Some(LOCKED_SNAPSHOT) => lock.as_ref().and_then(|lock| lock.apt_snapshot.clone()),
            named => named.map(str::to_owned),
        };
        if let Some(lock) = &lock {
            let pin =
                |image: &mut String| *image = lock.pinned(image).unwrap_or_else(|| image.clone());
            pin(&mut self.uv_image);
            for service in self.services.values_mut() {
                pin(&mut service.environment.base_image);
                pin(&mut service.runtime_image);
            }
        }
        self.lock = lock;
    }

    /// Returns how to resolve build requirements of local packages, one each.
    pub fn resolvable(&self, wanted: &BTreeMap<BackendKey, BTreeSet<TreePath>>) -> Vec<Resolvable> {
        let mut all = BTreeMap::new();
        for service in self.services.values() {
            for package in self.packages.values() {
                let Some(key) = package.backend_key(&service.environment) else { continue };
                if !wanted.contains_key(&key) {
                    continue;
                }
                let resolvable = Resolvable {
                    key: key.clone(),
                    base_image: service.environment.base_image.clone(),
                    index: package.index.clone(),
                    secrets: access::to_index(&package.index, &package.secrets),
                };
                all.entry(key).or_insert(resolvable);
            }
        }
        all.into_values().collect()
    }

    /// Returns what the build requirements of a package come down to; nothing where no lock tells.
    pub fn pinned_backends(
        &self,
        environment: &Environment,
        package: &Package,
    ) -> Option<Vec<PinnedBackend>> {
        self.pinned(&package.backend_key(environment)?, environment)
    }

    /// Returns what the build of a distribution requires; nothing where it is not built or no lock tells.
    pub fn pinned_source(
        &self,
        service: &Service,
        requirement: &Requirement,
    ) -> Option<Vec<PinnedBackend>> {
        self.pinned(&requirement.source_key(service)?, &service.environment)
    }

    fn pinned(&self, key: &BackendKey, environment: &Environment) -> Option<Vec<PinnedBackend>> {
        let pins = self.lock.as_ref()?.backends.get(key)?.iter().filter_map(|pin| {
            let mut only = pin.platforms(environment.python, environment.libc);
            if only.is_empty() {
                return None;
            }
            if only.len() == Platform::ALL.len() {
                only.clear();
            }
            let (requirement, hashes) = (pin.requirement.clone(), pin.hashes.clone());
            Some(PinnedBackend { requirement, only, hashes })
        });
        Some(pins.collect())
    }
}

/// Gives the images that a fleet stands on the digests of the workspace's lock, and takes those
/// services out that need something which the lock does not have.
pub(crate) fn pin(fleet: &mut Fleet, workspace: &Workspace, stale: StaleLocks) -> Vec<Unplanned> {
    let lock = match workspace.image_lock.as_deref().map(ImageLock::parse).transpose() {
        Ok(lock) => lock,
        Err(error) => {
            let services = std::mem::take(&mut fleet.services).into_keys().collect();
            fleet.tests.clear();
            return vec![Unplanned { services, error: FleetError::Lock(error) }];
        }
    };
    let mut unplanned = Vec::new();
    if let (Some(lock), StaleLocks::Refused) = (&lock, stale) {
        unplanned = take_unlocked(fleet, lock);
    }
    let snapshot = workspace.apt_snapshot.as_deref();
    fleet.stand_on(lock, snapshot);
    if snapshot.is_some() && fleet.apt_snapshot.is_none() && stale == StaleLocks::Refused {
        let services: Vec<TreePath> = std::mem::take(&mut fleet.services).into_keys().collect();
        fleet.tests.clear();
        let what = vec!["the state of Debian's archive".to_owned()];
        unplanned.push(Unplanned { services, error: FleetError::Unlocked { what } });
    }
    unplanned
}

/// Takes those services out of a fleet that need something which a lock does not have.
fn take_unlocked(fleet: &mut Fleet, lock: &ImageLock) -> Vec<Unplanned> {
    let missing = Foundations::of(fleet).missing(lock);
    let users = missing.images.values().chain(missing.backends.values());
    let services: BTreeSet<TreePath> = users.flatten().cloned().collect();
    if services.is_empty() {
        return Vec::new();
    }
    for path in &services {
        fleet.services.remove(path);
        fleet.tests.remove(path);
    }
    let error = FleetError::Unlocked { what: missing.names() };
    vec![Unplanned { services: services.into_iter().collect(), error }]
}
