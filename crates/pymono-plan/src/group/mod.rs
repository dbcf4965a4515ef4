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
//! # What was measured
//!
//! Engine 28.5 with the containerd store, buildx 0.29, two cores that others used as well;
//! medians of three. Warm download caches, byte code compiled.
//!
//! | step | seconds |
//! |---|---:|
//! | `RUN true` | 0.27 |
//! | `RUN uv pip install` of 1, 5, 20 small distributions | 0.71, 0.73, 1.06 |
//! | the same of numpy, pandas, botocore, scipy (16, 12, 17, 35 MB) | 3.3, 5.7, 0.9, 3.5 |
//! | `COPY --link` of 1, 10, 50 MB | 0.02, 0.05, 0.18 |
//! | export and load of 1, 10, 40 layers of 100 kB | 0.03, 0.04, 0.09 |
//! | export and push of 1, 10, 40 layers of 100 kB | 0.07, 0.14, 0.47 |
//! | export and push of one layer of 10, 50 MB | 0.19, 0.30 |
//! | a whole build of an image of which all is cached | 0.33 to 0.45 |
//!
//! Of 31 popular wheels for CPython 3.13 the smaller ones (under 1 MB, nearly all pure) are 4
//! times their size unpacked, 8 times with byte code, and 2.6 times as a compressed layer; the
//! others 2.9, 3.9 and 1.3 times. 3,900 package-months of `uv.lock` histories of two public
//! repositories had 0.06 changes a month for a wheel under 100 kB, 0.10 under 1 MB, 0.18 above.
//!
//! # Why each service decides with its neighbours alone
//!
//! The layers of a service follow from those services that have an item in common with it,
//! and from nothing else. So whoever shares nothing with a new service keeps every layer.
//! That costs something: the best layers of all may depend on services further away. `a`
//! needs p and q, `b` needs q and r; whether q should lie in a layer for both depends on
//! whether `a` has a layer of its own, and so on who else needs p, with which `b` has nothing
//! to do. Where all services need some one package all are neighbours, and answers are the
//! best of all in nearly all small fleets. Where they share in chains, some are well above it;
//! tests count both.
//!
//! Versions are no part of an instance, and sizes are rounded to powers of two ([`Size`]): a
//! new version moves nothing, unless its size is in another power of two.

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
pub(crate) use objective::COPY;
pub(crate) use size::Size;
pub(crate) use solve::solve;
