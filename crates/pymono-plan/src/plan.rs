//! From what every image must hold to the stages that give it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use pymono_names::{Libc, ServiceName, TreePath};
use pymono_workspace::BuildKind;

use crate::{
    BuildPlan, Dependencies, Environment, FetchedCrates, Fleet, Image, ImageFile, Layer, Package,
    PackageBuild, PackageCrates, Service, Stage, StageKind, StageName, access,
    finish::{HOME, at},
    group::Size,
    naming::{self, Names},
    requirement::declared_name,
    runtimes::Runtimes,
    share::{self, Form, Group, Supply},
};

/// Plans the stages and images of a fleet.
///
/// Every image gets exactly its service's requirements and packages; equal
/// inputs give one stage; no stage is without a user.
pub fn plan(fleet: &Fleet) -> BuildPlan {
    let mut planner = Planner::new(fleet);
    let environments = planner.add_dependencies(&share::groups(fleet));
    let packages = planner.add_packages();
    let images = fleet.services.iter().map(|(path, service)| {
        let mut layers: Vec<Layer> = planner.open(service).into_iter().collect();
        layers.extend(self::layers(path, service, &environments, &packages));
        if !layers.iter().any(|layer| matches!(layer, Layer::Environment(_))) {
            // With nothing installed, the empty environment is still where Python is.
            let users = BTreeSet::from([service.name.clone()]);
            layers.insert(0, Layer::Environment(planner.base(&service.environment, &users)));
        }
        layers.extend(planner.files(service));
        layers.extend(planner.included(service));
        layers.extend(planner.steps(path, service, &layers));
        let runtime = planner.runtime(service);
        let settings = service.image.clone();
        (service.name.clone(), Image { path: path.clone(), runtime, layers, settings })
    });
    let images = images.collect();
    let tests = planner.tests(&images);
    // Stable: within a rank, stages stay in the order in which they were made.
    planner.stages.sort_by_key(|stage| rank(&stage.kind));
    BuildPlan {
        stages: planner.stages,
        images,
        handwritten: fleet.handwritten.clone(),
        tests,
        uv_image: fleet.uv_image.clone(),
    }
}

/// The stages that hold a group of distributions, with all their users, those first that come first in images.
type GroupStages = Vec<(StageName, BTreeSet<ServiceName>)>;

/// What it costs to lay one more layer over others, whatever is in it, in bytes that could be unpacked meanwhile.
const UNPACKED: u64 = 1_000_000;

/// The stages that hold a local package, with the number of images that share it.
type PackageStages = BTreeMap<(Environment, TreePath), (StageName, usize)>;

