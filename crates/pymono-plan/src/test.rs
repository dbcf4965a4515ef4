//! Tests of what services' images have, in stages that no image knows of.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::{AnyLock, ClosureError};
use pymono_names::{Platform, ServiceName, Target, TreePath};
use pymono_workspace::{BuildStep, CacheMount, Secret};

use crate::{
    FleetError, Image, ImageFile, Layer, Package, Requirement, Service, ServiceTest, Stage,
    StageName,
    assembly::Assembly,
    close::{Closed, Closing},
    finish::{HOME, beside},
    index, locks,
    plan::{Planner, rank},
    share::{Group, Supply},
    stage,
};

/// The group that tests get where the configuration names none and there is such a one.
const USUAL_GROUP: &str = "dev";

/// The tests of a plan's images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tests {
    /// The stages that only tests need, each after all that it stands on.
    pub stages: Vec<Stage>,
    /// The tests, by service.
    pub services: BTreeMap<ServiceName, Test>,
}

/// A stage on top of a service's image in which commands are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Its name.
    pub stage: StageName,
    /// The service's folder.
    pub path: TreePath,
    /// What it has beside the image.
    pub layers: Vec<Layer>,
    /// The service's own files, where the image has them installed.
    pub sources: Vec<ImageFile>,
    /// What the image has at places that its own files may have, too, and that stays as it is there.
    pub kept: Vec<Layer>,
    /// The commands.
    pub steps: Vec<BuildStep>,
    /// Cache mounts that the configuration declares.
    pub caches: Vec<CacheMount>,
    /// What the commands are given without keeping it.
    pub secrets: BTreeSet<Secret>,
    /// The stages that are built before, as those of [`crate::BuildPlan::bases`].
    pub bases: BTreeSet<StageName>,
    /// The secrets that a build of it may ask for, each id once.
    pub asks: BTreeSet<Secret>,
    /// Whether a build of it may ask for an SSH agent.
    pub needs_ssh: bool,
}

impl Assembly<'_> {
    /// Returns what a test of a service needs, and adds the local packages among it; nothing where
    /// none is configured.
    pub(crate) fn test(
        &self,
        service: &Service,
        packages: &mut BTreeMap<TreePath, Package>,
    ) -> Result<Option<ServiceTest>, FleetError> {
        let project = self.closing.project;
        let Some(test) = &project.settings.test else { return Ok(None) };
        let closures = self.test_closures(service)?;
        let folder = locks::folder(self.closing.workspace, self.closing.lock_path);
        let indexes = self.indexes(self.closing.lock_path, &folder);
        let pins = closures.iter().map(|(platform, closed)| (*platform, &closed.closure.pins));
        let all = Requirement::merge(indexes, pins).map_err(|unusable| self.unusable(unusable))?;
        let installed = self.installed(&closures, &service.environment, packages)?;
        let workdir = service.image.workdir.as_deref().unwrap_or(HOME);
        let is_installed = service.packages.contains(&project.path);
        Ok(Some(ServiceTest {
            requirements: beyond(&project.path, service, &all)?,
            packages: installed.difference(&service.packages).cloned().collect(),
            sources: if is_installed { beside(project, workdir)? } else { Vec::new() },
            steps: test.run.clone(),
            caches: project.settings.cache.clone(),
        }))
    }

    /// Returns what the service and its test need on each of the image's platforms; nothing where no
    /// lock tells of groups.
    fn test_closures(&self, service: &Service) -> Result<Vec<(Platform, Closed)>, FleetError> {
        let Closing { project, lock, .. } = self.closing;
        let named = project.settings.test.as_ref().and_then(|test| test.groups.as_ref());
        if named.is_none() && matches!(lock, AnyLock::Requirements(_)) {
            return Ok(Vec::new());
        }
        let platforms = &service.image.platforms;
        let all =
            Platform::ALL.into_iter().filter(|it| platforms.is_empty() || platforms.contains(it));
        let groups = named.cloned().unwrap_or_else(|| USUAL_GROUP.parse().into_iter().collect());
        let libc = service.environment.libc;
        let close = |platform| {
            let target = Target { python: project.python, platform, libc };
            Ok((platform, self.closing.close_with(target, &groups)?))
        };
        let closed = all.map(close).collect();
        let is_unknown = |error: &FleetError| {
            matches!(error, FleetError::Closure { source, .. }
                if matches!(**source, ClosureError::UnknownGroup { .. }))
        };
        match closed {
            Err(error) if named.is_none() && is_unknown(&error) => Ok(Vec::new()),
            closed => closed,
        }
    }
}

