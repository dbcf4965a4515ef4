//! Better and better layers of a whole fleet, until no step makes them cheaper.

use std::{collections::BTreeMap, rc::Rc};

use fixedbitset::FixedBitSet;

use super::{
    cut::cut,
    instance::{Instance, count},
    layer::{Layer, Spread},
};

/// Rounds without an end would be a bug; few are ever needed.
const MOST_ROUNDS: usize = 12;

/// Fleets with so few users and items are searched more widely: it takes no time.
const SMALL: usize = 20;

/// Where searches begin beside the one in which all items are shared: the least work of those
/// that are, in milliseconds.
const LEAST_SHARED: [f64; 3] = [100.0, 400.0, f64::INFINITY];

/// What is small while one user is set apart, in milliseconds of work.
const SMALL_WORK: f64 = 200.0;

/// How much dearer a layer of one item alone is made for each user while layers are shaken, in
/// milliseconds a month; 0 for the shake that makes just this layer.
const FINES: [f64; 4] = [0.0, 300.0, 1000.0, 1e9];

/// What is cheaper by less is not cheaper: sums of other order differ by so much.
const NOTHING: f64 = 1e-6;

/// Layers of a whole fleet: each user has each of its items in exactly one.
#[derive(Clone, Debug)]
pub(super) struct Improving<'a> {
    instance: &'a Instance,
    layers: Vec<Rc<Layer>>,
    /// Items that stay where they are for now.
    held: Vec<usize>,
}

impl<'a> Improving<'a> {
    /// Returns the cheapest layers that are found from several beginnings.
    pub(super) fn best(instance: &'a Instance) -> Vec<Rc<Layer>> {
        let mut best = Self::improved(instance, beginning(instance, 0.0));
        for least in LEAST_SHARED {
            best.take_if_cheaper(Self::improved(instance, beginning(instance, least)));
        }
        if instance.room.len() + instance.items.len() <= SMALL {
            while best.shaken() {}
        }
        best.layers
    }

    fn improved(instance: &'a Instance, layers: Vec<Layer>) -> Self {
        let layers = layers.into_iter().map(Rc::new).collect();
        let mut layers = Self { instance, layers, held: Vec::new() };
        layers.cut_again();
        layers.improve();
        layers
    }

    fn cost(&self) -> f64 {
        self.layers.iter().map(|layer| layer.cost()).sum()
    }

    fn take_if_cheaper(&mut self, other: Self) -> bool {
        let cheaper = other.cost() < self.cost() - NOTHING;
        if cheaper {
            *self = other;
        }
        cheaper
    }

