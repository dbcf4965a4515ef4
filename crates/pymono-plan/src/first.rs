//! Whether a job before all shards pays, which makes what they share.
//!
//! It makes everything that any shard would make of the shared stages, and all wait for it, so no
//! pipeline ends earlier for it: what it saves is the time of machines. It is there where they save more
//! than the end comes later, and a tenth of their time at least.

use std::collections::BTreeMap;

use crate::{BuildPlan, Shard, StageKind, StageName, group, shards};

/// What is built before all shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstJob {
    /// The stages, in the order of the plan; what they stand on comes along.
    pub stages: Vec<StageName>,
    /// What making them from nothing is expected to take, in milliseconds.
    pub cost: u64,
}

/// What another job costs beside what it builds, in milliseconds: a machine starts, gets the tree and
/// pymono, starts a builder, and writes a cache. A guess of the order, as CI services differ.
const START: u64 = 30_000;

/// Taking a stage from a cache takes this part of making it: it is fetched and unpacked like what it is
/// made of, but nothing runs. A guess of the order.
const PART_TO_LOAD: u64 = 4;

/// What a stage takes, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Price {
    make: u64,
    load: u64,
}

impl Price {
    fn of(kind: &StageKind) -> Self {
        let make = shards::cost(kind);
        let load = match kind {
            // Bytes of distributions are as many from a cache as from an index.
            StageKind::Dependencies(it) => {
                let sizes = it.requirements.iter().map(|it| group::Size::of(it.size));
                sizes.map(group::Size::milliseconds).sum()
            }
            _ => make / PART_TO_LOAD,
        };
        Self { make, load }
    }
}

/// A shard: what it takes in all, and what it could take from a cache, by places in the plan.
#[derive(Clone, Debug)]
struct Load {
    total: u64,
    stages: BTreeMap<usize, Price>,
}

impl BuildPlan {
    /// Returns what is better built once before all `shards`, if anything is.
    pub fn first_job(&self, shards: &[Shard]) -> Option<FirstJob> {
        let loads: Vec<Load> = shards.iter().map(|shard| self.load(shard)).collect();
        let (places, cost) = best(&loads)?;
        let stages = places.into_iter().map(|place| self.stages[place].name.clone());
        Some(FirstJob { stages: stages.collect(), cost })
    }

    fn load(&self, shard: &Shard) -> Load {
        let is_used = |place: &usize| {
            let mut targets = shard.services.values().flatten();
            targets.any(|target| self.stages[*place].users.contains(target))
        };
        let stages = (0..self.stages.len()).filter(is_used).filter_map(|place| {
            let kind = &self.stages[place].kind;
            // What only copies is made as fast as it is loaded.
            let copies = matches!(
                kind,
                StageKind::Uv { .. } | StageKind::Files { .. } | StageKind::Included(_)
            );
            (!copies).then(|| (place, Price::of(kind)))
        });
        Load { total: shard.cost, stages: stages.collect() }
    }
}

/// Returns the stages of the best first job, and what making them takes.
///
/// Those that all shards need, that all but one need, and so on down to two are tried.
fn best(shards: &[Load]) -> Option<(Vec<usize>, u64)> {
    let mut uses: BTreeMap<usize, (usize, u64)> = BTreeMap::new();
    for (place, price) in shards.iter().flat_map(|shard| &shard.stages) {
        uses.entry(*place).or_insert((0, price.make)).0 += 1;
    }
    let tried = (2..=shards.len()).rev().filter_map(|least| {
        let shared = uses.iter().filter(|(_, (count, _))| *count >= least);
        let shared: BTreeMap<usize, u64> =
            shared.map(|(place, (_, make))| (*place, *make)).collect();
        let gain = gain(shards, &shared).filter(|_| !shared.is_empty())?;
        Some((gain, shared))
    });
    // Of equals the last wins, which has most.
    let (_, shared) = tried.max_by_key(|(gain, _)| *gain)?;
    Some((shared.keys().copied().collect(), shared.values().sum()))
}

/// Returns by how much machines save more than the pipeline's end comes later; nothing if it does not pay.
fn gain(shards: &[Load], shared: &BTreeMap<usize, u64>) -> Option<u64> {
    let first = START + shared.values().sum::<u64>();
    let rest = |shard: &Load| {
        let taken = shard.stages.iter().filter(|(place, _)| shared.contains_key(place));
        let (make, load) =
            taken.fold((0, 0), |(make, load), (_, it)| (make + it.make, load + it.load));
        shard.total.saturating_sub(make) + load
    };
    let longest = |costs: &[u64]| costs.iter().copied().max().unwrap_or(0);
    let before: Vec<u64> = shards.iter().map(|shard| shard.total).collect();
    let after: Vec<u64> = shards.iter().map(rest).collect();
    let machines: u64 = before.iter().sum();
    let saved = machines.checked_sub(first + after.iter().sum::<u64>())?;
    let later = (first + longest(&after)).saturating_sub(longest(&before));
    saved.checked_sub(later).filter(|gain| *gain > 0 && saved >= machines / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shards of a service's own 5 seconds, and stages at places that take so many seconds.
    fn shards(stages: &[&[(usize, u64)]]) -> Vec<Load> {
        let load = |stages: &&[(usize, u64)]| {
            let total: u64 = 5_000 + stages.iter().map(|(_, seconds)| seconds * 1_000).sum::<u64>();
            let price = |(place, seconds): &(usize, u64)| {
                let make = seconds * 1_000;
                (*place, Price { make, load: make / PART_TO_LOAD })
            };
            Load { total, stages: stages.iter().map(price).collect() }
        };
        stages.iter().map(load).collect()
    }

    #[test]
    fn a_dear_stage_of_many_shards_is_made_before_them() {
        // Four times 60 s are 240 s; once, the start and four loads are 150 s, and the end is 45 s later.
        assert_eq!(best(&shards(&[&[(3, 60)][..]; 4])), Some((vec![3], 60_000)));
    }

    #[test]
    fn what_is_made_as_fast_as_a_job_starts_is_not() {
        assert_eq!(best(&shards(&[&[(3, 10)][..]; 4])), None);
        // Two save 45 s, of which 30 are the start: less than the end comes later.
        assert_eq!(best(&shards(&[&[(3, 60)][..]; 2])), None);
    }

    #[test]
    fn one_shard_shares_with_nobody() {
        assert_eq!(best(&shards(&[&[(3, 6_000)]])), None);
        assert_eq!(best(&[]), None);
        assert_eq!(best(&shards(&[&[(1, 600)], &[(2, 600)], &[(3, 600)]])), None);
    }

    #[test]
    fn what_few_share_is_made_there_only_where_it_pays() {
        let (few, one) = ([(0, 90), (1, 40)], [(0, 90)]);
        let mut fleet = vec![&few[..], &few[..], &one[..], &one[..], &one[..]];
        assert_eq!(best(&shards(&fleet)), Some((vec![0, 1], 130_000)));
        // The longest would wait for what it does not need.
        fleet.push(&[(0, 90), (2, 60)]);
        assert_eq!(best(&shards(&fleet)), Some((vec![0], 90_000)));
    }
}
