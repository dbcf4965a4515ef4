//! Laws of the answer, over random instances.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use proptest::{
    collection,
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngSeed, TestRunner},
};

use super::{Group, Instance, Item, Size, exhaustive::Search, objective, solve};

/// Sizes of artifacts as they are: many small ones, some that are large.
fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        5 => 10_000..200_000_u64,
        3 => 200_000..1_000_000_u64,
        3 => 1_000_000..10_000_000_u64,
        1 => 10_000_000..60_000_000_u64,
    ]
}

fn of_size(bytes: u64, users: FixedBitSet) -> Item {
    let size = Size::of(bytes).rounded();
    Item { class: 0, users, work: size.work(), volatility: size.volatility(), family: None }
}

fn users(all: usize, some: impl IntoIterator<Item = usize>) -> FixedBitSet {
    let mut users = FixedBitSet::with_capacity(all);
    users.extend(some);
    users
}

prop_compose! {
    fn item(all: usize, classes: usize)(
        size in size(),
        some in collection::btree_set(0..all, 1..=all),
        class in 0..classes,
        family in 0..8usize,
    ) -> Item {
        Item { class, family: (family < 2).then_some(family), ..of_size(size, users(all, some)) }
    }
}

/// Fleets of up to so many services and packages.
fn instance(most: (usize, usize)) -> impl Strategy<Value = Instance> {
    (1..=most.0, 1..=2usize).prop_flat_map(move |(users, classes)| {
        let items = collection::vec(item(users, classes), 1..=most.1);
        items.prop_map(move |items| Instance { items, room: vec![48; users] })
    })
}

fn without_families(mut instance: Instance) -> Instance {
    for item in &mut instance.items {
        item.family = None;
    }
    instance
}

/// Small fleets in which all services need one package, as `typing-extensions` and its like are.
fn with_hub() -> impl Strategy<Value = Instance> {
    instance((6, 12)).prop_map(|mut instance| {
        instance.items[0].users.insert_range(..);
        without_families(instance)
    })
}

/// Returns what each user has.
fn blocks(instance: &Instance, groups: &[Group]) -> Vec<BTreeSet<Vec<usize>>> {
    let mut blocks = vec![BTreeSet::new(); instance.room.len()];
    for group in groups {
        for user in &group.users {
            assert!(blocks[*user].insert(group.items.clone()), "{group:?} is there twice");
        }
    }
    blocks
}

/// Returns how much over the cheapest of all the answer is.
fn over(instance: &Instance) -> Option<f64> {
    let cost = objective::fleet(instance, &solve(instance));
    Search::least(instance, cost, 400_000).map(|least| cost / least - 1.0)
}

/// Returns that for many instances, the same ones each time.
fn all_over(instances: impl Strategy<Value = Instance>) -> Vec<f64> {
    let mut runner = TestRunner::deterministic();
    let some = (0..100).filter_map(|_| over(&instances.new_tree(&mut runner).ok()?.current()));
    some.collect()
}

fn share(all: &[f64], fits: impl Fn(f64) -> bool) -> f64 {
    let fitting = all.iter().filter(|over| fits(**over)).count();
    f64::from(u32::try_from(fitting).unwrap()) / f64::from(u32::try_from(all.len()).unwrap())
}

