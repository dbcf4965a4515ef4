//! The cheapest answer of all, for small instances.

use std::collections::BTreeMap;

use super::{
    instance::{Instance, Load},
    objective,
};

/// Looks through every way to give users their items in layers.
pub(super) struct Search<'a> {
    instance: &'a Instance,
    /// The items' places, what is dearest to have twice first.
    order: Vec<usize>,
    layers: Vec<Layer>,
    best: f64,
    /// How many more steps may be taken.
    steps: u64,
}

#[derive(Clone, Copy)]
struct Layer {
    class: usize,
    users: u32,
    load: Load,
}

impl<'a> Search<'a> {
    /// Returns the least cost if it is found in so many steps; `bound` is a cost that can be had.
    pub(super) fn least(instance: &'a Instance, bound: f64, steps: u64) -> Option<f64> {
        let mut order: Vec<usize> = (0..instance.items.len()).collect();
        let work = |place: &usize| instance.items[*place].work;
        order.sort_by(|a, b| work(b).total_cmp(&work(a)));
        let fixed = objective::fleet(instance, &[]);
        let best = bound - fixed + 1e-6;
        let mut search = Self { instance, order, layers: Vec::new(), best, steps };
        search.place(0);
        (search.steps > 0).then_some(search.best + fixed)
    }

    fn place(&mut self, depth: usize) {
        self.steps = self.steps.saturating_sub(1);
        if self.steps == 0 || self.at_least(depth) >= self.best {
            return;
        }
        if let Some(place) = self.order.get(depth) {
            self.give(depth, mask(self.instance, *place));
        } else {
            self.best = self.cost();
        }
    }

    /// Gives the item at `depth` to the users in `left` in every way.
    fn give(&mut self, depth: usize, left: u32) {
        if left == 0 {
            return self.place(depth + 1);
        }
        if self.steps == 0 {
            return;
        }
        let item = &self.instance.items[self.order[depth]];
        let first = left & left.wrapping_neg();
        let others = left ^ first;
        let mut some = others;
        loop {
            let users = some | first;
            for place in 0..self.layers.len() {
                let layer = self.layers[place];
                if (layer.class, layer.users) == (item.class, users) {
                    self.layers[place].load = layer.load.and(item.load());
                    self.give(depth, left ^ users);
                    self.layers[place] = layer;
                }
            }
            self.layers.push(Layer { class: item.class, users, load: item.load() });
            self.give(depth, left ^ users);
            self.layers.pop();
            if some == 0 {
                return;
            }
            some = (some - 1) & others;
        }
    }

    fn cost(&self) -> f64 {
        let layers = self.layers.iter();
        layers.map(|layer| objective::layer(layer.load, f64::from(layer.users.count_ones()))).sum()
    }

    /// Returns what the items from `depth` on cost at least, with all before: each is in one
    /// layer at least, and a user without a layer of an item's class gets one.
    fn at_least(&self, depth: usize) -> f64 {
        let nothing = |images: u32| objective::layer(Load::default(), f64::from(images));
        let (mut cost, mut lacking) = (self.cost(), 0);
        let mut classes = BTreeMap::<usize, u32>::new();
        for place in &self.order[depth..] {
            let (item, users) = (&self.instance.items[*place], mask(self.instance, *place));
            cost += objective::layer(item.load(), f64::from(users.count_ones()))
                - nothing(users.count_ones());
            *classes.entry(item.class).or_default() |= users;
        }
        for (class, users) in classes {
            let of_class = self.layers.iter().filter(|layer| layer.class == class);
            let without = users & !of_class.fold(0, |all, layer| all | layer.users);
            lacking += without.count_ones();
            cost += if without == 0 { 0.0 } else { nothing(0) };
        }
        cost + nothing(lacking) - nothing(0)
    }
}

fn mask(instance: &Instance, place: usize) -> u32 {
    instance.items[place].users.ones().fold(0, |mask, user| mask | 1 << user)
}
