//! Which services are built together by one machine of several.
//!
//! A machine makes each stage that its services need once, so what two services share is saved where
//! both are built by one. Services are taken by their cost, the dearest first; each goes where it adds
//! least among the shards that stay within a fair part, or, where none does, where the shard stays
//! cheapest. So no shard costs more than a fair part of all services' costs, and one service. More
//! shards that would shorten the longest by less than a tenth are not made.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
};

use pymono_names::{ServiceName, TreePath};
use pymono_workspace::BuildKind;

use crate::{BuildPlan, Layer, StageKind, group};

/// Services that one machine builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shard {
    /// The services by path, each with the targets of its images.
    pub services: BTreeMap<TreePath, BTreeSet<ServiceName>>,
    /// What building them from nothing is expected to take, in milliseconds.
    pub cost: u64,
}

/// So many numbers of shards are tried at most.
const COUNTS: usize = 32;

/// What a service needs: stages and images by their names, each with its cost.
type Needs<'a> = BTreeMap<&'a str, u64>;

impl BuildPlan {
    /// Returns the services in `wanted` as shards, at most so many; without a limit each is a shard of
    /// its own. No shard is empty, and services that the plan has not are left out.
    pub fn shards(&self, wanted: &BTreeSet<TreePath>, most: Option<NonZeroUsize>) -> Vec<Shard> {
        let services: Vec<_> = wanted.iter().filter_map(|path| self.unit(path)).collect();
        let Some(most) = most else {
            return services.iter().map(|unit| shard(std::slice::from_ref(unit))).collect();
        };
        let most = most.get().min(services.len());
        let longest = |shards: &Vec<Shard>| shards.iter().map(|it| it.cost).max().unwrap_or(0);
        // Of many numbers that are near each other some are enough.
        let mut counts: Vec<usize> = (1..=most).rev().step_by(most.div_ceil(COUNTS)).collect();
        counts.reverse();
        let answers: Vec<Vec<Shard>> =
            counts.into_iter().map(|count| spread(&services, count)).collect();
        let best = answers.iter().map(longest).min().unwrap_or(0);
        let enough = |shards: &Vec<Shard>| longest(shards) <= best + best / 10;
        answers.into_iter().find(enough).unwrap_or_default()
    }

    fn unit(&self, path: &TreePath) -> Option<Unit<'_>> {
        let generated = self.images.iter().filter(|(_, image)| image.path == *path);
        let handwritten = self.handwritten.iter();
        let handwritten = handwritten.filter(|(_, it)| !it.is_ground && it.path == *path);
        let targets = generated.map(|(name, _)| name).chain(handwritten.map(|(name, _)| name));
        let targets: BTreeSet<&ServiceName> = targets.collect();
        let stages = self.stages.iter();
        let stages = stages.filter(|it| it.users.iter().any(|user| targets.contains(user)));
        let mut needs: Needs<'_> =
            stages.map(|stage| (stage.name.as_str(), cost(&stage.kind))).collect();
        for target in &targets {
            self.add_image(target, &mut needs);
        }
        (!targets.is_empty()).then(|| Unit { path: path.clone(), targets, needs })
    }

    /// Adds an image, and those that it is built from.
    fn add_image<'a>(&'a self, target: &'a ServiceName, needs: &mut Needs<'a>) {
        if let Some(image) = self.images.get(target) {
            let layers = image.layers.iter().filter(|it| matches!(it, Layer::Environment(_)));
            needs.insert(target.as_str(), IMAGE + COPY * layers.count() as u64);
        }
        if let Some(image) = self.handwritten.get(target)
            && needs.insert(target.as_str(), HANDWRITTEN).is_none()
        {
            image.grounds().for_each(|ground| self.add_image(ground, needs));
        }
    }
}

/// A service on its way to a shard.
#[derive(Clone, Debug)]
struct Unit<'a> {
    path: TreePath,
    targets: BTreeSet<&'a ServiceName>,
    needs: Needs<'a>,
}

impl Unit<'_> {
    fn alone(&self) -> u64 {
        self.needs.values().sum()
    }
}

