//! One layer of a fleet on its way to a good answer.

use fixedbitset::FixedBitSet;

use super::{
    instance::{Item, Load, count},
    objective,
};

/// How many ways to spread items over layers are looked at.
const MOST_WAYS: usize = 64;

/// How many layers are looked at, those of most users first.
const MOST_CHOICES: usize = 32;

/// Some items for some users.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    pub(super) class: usize,
    pub(super) users: FixedBitSet,
    /// Places of the items, ascending: at least one.
    pub(super) items: Vec<usize>,
    pub(super) load: Load,
}

impl Layer {
    pub(super) fn new(all: &[Item], users: FixedBitSet, mut items: Vec<usize>) -> Self {
        items.sort_unstable();
        let loads = items.iter().map(|item| all[*item].load());
        let load = loads.fold(Load::default(), Load::and);
        Self { class: all[items[0]].class, users, items, load }
    }

    /// Returns what remains of it without these items, if anything does.
    pub(super) fn without(&self, all: &[Item], items: &[usize]) -> Option<Self> {
        let rest = self.items.iter().filter(|item| !items.contains(item));
        let rest: Vec<usize> = rest.copied().collect();
        (!rest.is_empty()).then(|| Self::new(all, self.users.clone(), rest))
    }

    pub(super) fn cost(&self) -> f64 {
        self.cost_with(Load::default())
    }

    /// Returns what it would cost with more in it.
    fn cost_with(&self, more: Load) -> f64 {
        objective::layer(self.load.and(more), count(self.users.count_ones(..)))
    }
}

/// How items are given to their users: by layers that are there, and one more for the rest.
pub(super) struct Spread {
    /// What that adds to the cost of the fleet.
    pub(super) cost: f64,
    /// Places of the layers that take the items up.
    pub(super) layers: Vec<usize>,
    /// The users that get a layer of these items alone.
    pub(super) left: FixedBitSet,
}

impl Spread {
    /// Returns the cheapest way found to give what `unit` holds to its users.
    ///
    /// `layers` are of its class and for some of its users.
    /// `left` is what it costs for each user, beyond what it does cost, to get these items in a
    /// layer of their own.
    pub(super) fn of<'a>(
        layers: impl Iterator<Item = (usize, &'a Layer)>,
        unit: &Layer,
        left: f64,
    ) -> Self {
        let choice = |(place, layer): (usize, &Layer)| Choice {
            place,
            users: layer.users.clone(),
            size: layer.users.count_ones(..),
            cost: layer.cost_with(unit.load) - layer.cost(),
        };
        let mut choices: Vec<Choice> = layers.map(choice).collect();
        choices.sort_by(|a, b| {
            b.size.cmp(&a.size).then(a.cost.total_cmp(&b.cost)).then(a.place.cmp(&b.place))
        });
        choices.truncate(MOST_CHOICES);
        let cost = unit.cost() + left * count(unit.users.count_ones(..));
        let best = Self { cost, layers: Vec::new(), left: unit.users.clone() };
        let mut looking =
            Looking { choices, unit, fine: left, ways: MOST_WAYS, taken: Vec::new(), best };
        looking.look(0, &unit.users, 0.0);
        looking.best
    }
}

/// A layer that could take the items up.
struct Choice {
    place: usize,
    users: FixedBitSet,
    size: usize,
    cost: f64,
}

struct Looking<'a> {
    choices: Vec<Choice>,
    unit: &'a Layer,
    fine: f64,
    ways: usize,
    taken: Vec<usize>,
    best: Spread,
}

impl Looking<'_> {
    /// Looks at the choices from `next` on for the users that are left.
    fn look(&mut self, next: usize, left: &FixedBitSet, cost: f64) {
        if self.ways == 0 || cost >= self.best.cost {
            return;
        }
        self.ways -= 1;
        let rest = match left.count_ones(..) {
            0 => 0.0,
            users => objective::layer(self.unit.load, count(users)) + self.fine * count(users),
        };
        if cost + rest < self.best.cost && !self.taken.is_empty() {
            let (layers, left) = (self.taken.clone(), left.clone());
            self.best = Spread { cost: cost + rest, layers, left };
        }
        for place in next..self.choices.len() {
            let choice = &self.choices[place];
            if choice.users.is_subset(left) {
                let mut left = left.clone();
                left.difference_with(&choice.users);
                let cost = cost + choice.cost;
                self.taken.push(choice.place);
                self.look(place + 1, &left, cost);
                self.taken.pop();
            }
        }
    }
}
