//! An answer near the cheapest.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use fixedbitset::FixedBitSet;

use super::{
    blocks::Blocks,
    cut::cut,
    improve::{Improving, same_users},
    instance::{Group, Instance, Item, count},
    layer::Layer,
};

/// Among so many neighbours a service looks for the best layers of all.
const MOST_NEIGHBOURS: usize = 16;

/// Returns the layers of every user: each has every item that it needs once.
///
/// The layers of a user follow from those users only that have an item in common with it,
/// its neighbours, so nothing that happens among others changes them. It takes its part of
/// the best layers that are found for the neighbours as if they were the whole fleet. Where
/// these are many and have no item that all of them need, finding them for each user would
/// take too long; then the items of equal users are its layers, united where that pays
/// whatever the others do.
pub(crate) fn solve(instance: &Instance) -> Vec<Group> {
    let neighbours = neighbours(instance);
    let alone = pieces(instance);
    let mut answers = BTreeMap::new();
    let mut groups = BTreeMap::<Vec<usize>, BTreeSet<usize>>::new();
    for (user, neighbours) in neighbours.iter().enumerate() {
        let few = neighbours.count_ones(..) <= MOST_NEIGHBOURS || has_hub(instance, neighbours);
        let layers = if few {
            answers.entry(neighbours).or_insert_with(|| among(instance, neighbours))
        } else {
            &alone
        };
        let own = layers.iter().filter(|layer| layer.users.contains(user)).map(Rc::as_ref);
        let mut blocks = Blocks::new(&instance.items, own);
        blocks.unite_families();
        blocks.unite_most(instance.room[user], !few);
        for items in blocks.into_items() {
            groups.entry(items).or_default().insert(user);
        }
    }
    let groups = groups.into_iter();
    groups.map(|(items, users)| Group { items, users: users.into_iter().collect() }).collect()
}

/// Returns for each user those that need some item that it needs, itself included.
fn neighbours(instance: &Instance) -> Vec<FixedBitSet> {
    let none = FixedBitSet::with_capacity(instance.room.len());
    let mut neighbours = vec![none; instance.room.len()];
    let users: BTreeSet<&FixedBitSet> = instance.items.iter().map(|item| &item.users).collect();
    for users in users {
        for user in users.ones() {
            neighbours[user].union_with(users);
        }
    }
    neighbours
}

/// Returns true if all of these users need some one item.
///
/// Then all of them have the same neighbours, or more than those without such an item, so
/// there are never two sets with one that overlap.
fn has_hub(instance: &Instance, users: &FixedBitSet) -> bool {
    instance.items.iter().any(|item| item.users == *users)
}

/// Returns items of the same class and users, cut into layers.
fn pieces(instance: &Instance) -> Vec<Rc<Layer>> {
    let all = &instance.items;
    let pieces = same_users(instance).into_iter().flat_map(|((_, users), items)| {
        let layers = cut(all, &items, count(users.count_ones(..))).into_iter();
        layers.map(|items| Rc::new(Layer::new(all, users.clone(), items)))
    });
    pieces.collect()
}

/// Returns the best layers that are found if the fleet were these users alone.
fn among(instance: &Instance, users: &FixedBitSet) -> Vec<Rc<Layer>> {
    let members: Vec<usize> = users.ones().collect();
    let (mut items, mut places) = (Vec::new(), Vec::new());
    for (place, item) in instance.items.iter().enumerate() {
        let of = members.iter().enumerate().filter(|(_, member)| item.users.contains(**member));
        let mut within = FixedBitSet::with_capacity(members.len());
        within.extend(of.map(|(number, _)| number));
        if !within.is_clear() {
            items.push(Item { users: within, ..item.clone() });
            places.push(place);
        }
    }
    let room = members.iter().map(|member| instance.room[*member]).collect();
    let layers = Improving::best(&Instance { items, room });
    let back = layers.into_iter().map(|layer| {
        let mut users = FixedBitSet::with_capacity(instance.room.len());
        users.extend(layer.users.ones().map(|number| members[number]));
        let items = layer.items.iter().map(|item| places[*item]).collect();
        Rc::new(Layer { users, items, ..Layer::clone(&layer) })
    });
    back.collect()
}
