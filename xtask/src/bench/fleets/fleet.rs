//! A fleet, made from nothing but its size and the seed.

use super::profiles::{APART, LIBRARIES, MORE, MOST_LIBRARIES, MOST_MORE, PROFILES, SEED};

/// Services and the libraries that they use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fleet {
    /// The libraries; all services use the first.
    pub(super) libraries: Vec<Project>,
    pub(super) services: Vec<Project>,
}

/// A project of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Project {
    pub(super) name: String,
    /// What it needs from an index.
    pub(super) needs: Vec<&'static str>,
    /// The numbers of the libraries that it uses.
    pub(super) uses: Vec<usize>,
}

impl Fleet {
    /// Makes so many services over so many libraries, of which there is at least one.
    pub(super) fn mixed(services: usize, libraries: usize) -> Self {
        let mut draw = Draw(SEED);
        Self {
            libraries: (0..libraries).map(|ix| library(ix, &mut draw)).collect(),
            services: (0..services).map(|ix| service(ix, libraries, &mut draw)).collect(),
        }
    }

    /// Makes services of which no two share anything.
    pub(super) fn apart() -> Self {
        let services = APART.iter().enumerate().map(|(ix, needs)| Project {
            name: format!("apart-{ix:03}"),
            needs: needs.to_vec(),
            uses: Vec::new(),
        });
        Self { libraries: Vec::new(), services: services.collect() }
    }
}

/// A library, which stands on one of those before it or on none.
fn library(ix: usize, draw: &mut Draw) -> Project {
    let below = draw.below(2 * ix + 1);
    Project {
        name: format!("lib-{ix:03}"),
        needs: LIBRARIES[ix % LIBRARIES.len()].to_vec(),
        uses: (below < ix).then_some(below).into_iter().collect(),
    }
}

fn service(ix: usize, libraries: usize, draw: &mut Draw) -> Project {
    let kinds = PROFILES.iter().flat_map(|profile| std::iter::repeat_n(profile, profile.of_twenty));
    let kinds: Vec<_> = kinds.collect();
    // Seven has no factor in common with twenty, so each is met once in twenty.
    let profile = kinds[ix * 7 % kinds.len()];
    let mut needs = profile.needs.to_vec();
    for _ in 0..draw.below(MOST_MORE + 1) {
        needs.push(MORE[draw.below(MORE.len())]);
    }
    let mut uses = vec![0];
    for _ in 0..draw.below(MOST_LIBRARIES + 1) {
        uses.push(draw.below(libraries));
    }
    uses.sort_unstable();
    uses.dedup();
    needs.sort_unstable();
    needs.dedup();
    Project { name: format!("{}-{ix:03}", profile.name), needs, uses }
}

/// Numbers that look as if they were drawn: `SplitMix64` of Steele, Lea and Flood, which is the
/// same on every machine and in every version of whatever library.
struct Draw(u64);

impl Draw {
    /// Draws a number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = (mixed ^ (mixed >> 31)) % end as u64;
        usize::try_from(number).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_of_service_is_met_in_twenty() {
        let fleet = Fleet::mixed(20, 4);
        let kinds: BTreeSet<_> =
            fleet.services.iter().filter_map(|service| service.name.rsplit_once('-')).collect();
        let kinds: BTreeSet<_> = kinds.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, PROFILES.iter().map(|profile| profile.name).collect());
        assert_eq!(PROFILES.iter().map(|profile| profile.of_twenty).sum::<usize>(), 20);
    }

    #[test]
    fn all_services_use_the_first_library() {
        let fleet = Fleet::mixed(150, 30);
        assert!(fleet.services.iter().all(|service| service.uses.first() == Some(&0)));
        let used: BTreeSet<_> = fleet.services.iter().flat_map(|service| &service.uses).collect();
        assert_eq!(used.len(), 30);
    }

    #[test]
    fn equal_sizes_make_equal_fleets() {
        assert_eq!(Fleet::mixed(40, 8), Fleet::mixed(40, 8));
    }

    #[test]
    fn draws_are_those_that_others_publish_for_this_generator() {
        let mut draw = Draw(1_234_567);
        let draws = [0; 3].map(|_| draw.below(usize::MAX));
        let published: [usize; 3] =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(draws, published);
    }
}
