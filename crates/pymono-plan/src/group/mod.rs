//! Which third-party distributions are one layer: the question in the abstract, what a
//! plan costs, and an answer near the cheapest.
//!
//! Nothing here knows what a distribution is. An [`Instance`] has items with a size, a
//! volatility, a class and users; [`solve`] gives each user its items as blocks, and equal
//! blocks of several users are one [`Group`], installed and stored once.
//!
//! # What a plan costs
//!
//! Everything is told in milliseconds of a build machine in a month ([`objective`]):
//!
//! ```text
//! fleet   = Σ over layers (REBUILDS + volatility) × making  +  images × REBUILDS × IMAGE
//! making  = RUN + COPY × images that have it + work of its items
//! work    = installed bytes × INSTALLED + stored bytes × STORED
//! ```
//!
//! A layer is made anew when everything is (its base changed, a builder is new) and when
//! one of its items changes; then all of its bytes are installed, pushed and pulled again,
//! so what changes often should not lie with what is big. An item that two layers hold is
//! paid twice. Where each figure comes from stands beside it.
//!
//! # Why each service decides for itself
//!
//! The blocks of a service follow from its own items and who else has each of these, and
//! from nothing else ([`solve`]). So a change can move layers of those services only that
//! have an item of it themselves: whoever shares nothing with a new service, or with a pin
//! that moves, keeps every layer. The price for that is a plan that may be a little over
//! the optimum, which knows all of everybody's items; a test holds it near.

mod blocks;
mod cut;
#[cfg(test)]
mod exhaustive;
mod families;
mod improve;
mod instance;
mod layer;
mod objective;
mod size;
mod solve;
#[cfg(test)]
mod tests;

pub(crate) use families::family;
#[cfg(test)]
use instance::Group;
pub(crate) use instance::{Instance, Item};
pub(crate) use size::Size;
pub(crate) use solve::solve;