pub(crate) struct Planner<'a> {
    pub(crate) fleet: &'a Fleet,
    pub(crate) names: Names,
    pub(crate) stages: Vec<Stage>,
    /// Where in `stages` the stage of each kind is: equal inputs give one stage.
    places: BTreeMap<StageKind, usize>,
    runtimes: Runtimes<'a>,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(fleet: &'a Fleet) -> Self {
        let generated = fleet.services.values().map(|service| &service.name);
        let names = Names::new(generated.chain(fleet.handwritten.keys()));
        let runtimes = Runtimes::of(fleet);
        Self { fleet, names, stages: Vec::new(), places: BTreeMap::new(), runtimes }
    }

    /// Returns the stage that does this, new or not, with more users.
    pub(crate) fn stage(
        &mut self,
        wish: &str,
        kind: StageKind,
        users: &BTreeSet<ServiceName>,
    ) -> StageName {
        let place = *self.places.entry(kind).or_insert_with_key(|kind| {
            let name = self.names.take(wish);
            self.stages.push(Stage { name, kind: kind.clone(), users: BTreeSet::new() });
            self.stages.len() - 1
        });
        let stage = &mut self.stages[place];
        stage.users.extend(users.iter().cloned());
        stage.name.clone()
    }

    pub(crate) fn base(
        &mut self,
        environment: &Environment,
        users: &BTreeSet<ServiceName>,
    ) -> StageName {
        let image = self.fleet.uv_image.clone();
        let uv = self.stage("uv", StageKind::Uv { image }, users);
        let wish = format!("base-py{}", environment.python.digits());
        self.stage(&wish, StageKind::Base { environment: environment.clone(), uv }, users)
    }

    pub(crate) fn toolchain(
        &mut self,
        environment: &Environment,
        apt: BTreeSet<String>,
        users: &BTreeSet<ServiceName>,
    ) -> StageName {
        // One without further packages is below all others: compilers are by far the largest part.
        let base = if apt.is_empty() {
            self.base(environment, users)
        } else {
            self.toolchain(environment, BTreeSet::new(), users)
        };
        let wish = with_packages("toolchain", environment, &apt);
        let (image, libc) = (environment.base_image.clone(), environment.libc);
        let snapshot = self.fleet.apt_snapshot.clone();
        self.stage(&wish, StageKind::Toolchain { base, image, libc, apt, snapshot }, users)
    }

    fn add_dependencies(&mut self, groups: &[Group]) -> GroupStages {
        let fleet = self.fleet.services.len();
        let stages = groups.iter().map(|group| {
            let whose = naming::of_users(&group.users, fleet);
            let stage = self.dependencies(group, &whose);
            (Reverse(saved(group)), stage, group.users.clone())
        });
        let mut stages: Vec<_> = stages.collect();
        stages.sort();
        stages.into_iter().map(|(_, stage, users)| (stage, users)).collect()
    }

    /// Returns the stage of a group, whose name says `whose` it is.
    pub(crate) fn dependencies(&mut self, group: &Group, whose: &str) -> StageName {
        let Group { environment, users, supply, requirements } = group;
        let Supply { index, form, build, .. } = supply;
        let access = access::of(supply, requirements);
        let prefix = access.prefix;
        let base = match access.toolchain {
            None => self.base(environment, users),
            Some(apt) => self.toolchain(environment, apt, users),
        };
        let kind = Dependencies {
            base,
            requirements: requirements.clone(),
            index: index.clone(),
            archives: access.archives,
            git: access.git,
            secrets: access.secrets,
            build: build.clone(),
            hashed: matches!(form, Form::Artifacts { hashed: true, .. }),
            from_source: prefix != "deps" || matches!(form, Form::Artifacts { unnamed: true, .. }),
        };
        self.stage(&format!("{prefix}-{whose}"), StageKind::Dependencies(kind), users)
    }

    fn add_packages(&mut self) -> PackageStages {
        let users = share::package_users(self.fleet);
        let stages = users.iter().filter_map(|((environment, path), users)| {
            let package = self.fleet.packages.get(path)?;
            let stage = self.package(environment, path, package, users);
            Some(((environment.clone(), path.clone()), (stage, users.len())))
        });
        stages.collect()
    }

    pub(crate) fn package(
        &mut self,
        environment: &Environment,
        path: &TreePath,
        package: &Package,
        users: &BTreeSet<ServiceName>,
    ) -> StageName {
        let packages = match environment.libc {
            Libc::Glibc => &package.build_apt,
            Libc::Musl => &package.build_apk,
        };
        let base = match package.build.kind {
            BuildKind::Pure => self.base(environment, users),
            BuildKind::Native => self.toolchain(environment, packages.clone(), users),
            BuildKind::Rust => {
                let cargo = [String::from("cargo")];
                let apt = packages.iter().cloned().chain(cargo).collect();
                self.toolchain(environment, apt, users)
            }
        };
        let backend = self.backend(environment, package, users);
        let crates = self.crates(environment, path, package, &base, users);
        // What is known to be pure has no network and runs no code of its own.
        let secrets = match package.build.kind {
            BuildKind::Pure => BTreeSet::new(),
            BuildKind::Native | BuildKind::Rust => package.secrets.clone(),
        };
        let build = PackageBuild {
            base,
            image: environment.base_image.clone(),
            backend,
            path: path.clone(),
            sources: package.sources.clone(),
            crates,
            kind: package.build.kind,
            caches: package.caches.clone(),
            secrets,
            version: package.version.clone(),
        };
        let wish = format!("pkg-{}", package.name);
        self.stage(&wish, StageKind::Package(build), users)
    }

    fn crates(
        &mut self,
        environment: &Environment,
        path: &TreePath,
        package: &Package,
        base: &StageName,
        users: &BTreeSet<ServiceName>,
    ) -> Option<PackageCrates> {
        let crates = package.crates.as_ref()?;
        let fetched = FetchedCrates {
            base: base.clone(),
            image: environment.base_image.clone(),
            path: path.clone(),
            roots: crates.roots.clone(),
            texts: crates.skeleton.clone(),
            secrets: package.secrets.clone(),
        };
        let wish = format!("crates-{}", package.name);
        let sources: BTreeSet<&TreePath> = crates.folders.values().flatten().collect();
        Some(PackageCrates {
            fetched: self.stage(&wish, StageKind::Crates(fetched), users),
            sources: sources.into_iter().cloned().collect(),
            texts: crates.texts.clone(),
        })
    }

    pub(crate) fn backend(
        &mut self,
        environment: &Environment,
        package: &Package,
        users: &BTreeSet<ServiceName>,
    ) -> Option<StageName> {
        let requires = &package.build.requires;
        let first = requires.first()?;
        let name =
            declared_name(first).map_or_else(|| naming::slug(first), |name| name.to_string());
        let wish = format!("backend-{name}");
        let base = self.base(environment, users);
        let secrets = access::to_index(&package.index, &package.secrets);
        let (requires, index) = (requires.clone(), package.index.clone());
        let pins = self.fleet.pinned_backends(environment, package);
        let kind = StageKind::Backend { base, requires, pins, index, secrets };
        Some(self.stage(&wish, kind, users))
    }

    /// Returns what brings the distributions of a service into its image that no lock lists.
    fn open(&mut self, service: &Service) -> Option<Layer> {
        let open = service.open.clone().filter(|open| !open.requirements.is_empty())?;
        let users = BTreeSet::from([service.name.clone()]);
        let base = if service.build_apt.is_empty() {
            self.base(&service.environment, &users)
        } else {
            self.toolchain(&service.environment, service.build_apt.clone(), &users)
        };
        let wish = format!("open-{}", service.name);
        let secrets = access::to_index(&open.index, &service.secrets);
        let kind = StageKind::Open { base, open, secrets };
        Some(Layer::Environment(self.stage(&wish, kind, &users)))
    }

    /// Returns what brings a service's own files into its image, where it is not installed.
    fn files(&mut self, service: &Service) -> Option<Layer> {
        let place = |it: &TreePath| ImageFile { source: it.clone(), target: at(HOME, it.as_str()) };
        match &service.files[..] {
            [] => None,
            [source] if !self.fleet.settled => Some(Layer::File(place(source))),
            sources => Some(self.gathered("files", service, sources.iter().map(place).collect())),
        }
    }

    /// Returns a layer of files that a stage gathers.
    pub(crate) fn gathered(
        &mut self,
        prefix: &str,
        service: &Service,
        files: Vec<ImageFile>,
    ) -> Layer {
        let users = BTreeSet::from([service.name.clone()]);
        let base = self.base(&service.environment, &users);
        let kind = StageKind::Files { base, files };
        Layer::Files(self.stage(&format!("{prefix}-{}", service.name), kind, &users))
    }

    fn runtime(&mut self, service: &Service) -> StageName {
        let users = BTreeSet::from([service.name.clone()]);
        self.runtime_with(service, &service.apt, &users)
    }

    /// Returns the runtime that has these of a service's system packages.
    fn runtime_with(
        &mut self,
        service: &Service,
        apt: &BTreeSet<String>,
        users: &BTreeSet<ServiceName>,
    ) -> StageName {
        let Service { runtime_image: image, user, environment, .. } = service;
        let wish = with_packages("runtime", environment, apt);
        let below = self.runtimes.below(service, apt);
        let below = below.map(|smaller| self.runtime_with(service, smaller, users));
        let kind = StageKind::Runtime {
            below,
            image: image.clone(),
            libc: environment.libc,
            apt: apt.clone(),
            // Without packages it is the same whatever the archive has.
            snapshot: self.fleet.apt_snapshot.clone().filter(|_| !apt.is_empty()),
            user: *user,
        };
        self.stage(&wish, kind, users)
    }
}

