//! The stages of what a service's image gets once everything is installed.

use std::collections::BTreeSet;

use pymono_names::{ServiceName, TreePath};
use pymono_workspace::BuildKind;

use crate::{Layer, Reinstall, Service, StageKind, StageName, Steps, finish::HOME, plan::Planner};

impl Planner<'_> {
    /// Returns what brings the further files of a service into its image.
    pub(crate) fn included(&mut self, service: &Service) -> Option<Layer> {
        let included = &service.finish.included;
        let mut all = included.all();
        match (all.next(), all.next()) {
            (None, _) => return None,
            _ if self.fleet.settled => {
                let files = included.all().cloned().collect();
                return Some(self.gathered("include", service, files));
            }
            (Some(one), None) => return Some(Layer::File(one.clone())),
            _ => {}
        }
        let users = BTreeSet::from([service.name.clone()]);
        let wish = format!("include-{}", service.name);
        Some(Layer::All(self.stage(&wish, StageKind::Included(included.clone()), &users)))
    }

    /// Returns what brings the results of a service's own commands into its image, which has these
    /// `layers` already.
    pub(crate) fn steps(
        &mut self,
        path: &TreePath,
        service: &Service,
        layers: &[Layer],
    ) -> Option<Layer> {
        let finish = &service.finish;
        if finish.steps.is_empty() {
            return None;
        }
        let users = BTreeSet::from([service.name.clone()]);
        let reinstall = self.reinstall(path, service, &users);
        let compiles = reinstall.as_ref().is_some_and(|(kind, _)| *kind != BuildKind::Pure);
        let with_toolchain = compiles || !service.build_apt.is_empty();
        let environment = &service.environment;
        let base = if with_toolchain {
            self.toolchain(environment, service.build_apt.clone(), &users)
        } else {
            self.base(environment, &users)
        };
        let kind = StageKind::Steps(Steps {
            base,
            layers: layers.to_vec(),
            sources: finish.sources.clone(),
            reinstall: reinstall.map(|(_, reinstall)| reinstall),
            workdir: service.image.workdir.clone().unwrap_or_else(|| HOME.to_owned()),
            env: service.image.env.clone(),
            steps: finish.steps.clone(),
            path: path.clone(),
            caches: finish.caches.clone(),
            toolchain: with_toolchain.then(|| environment.base_image.clone()),
            secrets: service.secrets.clone(),
        });
        let stage: StageName = self.stage(&format!("steps-{}", service.name), kind, &users);
        Some(Layer::Made(stage))
    }

    /// Returns how the service itself is installed anew, and what that needs; nothing where it is not
    /// installed. Crates are not fetched twice, so what Rust made stays as it was.
    fn reinstall(
        &mut self,
        path: &TreePath,
        service: &Service,
        users: &BTreeSet<ServiceName>,
    ) -> Option<(BuildKind, Reinstall)> {
        let package = self.fleet.packages.get(path).filter(|_| service.packages.contains(path))?;
        if package.build.kind == BuildKind::Rust {
            return None;
        }
        let backend = self.backend(&service.environment, package, users);
        Some((package.build.kind, Reinstall { backend, version: package.version.clone() }))
    }
}
