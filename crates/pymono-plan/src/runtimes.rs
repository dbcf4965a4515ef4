//! Which runtimes stand on which others: one with few system packages below those that have more.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    iter,
};

use pymono_names::Libc;

use crate::{Fleet, Service, group::COPY};

/// What it takes to install one system package with all that it brings, and to store it, in milliseconds.
///
/// The median of ten, downloaded before, on two cores and beside what apt takes without any: 400 (tini, tree), 600 (libpq5), 1100
/// (curl), 2600 (git), 14,800 (ffmpeg). How big one is nothing in the tree tells.
const PACKAGE: f64 = 600.0;

/// So many stand on one another at most: each is a layer of the images on top.
const HIGHEST: usize = 4;

/// Sets of system packages, and how many services run with each.
type Sets<'a> = BTreeMap<&'a BTreeSet<String>, usize>;

/// What runtimes have in common that can stand on one another: image, C library and user.
type Ground<'a> = (&'a str, Libc, u32);

/// For each ground and each set of system packages, the set of the runtime below.
pub(crate) struct Runtimes<'a>(
    BTreeMap<Ground<'a>, BTreeMap<&'a BTreeSet<String>, &'a BTreeSet<String>>>,
);

impl<'a> Runtimes<'a> {
    /// Finds them for a fleet.
    ///
    /// What is below a runtime follows from services that have some of its packages, so nobody else moves its layers.
    pub(crate) fn of(fleet: &'a Fleet) -> Self {
        let mut grounds = BTreeMap::<Ground<'a>, Sets<'a>>::new();
        for service in fleet.services.values().filter(|it| !it.apt.is_empty()) {
            *grounds.entry(ground(service)).or_default().entry(&service.apt).or_default() += 1;
        }
        Self(grounds.into_iter().map(|(ground, sets)| (ground, all_below(&sets))).collect())
    }

    /// Returns the packages of the runtime below the one with `apt`; nothing where it stands on the image.
    pub(crate) fn below(
        &self,
        service: &Service,
        apt: &BTreeSet<String>,
    ) -> Option<&'a BTreeSet<String>> {
        self.0.get(&ground(service))?.get(apt).copied()
    }
}

fn ground(service: &Service) -> Ground<'_> {
    (&service.runtime_image, service.environment.libc, service.user)
}

fn all_below<'a>(sets: &Sets<'a>) -> BTreeMap<&'a BTreeSet<String>, &'a BTreeSet<String>> {
    let parts: BTreeMap<_, _> =
        sets.keys().filter_map(|apt| Some((*apt, largest_part(sets, apt)?))).collect();
    let part = |apt: &&'a BTreeSet<String>| parts.get(apt).copied();
    let is_low = |apt: &&'a BTreeSet<String>| iter::successors(Some(*apt), part).count() < HIGHEST;
    let found = parts.keys().filter_map(|apt| {
        let with_it = sets.iter().filter(|(it, _)| apt.is_subset(it)).map(|(_, images)| images);
        let images = with_it.sum();
        // What would stand too high stands on one further down, and installs more by itself.
        let below = iter::successors(part(apt), part).find(is_low)?;
        pays(below, images).then_some((*apt, below))
    });
    found.collect()
}

/// Returns the largest of the sets that are a part of `apt`.
fn largest_part<'a>(sets: &Sets<'a>, apt: &BTreeSet<String>) -> Option<&'a BTreeSet<String>> {
    let parts = sets.keys().filter(|it| it.len() < apt.len() && it.is_subset(apt));
    parts.max_by_key(|it| (it.len(), Reverse(**it))).copied()
}

/// Returns whether installing these packages once more costs more than one more layer in so many images.
fn pays(packages: &BTreeSet<String>, images: usize) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2⁵² of either")]
    let (packages, images) = (packages.len() as f64, images as f64);
    PACKAGE * packages > COPY * images
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &str) -> BTreeSet<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    /// Returns what is below each of these sets, which so many services have.
    fn below(sets: &[(&str, usize)]) -> BTreeMap<String, String> {
        let sets: BTreeMap<_, _> =
            sets.iter().map(|(names, number)| (set(names), *number)).collect();
        let text = |it: &BTreeSet<String>| it.iter().cloned().collect::<Vec<_>>().join(" ");
        let found = all_below(&sets.iter().map(|(set, number)| (set, *number)).collect());
        found.into_iter().map(|(apt, below)| (text(apt), text(below))).collect()
    }

    #[test]
    fn the_largest_part_is_below_and_the_first_by_name_of_two_that_are_as_large() {
        let found = below(&[("a", 1), ("b", 1), ("a c", 1), ("a b", 1), ("a b c d", 1), ("e", 1)]);
        let expected = [("a b", "a"), ("a c", "a"), ("a b c d", "a b")];
        assert_eq!(found, expected.map(|(it, below)| (it.to_owned(), below.to_owned())).into());
        // What has nothing in common with others moves nothing.
        assert_eq!(below(&[("a", 1), ("a b", 1), ("z", 100)]).len(), 1);
    }

    #[test]
    fn what_many_images_have_is_one_layer_unless_much_is_below() {
        assert_eq!(below(&[("a", 1), ("a b", 23)]).len(), 1);
        assert_eq!(below(&[("a", 1), ("a b", 24)]).len(), 0);
        assert_eq!(below(&[("a b", 1), ("a b c", 40)]).len(), 1);
        // What is above has its layers, too.
        let found = below(&[("a", 1), ("a b", 1), ("a b c", 39)]);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a b c"]);
    }

    #[test]
    fn no_more_than_four_stand_on_one_another() {
        let names = ["a", "a b", "a b c", "a b c d", "a b c d e", "a b c d e f"];
        let found = below(&names.map(|it| (it, 1)));
        let below = |apt: &str| found.get(apt).map(String::as_str);
        assert_eq!(below("a b c d"), Some("a b c"));
        assert_eq!((below("a b c d e"), below("a b c d e f")), (Some("a b c"), Some("a b c")));
    }
}
