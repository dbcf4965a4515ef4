//! What a plan is expected to take up, and what sharing saves.
//!
//! Bytes of third-party distributions are estimated from the sizes of their artifacts, which
//! locks tell; where one does not, they are those of an artifact of the usual size. Local
//! packages and bases are not counted: their bytes are the same with and without sharing, or
//! not known before they are built.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;
use pymono_names::ServiceName;

use crate::{
    BuildPlan, Dependencies, Image, Layer, Requirement, StageKind, StageName, group::Size,
};

/// Estimated bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes {
    /// In a file system, byte code included.
    pub installed: u64,
    /// In a registry, compressed.
    pub stored: u64,
}

/// What a plan is expected to take up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The distributions of each stage that installs some.
    pub stages: BTreeMap<StageName, Bytes>,
    /// The images, by service.
    pub images: BTreeMap<ServiceName, ImageEstimate>,
    /// The distributions, those first that would take up most if no image shared them.
    pub distributions: Vec<DistributionEstimate>,
    /// All distributions as they are planned: what stages share is there once.
    pub shared: Bytes,
    /// All distributions if each image had a copy of its own.
    pub unshared: Bytes,
}

/// What one image is expected to take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageEstimate {
    /// How many layers it has on top of its lowest runtime.
    pub layers: usize,
    /// Its distributions.
    pub bytes: Bytes,
    /// Those of its distributions that only it gets from their stages.
    pub own: Bytes,
}

/// One distribution in all images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionEstimate {
    /// Its name.
    pub name: PackageName,
    /// Its version; a source tree may have none.
    pub version: Option<String>,
    /// One copy.
    pub bytes: Bytes,
    /// How many images have it.
    pub images: usize,
    /// How many stages install it: those with one Python and another, and those to which it
    /// was given because a layer of its own costs more than a copy.
    pub copies: usize,
}

impl Bytes {
    /// Returns the estimate for one distribution.
    pub(crate) fn of(requirement: &Requirement) -> Self {
        let size = Size::of(requirement.size);
        Self { installed: size.installed(), stored: size.stored() }
    }

    /// Returns so many times these bytes.
    #[must_use]
    pub fn times(self, number: usize) -> Self {
        let number = number as u64;
        Self {
            installed: self.installed.saturating_mul(number),
            stored: self.stored.saturating_mul(number),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            installed: self.installed.saturating_add(other.installed),
            stored: self.stored.saturating_add(other.stored),
        }
    }

    fn sum(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::default(), Self::and)
    }
}

impl DistributionEstimate {
    /// Returns what all images' copies would take up if none were shared.
    pub fn unshared(&self) -> Bytes {
        self.bytes.times(self.images)
    }
}

impl BuildPlan {
    /// Returns what the images are expected to take up.
    pub fn estimate(&self) -> Estimate {
        let stages: BTreeMap<StageName, Bytes> = dependencies(self)
            .map(|(stage, dependencies, _)| {
                let bytes = dependencies.requirements.iter().map(Bytes::of);
                (stage.clone(), Bytes::sum(bytes))
            })
            .collect();
        let images = self
            .images
            .iter()
            .map(|(service, image)| (service.clone(), image_estimate(self, &stages, image)));
        let images: BTreeMap<_, _> = images.collect();
        Estimate {
            distributions: distributions(self),
            shared: Bytes::sum(stages.values().copied()),
            unshared: Bytes::sum(images.values().map(|image| image.bytes)),
            stages,
            images,
        }
    }
}

/// Returns the stages that install distributions.
fn dependencies(
    plan: &BuildPlan,
) -> impl Iterator<Item = (&StageName, &Dependencies, &BTreeSet<ServiceName>)> {
    plan.stages.iter().filter_map(|stage| match &stage.kind {
        StageKind::Dependencies(dependencies) => Some((&stage.name, dependencies, &stage.users)),
        _ => None,
    })
}

fn image_estimate(
    plan: &BuildPlan,
    stages: &BTreeMap<StageName, Bytes>,
    image: &Image,
) -> ImageEstimate {
    let (mut bytes, mut own) = (Bytes::default(), Bytes::default());
    for layer in &image.layers {
        let Layer::Environment(stage) = layer else { continue };
        let Some(more) = stages.get(stage) else { continue };
        bytes = bytes.and(*more);
        if plan.stage(stage).is_some_and(|stage| stage.users.len() == 1) {
            own = own.and(*more);
        }
    }
    ImageEstimate { layers: plan.layers(image), bytes, own }
}

fn distributions(plan: &BuildPlan) -> Vec<DistributionEstimate> {
    let mut found = BTreeMap::<_, DistributionEstimate>::new();
    for (_, dependencies, users) in dependencies(plan) {
        for requirement in &dependencies.requirements {
            let Requirement { name, version, origin, .. } = requirement;
            let one = found.entry((name, version, origin)).or_insert_with(|| {
                let (name, version) = (name.clone(), version.clone());
                let bytes = Bytes::of(requirement);
                DistributionEstimate { name, version, bytes, images: 0, copies: 0 }
            });
            one.images += users.len();
            one.copies += 1;
        }
    }
    let mut distributions: Vec<_> = found.into_values().collect();
    // Stable: what is equal stays in order of name.
    distributions.sort_by_key(|one| std::cmp::Reverse(one.unshared().stored));
    distributions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_bytes_never_wrap() {
        let bytes = Bytes { installed: u64::MAX, stored: 2 };
        assert_eq!(bytes.times(3), Bytes { installed: u64::MAX, stored: 6 });
        assert_eq!(Bytes::sum([bytes, bytes]).stored, 4);
    }
}