    /// Takes steps as long as they save something.
    fn improve(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let before = self.cost();
            self.move_items();
            for layer in self.layers.clone() {
                if self.layers.iter().any(|now| Rc::ptr_eq(now, &layer)) {
                    self.reinsert(&layer.users, &layer.items, 0.0);
                }
            }
            self.cut_again();
            if self.cost() >= before - NOTHING {
                break;
            }
        }
    }

    /// Does without one layer, or has one item otherwise, whatever that costs, and improves
    /// what comes of it; returns true if that is cheaper in the end.
    fn shaken(&mut self) -> bool {
        let layers = self.layers.iter().map(|layer| (layer.users.clone(), layer.items.clone()));
        let items = self.instance.items.iter().enumerate();
        let items = items.map(|(place, item)| (item.users.clone(), vec![place]));
        for (users, items) in layers.chain(items).collect::<Vec<_>>() {
            for fine in FINES {
                let mut other = self.clone();
                if fine > 0.0 {
                    other.reinsert(&users, &items, fine);
                } else {
                    other.share(&users, &items);
                }
                other.held.clone_from(&items);
                other.improve();
                other.held.clear();
                other.improve();
                if self.take_if_cheaper(other) {
                    return true;
                }
            }
        }
        (0..self.instance.room.len()).any(|user| {
            let mut other = self.clone();
            other.set_apart(user);
            other.improve();
            self.take_if_cheaper(other)
        })
    }

    /// Gives one user a layer of its own of all that is small, whatever that costs.
    fn set_apart(&mut self, user: usize) {
        let all = &self.instance.items;
        let mut own = BTreeMap::<usize, Vec<usize>>::new();
        let mut layers = Vec::new();
        for layer in self.layers.drain(..) {
            let small = |item: &&usize| all[**item].work < SMALL_WORK;
            let (small, big): (Vec<usize>, Vec<usize>) = layer.items.iter().partition(small);
            if !layer.users.contains(user) || small.is_empty() {
                layers.push(layer);
                continue;
            }
            let mut others = layer.users.clone();
            others.remove(user);
            own.entry(layer.class).or_default().extend(&small);
            if !big.is_empty() {
                layers.push(Rc::new(Layer::new(all, layer.users.clone(), big)));
            }
            if !others.is_clear() {
                layers.push(Rc::new(Layer::new(all, others, small)));
            }
        }
        let mut users = FixedBitSet::with_capacity(self.instance.room.len());
        users.insert(user);
        layers
            .extend(own.into_values().map(|items| Rc::new(Layer::new(all, users.clone(), items))));
        self.layers = layers;
    }

    /// Takes all items of the same users, and each item, out of its layers and puts it back
    /// where that is cheapest.
    fn move_items(&mut self) {
        for ((_, users), items) in same_users(self.instance) {
            if items.len() > 1 {
                self.reinsert(users, &items, 0.0);
            }
            for item in items {
                self.reinsert(users, &[item], 0.0);
            }
        }
    }

    /// Lays the items of all layers with the same users out anew.
    fn cut_again(&mut self) {
        let mut same = BTreeMap::<(usize, FixedBitSet), Vec<usize>>::new();
        for layer in self.layers.drain(..) {
            let key = (layer.class, layer.users.clone());
            same.entry(key).or_default().extend(&layer.items);
        }
        let all = &self.instance.items;
        for ((_, users), mut items) in same {
            items.sort_unstable();
            let layers = cut(all, &items, count(users.count_ones(..))).into_iter();
            self.layers.extend(layers.map(|items| Rc::new(Layer::new(all, users.clone(), items))));
        }
    }

    /// Takes items from some users and gives them back in the cheapest way that is found, if
    /// that saves something or is forced to be another.
    fn reinsert(&mut self, users: &FixedBitSet, items: &[usize], fine: f64) {
        if items.iter().any(|item| self.held.contains(item)) {
            return;
        }
        let all = &self.instance.items;
        let unit = Layer::new(all, users.clone(), items.to_vec());
        let fits = |layer: &Layer| layer.class == unit.class && layer.users.is_subset(users);
        let fitting = self.layers.iter().enumerate().filter(|(_, layer)| fits(layer));
        let (mut saved, mut without) = (0.0, Vec::new());
        for (place, layer) in fitting {
            if items.iter().any(|item| layer.items.binary_search(item).is_ok()) {
                let rest = layer.without(all, items);
                saved += layer.cost() - rest.as_ref().map_or(0.0, Layer::cost);
                without.push((place, rest.map(Rc::new)));
            } else {
                without.push((place, Some(Rc::clone(layer))));
            }
        }
        let there = without.iter().filter_map(|(place, layer)| Some((*place, layer.as_deref()?)));
        let spread = Spread::of(there, &unit, fine);
        if spread.cost < saved - NOTHING || fine > 0.0 {
            self.give(without, spread, unit);
        }
    }

    /// Gives all of these users one layer of these items alone, whatever that costs.
    fn share(&mut self, users: &FixedBitSet, items: &[usize]) {
        let all = &self.instance.items;
        let unit = Layer::new(all, users.clone(), items.to_vec());
        let fits = |layer: &Layer| layer.class == unit.class && layer.users.is_subset(users);
        let rest = |layer: &Rc<Layer>| {
            if fits(layer) {
                layer.without(all, items).map(Rc::new)
            } else {
                Some(Rc::clone(layer))
            }
        };
        self.layers = self.layers.iter().filter_map(rest).collect();
        self.layers.push(Rc::new(unit));
    }

    /// Puts the layers in `without` in their places, and what `unit` holds where it is spread to.
    fn give(&mut self, without: Vec<(usize, Option<Rc<Layer>>)>, spread: Spread, unit: Layer) {
        let mut gone = Vec::new();
        for (place, layer) in without {
            match layer {
                Some(layer) => self.layers[place] = layer,
                None => gone.push(place),
            }
        }
        for place in spread.layers {
            let layer = &self.layers[place];
            let items = layer.items.iter().chain(&unit.items).copied().collect();
            let layer = Layer::new(&self.instance.items, layer.users.clone(), items);
            self.layers[place] = Rc::new(layer);
        }
        for place in gone.into_iter().rev() {
            self.layers.remove(place);
        }
        if !spread.left.is_clear() {
            self.layers.push(Rc::new(Layer { users: spread.left, ..unit }));
        }
    }
}

/// Returns the items of each class and set of users.
pub(super) fn same_users(instance: &Instance) -> BTreeMap<(usize, &FixedBitSet), Vec<usize>> {
    let mut same = BTreeMap::<_, Vec<usize>>::new();
    for (place, item) in instance.items.iter().enumerate() {
        same.entry((item.class, &item.users)).or_default().push(place);
    }
    same
}

/// Returns layers to begin with: items of more work are shared by all of their users, those of
/// less lie apart for each user.
fn beginning(instance: &Instance, least_shared: f64) -> Vec<Layer> {
    let mut layers = BTreeMap::<(usize, FixedBitSet), Vec<usize>>::new();
    for (place, item) in instance.items.iter().enumerate() {
        if item.work >= least_shared {
            layers.entry((item.class, item.users.clone())).or_default().push(place);
            continue;
        }
        for user in item.users.ones() {
            let mut one = FixedBitSet::with_capacity(instance.room.len());
            one.insert(user);
            layers.entry((item.class, one)).or_default().push(place);
        }
    }
    let layers = layers.into_iter();
    layers.map(|((_, users), items)| Layer::new(&instance.items, users, items)).collect()
}
