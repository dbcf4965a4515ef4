//! The question, and the form of its answer.

use fixedbitset::FixedBitSet;

/// What is to be laid out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instance {
    /// The items. What is done does not depend on their order, but where two ways cost the
    /// same, the items that come first decide.
    pub(crate) items: Vec<Item>,
    /// For each user, how many blocks it may have; one for each class is always allowed.
    pub(crate) room: Vec<usize>,
}

/// Something that users need.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Only items of one class can be in one layer.
    pub(crate) class: usize,
    /// The users that need it: at least one.
    pub(crate) users: FixedBitSet,
    /// What it takes to install, store and move its bytes once, in milliseconds.
    pub(crate) work: f64,
    /// How often it changes in a month.
    pub(crate) volatility: f64,
    /// Items of one family and class that one user has stay in one layer.
    pub(crate) family: Option<usize>,
}

/// Items that are one layer of some users.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    /// Places of the items in the instance, ascending: at least one.
    pub(crate) items: Vec<usize>,
    /// The users that have exactly this layer, ascending: at least one.
    pub(crate) users: Vec<usize>,
}

/// The sums over some items that prices are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Load {
    /// Milliseconds, see [`Item::work`].
    pub(super) work: f64,
    /// Changes in a month.
    pub(super) volatility: f64,
}

impl Load {
    /// Returns the load of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { work: self.work + other.work, volatility: self.volatility + other.volatility }
    }
}

impl Item {
    /// Returns what it adds to a layer.
    pub(super) fn load(&self) -> Load {
        Load { work: self.work, volatility: self.volatility }
    }
}

/// Returns a number of images to calculate with.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2⁵² images")]
pub(super) fn count(number: usize) -> f64 {
    number as f64
}
