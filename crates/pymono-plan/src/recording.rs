//! Builds of distributions from source that are to tell what they require.

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::BackendKey;
use pymono_names::TreePath;

use crate::{
    BuildPlan, Fleet, Requirement, StageName, Tests,
    foundation::sources,
    plan::{Planner, rank},
    share::{Group, Supply},
};

/// Stages that build one distribution each, on what its services' images are built on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recordings {
    /// The stages, with all that they stand on, and no image.
    pub plan: BuildPlan,
    /// The stage of each distribution.
    pub stages: BTreeMap<BackendKey, StageName>,
    /// Those that only some platforms need, and this one perhaps not.
    pub elsewhere: BTreeSet<StageName>,
}

impl Fleet {
    /// Returns builds of the distributions among `wanted`, which find what they require as it is on that day.
    pub fn recordings(&self, wanted: &BTreeMap<BackendKey, BTreeSet<TreePath>>) -> Recordings {
        let mut planner = Planner::new(self);
        let (mut stages, mut elsewhere) = (BTreeMap::new(), BTreeSet::new());
        for (path, service) in &self.services {
            for (key, requirement) in sources(self, path, service) {
                if !wanted.contains_key(&key) || stages.contains_key(&key) {
                    continue;
                }
                let group = Group {
                    environment: service.environment.clone(),
                    users: BTreeSet::from([service.name.clone()]),
                    supply: Supply { build: None, ..Supply::of(self, requirement, service) },
                    // Whatever this platform is, it is built here.
                    requirements: [Requirement { only: BTreeSet::new(), ..requirement.clone() }]
                        .into(),
                };
                let stage = planner.dependencies(&group, requirement.name.as_ref());
                if !requirement.only.is_empty() {
                    elsewhere.insert(stage.clone());
                }
                stages.insert(key, stage);
            }
        }
        planner.stages.sort_by_key(|stage| rank(&stage.kind));
        let plan = BuildPlan {
            stages: planner.stages,
            images: BTreeMap::new(),
            handwritten: BTreeMap::new(),
            tests: Tests::default(),
            uv_image: self.uv_image.clone(),
        };
        Recordings { plan, stages, elsewhere }
    }
}
