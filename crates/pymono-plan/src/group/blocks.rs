//! The layers of one user, united where they must be or where it pays for sure.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use super::{
    instance::{Item, Load, count},
    layer::Layer,
    objective,
};

/// Items that are in one layer, for now.
#[derive(Clone, Debug)]
struct Block {
    class: usize,
    items: Vec<usize>,
    families: BTreeSet<usize>,
    /// Those that can have this layer.
    users: FixedBitSet,
    images: f64,
    load: Load,
}

/// The layers of one user.
#[derive(Debug)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
}

impl Blocks {
    /// Returns the layers of a user, in order of their first items.
    pub(super) fn new<'a>(all: &[Item], layers: impl IntoIterator<Item = &'a Layer>) -> Self {
        let blocks = layers.into_iter().map(|layer| {
            let Layer { class, users, items, load } = layer.clone();
            let families = items.iter().filter_map(|item| all[*item].family).collect();
            let images = count(users.count_ones(..));
            Block { class, items, families, users, images, load }
        });
        let mut blocks: Vec<Block> = blocks.collect();
        blocks.sort_by(|a, b| a.items.cmp(&b.items));
        Self { blocks }
    }

    /// Returns the items of each layer, ascending.
    pub(super) fn into_items(self) -> impl Iterator<Item = Vec<usize>> {
        self.blocks.into_iter().map(|block| {
            let mut items = block.items;
            items.sort_unstable();
            items
        })
    }

    /// Unites what must not be apart.
    pub(super) fn unite_families(&mut self) {
        let mut a = 0;
        while a < self.blocks.len() {
            let apart = |b: &usize| {
                self.blocks[*b].class == self.blocks[a].class
                    && !self.blocks[*b].families.is_disjoint(&self.blocks[a].families)
            };
            match (a + 1..self.blocks.len()).find(apart) {
                Some(b) => self.unite(a, b),
                None => a += 1,
            }
        }
    }

    /// Unites what costs least to unite, while there are more than `room`, and where `paying`
    /// also what saves something even if no other user does the same.
    pub(super) fn unite_most(&mut self, room: usize, paying: bool) {
        if !paying && self.blocks.len() <= room {
            return;
        }
        let mut best: Vec<Option<(f64, usize)>> =
            (0..self.blocks.len()).map(|place| self.best_after(place)).collect();
        while let Some((cost, a, b)) = cheapest(&best) {
            if self.blocks.len() <= room && (cost >= 0.0 || !paying) {
                return;
            }
            self.unite(a, b);
            best.remove(b);
            self.renew(&mut best, a, b);
        }
    }

    /// Unites two layers; the one at `b` is gone then.
    fn unite(&mut self, a: usize, b: usize) {
        let gone = self.blocks.remove(b);
        let kept = &mut self.blocks[a];
        kept.items.extend(gone.items);
        kept.families.extend(gone.families);
        kept.users.intersect_with(&gone.users);
        kept.images = count(kept.users.count_ones(..));
        kept.load = kept.load.and(gone.load);
    }

    /// Returns what the union with some later layer costs at least, and with which.
    fn best_after(&self, a: usize) -> Option<(f64, usize)> {
        let mut best = None;
        for b in a + 1..self.blocks.len() {
            if let Some(cost) = self.cost_of_union(a, b) {
                better(&mut best, cost, b);
            }
        }
        best
    }

    /// Returns how much more the user pays for two layers as one.
    ///
    /// A layer that others can have as well stays there for them, so only its copy is saved.
    fn cost_of_union(&self, a: usize, b: usize) -> Option<f64> {
        let (a, b) = (&self.blocks[a], &self.blocks[b]);
        let images = count(a.users.intersection_count(&b.users));
        let saved = |block: &Block| {
            let alone = block.users.count_ones(..) == a.users.intersection_count(&b.users);
            if alone {
                objective::part(block.load, block.images)
            } else {
                objective::copy(block.load)
            }
        };
        let united = || objective::part(a.load.and(b.load), images);
        (a.class == b.class).then(|| united() - saved(a) - saved(b))
    }

    /// Finds the best unions anew after that of `a` with the one that was at `b`.
    fn renew(&self, best: &mut [Option<(f64, usize)>], a: usize, b: usize) {
        for (place, best) in best.iter_mut().enumerate() {
            let stale = best.is_some_and(|(_, with)| with == a || with == b);
            if place == a || stale {
                *best = self.best_after(place);
                continue;
            }
            if let Some((_, with)) = best
                && *with > b
            {
                *with -= 1;
            }
            if place < a
                && let Some(cost) = self.cost_of_union(place, a)
            {
                better(best, cost, a);
            }
        }
    }
}

/// Notes a union if it is cheaper, or as cheap and earlier.
fn better(best: &mut Option<(f64, usize)>, cost: f64, with: usize) {
    if best.is_none_or(|(least, other)| (cost, with) < (least, other)) {
        *best = Some((cost, with));
    }
}

/// Returns the cheapest union: its cost and both places.
fn cheapest(best: &[Option<(f64, usize)>]) -> Option<(f64, usize, usize)> {
    let unions = best.iter().enumerate();
    let unions = unions.filter_map(|(a, best)| best.map(|(cost, b)| (cost, a, b)));
    unions.min_by(|one, other| one.0.total_cmp(&other.0))
}