/// Spreads services over at most so many shards.
fn spread(units: &[Unit<'_>], count: usize) -> Vec<Shard> {
    let all: Needs<'_> = units.iter().flat_map(|unit| unit.needs.clone()).collect();
    let fair = all.values().sum::<u64>().div_ceil(count.max(1) as u64);
    let mut order: Vec<&Unit<'_>> = units.iter().collect();
    order.sort_by_key(|unit| (std::cmp::Reverse(unit.alone()), &unit.path));
    let mut made: Vec<(Needs<'_>, Vec<Unit<'_>>)> = vec![Default::default(); count];
    for unit in order {
        let place = made.iter_mut().min_by_key(|(needs, _)| {
            let more = unit.needs.iter().filter(|(name, _)| !needs.contains_key(*name));
            let more: u64 = more.map(|(_, cost)| cost).sum();
            let total = needs.values().sum::<u64>() + more;
            // The first of equals wins, so that the answer is always the same.
            (total.max(fair), more, total)
        });
        if let Some((needs, units)) = place {
            needs.extend(&unit.needs);
            units.push(unit.clone());
        }
    }
    let mut shards: Vec<Shard> =
        made.iter().filter(|(_, it)| !it.is_empty()).map(|(_, units)| shard(units)).collect();
    shards.sort_by(|a, b| a.services.keys().cmp(b.services.keys()));
    shards
}

fn shard(units: &[Unit<'_>]) -> Shard {
    let needs: Needs<'_> = units.iter().flat_map(|unit| unit.needs.clone()).collect();
    let services = units.iter().map(|unit| {
        let targets = unit.targets.iter().copied().cloned().collect();
        (unit.path.clone(), targets)
    });
    Shard { services: services.collect(), cost: needs.values().sum() }
}

/// What an image costs beside its layers, in milliseconds; see the objective of layers.
const IMAGE: u64 = 350;
/// One layer in one image, in milliseconds.
const COPY: u64 = 25;
/// A step that runs a container and does little, in milliseconds.
const RUN: u64 = 500;
/// An installation of system packages, a compilation of C, one of Rust, and a whole hand-written
/// Dockerfile, in milliseconds: guesses of their order, since nothing in the tree tells.
const SYSTEM: u64 = 10_000;
const NATIVE: u64 = 20_000;
const RUST: u64 = 60_000;
const HANDWRITTEN: u64 = 60_000;

/// Returns what a stage is expected to take, in milliseconds.
pub(crate) fn cost(kind: &StageKind) -> u64 {
    match kind {
        StageKind::Uv { .. } | StageKind::Files { .. } | StageKind::Included(_) => COPY,
        StageKind::Base { .. } => RUN,
        StageKind::Toolchain { apt, .. } if apt.is_empty() => 2 * SYSTEM,
        StageKind::Toolchain { .. } | StageKind::Runtime { below: Some(_), .. } => SYSTEM / 2,
        StageKind::Dependencies(it) => {
            let compiled = if it.from_source { NATIVE } else { 0 };
            let sizes = it.requirements.iter().map(|it| group::Size::of(it.size));
            RUN + sizes.map(|size| size.milliseconds() + compiled).sum::<u64>()
        }
        StageKind::Open { .. } | StageKind::Crates(_) => SYSTEM,
        StageKind::Backend { requires, .. } => RUN * (1 + requires.len() as u64),
        StageKind::Package(package) => match package.kind {
            BuildKind::Pure => 2 * RUN,
            BuildKind::Native => NATIVE,
            BuildKind::Rust => RUST,
        },
        StageKind::Steps(steps) => SYSTEM * steps.steps.len() as u64,
        StageKind::Runtime { apt, .. } => RUN + if apt.is_empty() { 0 } else { SYSTEM },
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const STAGES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    /// Services that need some of six stages, whose costs are given.
    fn units(costs: [u64; 6], chosen: &[u8]) -> Vec<Unit<'static>> {
        let unit = |(place, bits): (usize, &u8)| {
            let has = |stage: &usize| bits & (1 << stage) != 0;
            let needs = (0..6).filter(has).map(|stage| (STAGES[stage], costs[stage]));
            let path = format!("services/s{place:02}").parse().ok()?;
            Some(Unit { path, targets: BTreeSet::new(), needs: needs.collect() })
        };
        chosen.iter().enumerate().filter_map(unit).collect()
    }

    proptest! {
        #[test]
        fn each_service_is_in_one_shard_and_none_is_far_from_fair(
            costs in proptest::array::uniform6(1_u64..50_000),
            chosen in vec(1_u8..64, 1..20),
            count in 1_usize..8,
        ) {
            let units = units(costs, &chosen);
            let shards = spread(&units, count);
            prop_assert!(shards.len() <= count);
            prop_assert!(shards.iter().all(|shard| !shard.services.is_empty()));
            let found: Vec<&TreePath> = shards.iter().flat_map(|it| it.services.keys()).collect();
            let distinct: BTreeSet<&TreePath> = found.iter().copied().collect();
            prop_assert_eq!((found.len(), distinct.len()), (units.len(), units.len()));
            let alone: u64 = units.iter().map(Unit::alone).sum();
            let dearest = units.iter().map(Unit::alone).max().unwrap_or(0);
            let bound = alone.div_ceil(count as u64) + dearest;
            prop_assert!(shards.iter().all(|shard| shard.cost <= bound));
            let mut reversed = units.clone();
            reversed.reverse();
            prop_assert_eq!(spread(&reversed, count), shards);
        }
    }

    #[test]
    fn those_that_share_a_dear_stage_are_built_together() {
        // Two families: a and b are dear, the rest is cheap.
        let units = units([50_000, 50_000, 1, 1, 1, 1], &[0b0101, 0b0110, 0b1001, 0b1010]);
        let shards = spread(&units, 2);
        let paths = |shard: &Shard| shard.services.keys().map(TreePath::to_string).collect();
        let found: Vec<Vec<String>> = shards.iter().map(paths).collect();
        assert_eq!(found, [["services/s00", "services/s02"], ["services/s01", "services/s03"]]);
    }
}
