//! What a layer costs, and a fleet.

use super::instance::Load;
#[cfg(test)]
use super::instance::{Group, Instance};

/// One `RUN` that installs, without the bytes that it installs, in milliseconds.
///
/// Measured: 270 for the container alone, 700 with uv and one small distribution on a machine
/// that others used as well; less where it is idle.
const RUN: f64 = 500.0;

/// One layer in one image, in milliseconds: its `COPY --link`, its share of the export and
/// of the upload of a manifest.
pub(crate) const COPY: f64 = 25.0;

/// What an image costs beside its layers, in milliseconds: its client, manifest and export.
#[cfg(test)]
pub(super) const IMAGE: f64 = 350.0;

/// How often in a month everything is made anew: bases have a release about weekly.
const REBUILDS: f64 = 4.0;

/// Returns what it costs to make a layer once, for all of `images` that have it, in milliseconds.
pub(super) fn making(load: Load, images: f64) -> f64 {
    RUN + COPY * images + load.work
}

/// Returns what a layer of so many images costs, in milliseconds a month.
pub(super) fn layer(load: Load, images: f64) -> f64 {
    (REBUILDS + load.volatility) * making(load, images)
}

/// Returns one image's part of what a layer costs that so many images share alike.
pub(super) fn part(load: Load, images: f64) -> f64 {
    layer(load, images) / images
}

/// Returns what one image saves that does not have a layer which stays there for others.
pub(super) fn copy(load: Load) -> f64 {
    (REBUILDS + load.volatility) * COPY
}

/// Returns what a whole plan costs, in milliseconds a month.
#[cfg(test)]
pub(super) fn fleet(instance: &Instance, groups: &[Group]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2⁵² images")]
    let count = |number: usize| number as f64;
    let layers = groups.iter().map(|group| {
        let items = group.items.iter().map(|item| instance.items[*item].load());
        layer(items.fold(Load::default(), Load::and), count(group.users.len()))
    });
    let images = REBUILDS * IMAGE * count(instance.room.len());
    layers.sum::<f64>() + images
}