proptest! {
    // The same instances each time: no layer of others may move, and where that and the cheapest
    // answer exclude each other (see the module), one instance in some thousands is further off.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(5), ..ProptestConfig::with_cases(256) })]

    #[test]
    fn an_answer_is_never_five_percent_over_the_cheapest_of_all(instance in with_hub()) {
        prop_assert!(over(&instance).is_none_or(|over| over <= 0.05), "{:?}", over(&instance));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_new_service_moves_no_layer_of_one_that_shares_nothing_with_it(
        instance in prop_oneof![instance((7, 9)), instance((30, 20))],
        new in any::<prop::sample::Index>(),
    ) {
        let new = new.index(instance.room.len());
        let mut before = instance.clone();
        for item in &mut before.items {
            item.users.remove(new);
        }
        let there: Vec<usize> =
            (0..before.items.len()).filter(|item| !before.items[*item].users.is_clear()).collect();
        before.items.retain(|item| !item.users.is_clear());
        let old = blocks(&before, &solve(&before));
        let now = blocks(&instance, &solve(&instance));
        for user in 0..instance.room.len() {
            let shares = |item: &Item| item.users.contains(user) && item.users.contains(new);
            if !instance.items.iter().any(shares) {
                let old = old[user].iter().map(|block| block.iter().map(|i| there[*i]).collect());
                prop_assert_eq!(old.collect::<BTreeSet<Vec<usize>>>(), now[user].clone());
            }
        }
    }
}

proptest! {
    #[test]
    fn every_user_has_each_of_its_items_once(instance in instance((8, 30))) {
        let groups = solve(&instance);
        for (user, blocks) in blocks(&instance, &groups).into_iter().enumerate() {
            let mut had: Vec<usize> = blocks.into_iter().flatten().collect();
            had.sort_unstable();
            let wanted = instance.items.iter().enumerate();
            let wanted = wanted.filter(|(_, item)| item.users.contains(user));
            prop_assert_eq!(had, wanted.map(|(place, _)| place).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_layer_is_of_one_class_and_whole_families(instance in instance((8, 30))) {
        let groups = solve(&instance);
        for group in &groups {
            let classes = group.items.iter().map(|item| instance.items[*item].class);
            prop_assert_eq!(classes.collect::<BTreeSet<_>>().len(), 1);
        }
        for blocks in blocks(&instance, &groups) {
            let mut place = BTreeMap::new();
            for block in &blocks {
                for item in block.iter().map(|item| &instance.items[*item]) {
                    let Some(family) = item.family else { continue };
                    let other = place.insert((item.class, family), block);
                    prop_assert!(other.is_none_or(|other| other == block));
                }
            }
        }
    }

    #[test]
    fn nobody_has_more_layers_than_there_is_room_for(
        mut instance in instance((8, 30)),
        room in 2..5usize,
    ) {
        instance.room.fill(room);
        for blocks in blocks(&instance, &solve(&instance)) {
            prop_assert!(blocks.len() <= room, "{blocks:?}");
        }
    }
}

#[test]
fn most_answers_are_the_cheapest_of_all() {
    let all = all_over(with_hub());
    assert!(share(&all, |over| over < 1e-9) >= 0.93, "{all:?}");
    // Services that share in chains only know less of one another: see the module's text.
    let chained = all_over(instance((6, 12)).prop_map(without_families));
    assert!(share(&chained, |over| over < 1e-9) >= 0.8, "{chained:?}");
    assert!(share(&chained, |over| over <= 0.05) >= 0.93, "{chained:?}");
}

#[test]
fn what_changes_often_does_not_lie_with_what_is_big() {
    let both = || users(2, [0, 1]);
    let calm = Item { volatility: 0.02, ..of_size(800_000_000, both()) };
    let busy = Item { volatility: 4.0, ..of_size(100_000, both()) };
    let instance = Instance { items: vec![calm, busy], room: vec![48; 2] };
    let groups = solve(&instance);
    assert_eq!(groups.iter().map(|group| &group.items[..]).collect::<Vec<_>>(), [[0], [1]]);
}

#[test]
fn what_is_small_is_installed_twice_and_what_is_large_once() {
    for (bytes, groups) in [(50_000, 2), (20_000_000, 3)] {
        let own = |user| of_size(100_000, users(2, [user]));
        let items = vec![own(0), own(1), of_size(bytes, users(2, [0, 1]))];
        let instance = Instance { items, room: vec![48; 2] };
        assert_eq!(solve(&instance).len(), groups, "{bytes}");
    }
}

#[test]
fn a_version_that_is_a_little_bigger_is_as_big() {
    assert_eq!(Size::of(1_000_000).rounded(), Size::of(1_200_000).rounded());
    assert_eq!(Size::of(0).rounded(), Size::of(850_000).rounded());
    assert_eq!(Size::of(1).rounded(), Size::of(1));
    assert_eq!(Size::of(u64::MAX / 4).rounded(), Size::of(1 << 62));
}