/// Returns a name such as `runtime-py313-libpq5`.
fn with_packages(prefix: &str, environment: &Environment, apt: &BTreeSet<String>) -> String {
    let mut name = format!("{prefix}-py{}", environment.python.digits());
    for package in apt.iter().take(2) {
        name += &format!("-{}", naming::slug(package));
    }
    name
}

/// Returns how many bytes need not be unpacked if all images of a group begin with its layer.
///
/// A layer is unpacked once for all images that have the same layers below it, and again for all others. It follows
/// from the group alone: what others have must not move the layers of an image.
fn saved(group: &Group) -> u64 {
    let bytes = group.requirements.iter().map(|it| Size::of(it.size).rounded().installed());
    let others = u64::try_from(group.users.len()).unwrap_or(u64::MAX).saturating_sub(1);
    bytes.fold(UNPACKED, u64::saturating_add).saturating_mul(others)
}

/// Returns what is copied into a service's image: distributions as they are to be unpacked, then local packages.
///
/// Where an image store cannot link layers, a changed one rebuilds those after it, so what changes most comes last: of
/// local packages those that many services share change least, a service's own most.
fn layers(
    path: &TreePath,
    service: &Service,
    groups: &GroupStages,
    packages: &PackageStages,
) -> Vec<Layer> {
    let own = groups.iter().filter(|(_, users)| users.contains(&service.name));
    let installed = service.packages.iter().filter_map(|package| {
        let (stage, users) = packages.get(&(service.environment.clone(), package.clone()))?;
        Some((package == path, Reverse(*users), stage))
    });
    let mut installed: Vec<_> = installed.collect();
    installed.sort();

    let stages = own.map(|(stage, _)| stage).chain(installed.into_iter().map(|(.., stage)| stage));
    stages.cloned().map(Layer::Environment).collect()
}

/// Returns where a stage stands in the plan: each rank needs only those before it.
pub(crate) fn rank(kind: &StageKind) -> u8 {
    match kind {
        StageKind::Uv { .. } => 0,
        StageKind::Base { .. } => 1,
        StageKind::Toolchain { .. } => 2,
        StageKind::Backend { .. } => 3,
        StageKind::Dependencies(_) | StageKind::Open { .. } => 4,
        StageKind::Crates(_) => 5,
        StageKind::Package(_) => 6,
        StageKind::Files { .. } | StageKind::Included(_) => 7,
        StageKind::Steps(_) => 8,
        StageKind::Runtime { .. } => 9,
    }
}