/// Returns the distributions that an image does not have; of what it has, there can be no second one.
fn beyond(
    path: &TreePath,
    service: &Service,
    all: &BTreeSet<Requirement>,
) -> Result<BTreeSet<Requirement>, FleetError> {
    let mut more = BTreeSet::new();
    for requirement in all.difference(&service.requirements) {
        let is_other = |it: &&Requirement| {
            let meet = it.only.is_empty()
                || requirement.only.is_empty()
                || !it.only.is_disjoint(&requirement.only);
            let same = it.version == requirement.version && it.origin == requirement.origin;
            it.name == requirement.name && meet && !same
        };
        if let Some(other) = service.requirements.iter().find(is_other) {
            let told =
                |it: &Requirement| it.version.clone().unwrap_or_else(|| it.origin.to_string());
            return Err(FleetError::TestConflict {
                service: path.clone(),
                name: requirement.name.to_string(),
                wanted: told(requirement),
                has: told(other),
            });
        }
        more.insert(requirement.clone());
    }
    Ok(more)
}

impl Planner<'_> {
    /// Plans the tests of images; the stages of these stay as they are.
    pub(crate) fn tests(&mut self, images: &BTreeMap<ServiceName, Image>) -> Tests {
        let fleet = self.fleet;
        let shipped = self.stages.clone();
        let services = fleet.tests.iter().filter_map(|(path, test)| {
            let service = fleet.services.get(path)?;
            let planned = self.test(path, service, test, images.get(&service.name)?);
            Some((service.name.clone(), planned))
        });
        let mut services: BTreeMap<ServiceName, Test> = services.collect();
        for (name, test) in &mut services {
            let name = BTreeSet::from([name]);
            test.bases = stage::bases(&self.stages, &name).cloned().collect();
            let asked = stage::needed(&self.stages, &name).flat_map(|it| it.kind.secrets());
            test.asks = index::by_id(asked.chain(&test.secrets));
            test.needs_ssh = stage::needed(&self.stages, &name).any(Stage::needs_ssh);
        }
        let mut stages = self.stages.split_off(shipped.len());
        stages.sort_by_key(|stage| rank(&stage.kind));
        self.stages = shipped;
        Tests { stages, services }
    }

    fn test(
        &mut self,
        path: &TreePath,
        service: &Service,
        test: &ServiceTest,
        image: &Image,
    ) -> Test {
        let kept = image.layers.iter().filter(|it| !matches!(it, Layer::Environment(_)));
        let kept = if test.sources.is_empty() { Vec::new() } else { kept.cloned().collect() };
        Test {
            layers: self.test_layers(service, test),
            stage: self.names.take(&format!("test-{}", service.name)),
            path: path.clone(),
            sources: test.sources.clone(),
            kept,
            steps: test.steps.clone(),
            caches: test.caches.clone(),
            secrets: service.secrets.clone(),
            bases: BTreeSet::new(),
            asks: BTreeSet::new(),
            needs_ssh: false,
        }
    }

    /// Returns the environments that a test has beside its image's.
    fn test_layers(&mut self, service: &Service, test: &ServiceTest) -> Vec<Layer> {
        let fleet = self.fleet;
        let (environment, users) = (&service.environment, BTreeSet::from([service.name.clone()]));
        let mut supplies = BTreeMap::<Supply, BTreeSet<Requirement>>::new();
        for requirement in &test.requirements {
            let supply = Supply::of(fleet, requirement, service);
            supplies.entry(supply).or_default().insert(requirement.clone());
        }
        let whose = format!("test-{}", service.name);
        let mut layers = Vec::new();
        for (supply, requirements) in supplies {
            let (environment, users) = (environment.clone(), users.clone());
            let group = Group { environment, users, supply, requirements };
            layers.push(Layer::Environment(self.dependencies(&group, &whose)));
        }
        let packages = test.packages.iter().filter_map(|it| fleet.packages.get_key_value(it));
        for (path, package) in packages {
            layers.push(Layer::Environment(self.package(environment, path, package, &users)));
        }
        layers
    }
}
