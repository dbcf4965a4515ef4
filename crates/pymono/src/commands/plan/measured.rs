//! What the images that were built take up, beside what was expected.

use std::collections::{BTreeMap, BTreeSet};

use pymono_buildx::{Docker, ImageLayer};
use pymono_names::ServiceName;
use pymono_plan::{Estimate, Image, Layer, StageName};

use crate::{
    commands::build::{LABEL, fingerprints},
    error::CommandError,
    load::Loaded,
    session::Session,
};

/// What real images take up, in bytes of a file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Measured {
    /// The images that are there, by service.
    pub(super) images: BTreeMap<ServiceName, MeasuredImage>,
    /// The stages that an image has a layer of.
    pub(super) stages: BTreeMap<StageName, MeasuredStage>,
    /// All layers, each once.
    pub(super) unique: u64,
    /// The layers of each image.
    pub(super) whole: u64,
}

/// One image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MeasuredImage {
    /// Layers, those of the base included.
    pub(super) layers: usize,
    /// All of it.
    pub(super) bytes: u64,
    /// Its layers that no other image of this repository has.
    pub(super) own: u64,
    /// Its distributions as they were expected.
    pub(super) expected: u64,
    /// The layers that these are in.
    pub(super) distributions: u64,
}

/// One stage of which images have a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MeasuredStage {
    /// That layer.
    pub(super) bytes: u64,
    /// What was expected, for stages of distributions.
    pub(super) expected: Option<u64>,
}

impl MeasuredImage {
    /// Returns its layers that another image has as well.
    pub(super) fn shared(&self) -> u64 {
        self.bytes.saturating_sub(self.own)
    }
}

/// Asks the engine for the images that were built; of those that are missing or of other inputs, a warning says so.
pub(super) fn measure(
    session: &mut Session,
    loaded: &Loaded,
    estimate: &Estimate,
) -> Result<Measured, CommandError> {
    let docker = Docker::new(session.root.clone(), session.env.clone());
    docker.check(&session.interrupt)?;
    let fingerprints = fingerprints(session, loaded)?;
    let mut found = BTreeMap::new();
    for (service, image) in &loaded.plan.images {
        session.go_on()?;
        let Some(reference) = image.settings.references.first() else { continue };
        let Some(label) = docker.label(reference, LABEL, &session.interrupt)? else {
            let message = format!("there is no image `{reference}` of `{service}`; build it first");
            session.shell.warn(message)?;
            continue;
        };
        if fingerprints.get(service).is_none_or(|it| it.as_str() != label) {
            let message = format!(
                "`{reference}` was built before something that `{service}` is made of changed"
            );
            session.shell.warn(message)?;
        }
        if let Some(layers) = docker.layers(reference, &session.interrupt)? {
            found.insert(service.clone(), layers);
        } else {
            let message =
                format!("the engine does not tell how big the layers of `{reference}` are");
            session.shell.warn(message)?;
        }
    }
    Ok(sum_up(&loaded.plan.images, &found, estimate))
}

/// Adds up what the layers of some images take up.
fn sum_up(
    images: &BTreeMap<ServiceName, Image>,
    found: &BTreeMap<ServiceName, Vec<ImageLayer>>,
    estimate: &Estimate,
) -> Measured {
    let mut users = BTreeMap::<&str, BTreeSet<&ServiceName>>::new();
    let mut sizes = BTreeMap::new();
    for (service, layers) in found {
        for layer in layers {
            users.entry(&layer.digest).or_default().insert(service);
            sizes.insert(&layer.digest, layer.bytes);
        }
    }
    let mut measured = Measured { unique: sizes.values().sum(), ..Measured::default() };
    for (service, layers) in found {
        let is_own = |layer: &&ImageLayer| users[layer.digest.as_str()].len() == 1;
        let sum = |layers: &mut dyn Iterator<Item = &ImageLayer>| layers.map(|it| it.bytes).sum();
        let mut image = MeasuredImage {
            layers: layers.len(),
            bytes: sum(&mut layers.iter()),
            own: sum(&mut layers.iter().filter(is_own)),
            ..MeasuredImage::default()
        };
        measured.whole += image.bytes;
        for (stage, bytes) in of_stages(images.get(service), layers) {
            let expected = estimate.stages.get(stage).map(|it| it.installed);
            measured.stages.insert(stage.clone(), MeasuredStage { bytes, expected });
            if let Some(expected) = expected {
                image.expected += expected;
                image.distributions += bytes;
            }
        }
        measured.images.insert(service.clone(), image);
    }
    measured
}

/// Returns the stages of which an image has layers, and their bytes: its last layers that are copied.
fn of_stages<'a>(
    image: Option<&'a Image>,
    layers: &[ImageLayer],
) -> impl Iterator<Item = (&'a StageName, u64)> {
    let planned: Vec<_> = image.iter().flat_map(|image| &image.layers).map(Layer::stage).collect();
    let copied = layers.iter().filter(|layer| layer.instruction.starts_with("COPY"));
    let copied: Vec<u64> = copied.map(|layer| layer.bytes).collect();
    let first = copied.len().saturating_sub(planned.len());
    let pairs: Vec<_> = planned.into_iter().zip(copied.into_iter().skip(first)).collect();
    pairs.into_iter().filter_map(|(stage, bytes)| Some((stage?, bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(digest: &str, bytes: u64) -> ImageLayer {
        ImageLayer { digest: digest.into(), bytes, instruction: "COPY".into() }
    }

    #[test]
    fn a_layer_that_two_images_have_is_unique_once_and_own_to_neither() {
        let api = vec![layer("base", 100), layer("deps", 10), layer("api", 1)];
        let web = vec![layer("base", 100), layer("deps", 10), layer("web", 2)];
        let found = [("api", api), ("web", web)];
        let found = found.map(|(name, layers)| (ServiceName::slug(name), layers));
        let estimate = pymono_plan::plan(
            &pymono_plan::assemble(
                &pymono_workspace::Workspace::default(),
                pymono_plan::StaleLocks::Used,
            )
            .0,
        )
        .estimate();
        let measured = sum_up(&BTreeMap::new(), &found.into(), &estimate);
        assert_eq!((measured.unique, measured.whole), (113, 223));
        let api = &measured.images[&ServiceName::slug("api")];
        assert_eq!((api.layers, api.bytes, api.own, api.shared()), (3, 111, 1, 110));
    }
}
