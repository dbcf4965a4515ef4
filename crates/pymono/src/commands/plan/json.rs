//! A plan for programs.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::{ServiceName, TreePath};
use pymono_plan::{
    BuildPlan, Bytes, Estimate, HandwrittenImage, Layer, Stage, StageKind, StageName,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::measured::Measured;

#[derive(JsonSchema, Serialize)]
pub(crate) struct PlanJson<'a> {
    version: u32,
    stages: Vec<StageRow<'a>>,
    images: Vec<ImageRow<'a>>,
    handwritten: Vec<HandwrittenRow<'a>>,
    distributions: Vec<DistributionRow<'a>>,
    totals: Totals,
    /// What the images that were built take up, with `--measured`.
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<MeasuredRows<'a>>,
}

/// Bytes of layers as they are in a file system.
#[derive(JsonSchema, Serialize)]
struct MeasuredRows<'a> {
    images: Vec<MeasuredImageRow<'a>>,
    stages: Vec<MeasuredStageRow<'a>>,
    /// All layers, each once.
    unique: u64,
    /// The layers of each image.
    whole: u64,
}

#[derive(JsonSchema, Serialize)]
struct MeasuredImageRow<'a> {
    name: &'a ServiceName,
    /// Those of the base included.
    layers: usize,
    bytes: u64,
    /// Layers that no other image of this repository has.
    own: u64,
    /// Layers that another one has as well.
    shared: u64,
    /// Its distributions as they were expected.
    expected: u64,
    /// The layers that these are in.
    distributions: u64,
}

#[derive(JsonSchema, Serialize)]
struct MeasuredStageRow<'a> {
    name: &'a str,
    bytes: u64,
    /// What was expected, for stages of distributions.
    expected: Option<u64>,
}

impl<'a> From<&'a Measured> for MeasuredRows<'a> {
    fn from(Measured { images, stages, unique, whole }: &'a Measured) -> Self {
        let images = images.iter().map(|(name, image)| MeasuredImageRow {
            name,
            layers: image.layers,
            bytes: image.bytes,
            own: image.own,
            shared: image.shared(),
            expected: image.expected,
            distributions: image.distributions,
        });
        let stages = stages.iter().map(|(name, stage)| MeasuredStageRow {
            name: name.as_str(),
            bytes: stage.bytes,
            expected: stage.expected,
        });
        let (images, stages) = (images.collect(), stages.collect());
        Self { images, stages, unique: *unique, whole: *whole }
    }
}

#[derive(JsonSchema, Serialize)]
struct StageRow<'a> {
    name: &'a str,
    kind: &'static str,
    users: &'a BTreeSet<ServiceName>,
    distributions: Vec<Pin<'a>>,
    package: Option<&'a TreePath>,
    bytes: Option<BytesRow>,
}

#[derive(JsonSchema, Serialize)]
struct Pin<'a> {
    name: &'a str,
    version: Option<&'a str>,
}

#[derive(JsonSchema, Serialize)]
struct ImageRow<'a> {
    name: &'a ServiceName,
    path: &'a TreePath,
    layers: usize,
    stages: Vec<&'a str>,
    bytes: BytesRow,
    own: BytesRow,
}

/// An image that a hand-written Dockerfile builds as it is.
#[derive(JsonSchema, Serialize)]
struct HandwrittenRow<'a> {
    name: &'a ServiceName,
    /// The service's folder; nothing where only other images are built from it.
    path: Option<&'a TreePath>,
    dockerfile: &'a TreePath,
    target: Option<&'a str>,
    context: &'a TreePath,
    args: &'a BTreeMap<String, String>,
    built_from: Vec<&'a ServiceName>,
}

#[derive(JsonSchema, Serialize)]
struct DistributionRow<'a> {
    name: &'a str,
    version: Option<&'a str>,
    images: usize,
    copies: usize,
    bytes: BytesRow,
}

/// The same unit everywhere: estimated bytes of third-party distributions.
#[derive(JsonSchema, Serialize)]
struct BytesRow {
    installed: u64,
    stored: u64,
}

#[derive(JsonSchema, Serialize)]
struct Totals {
    shared: BytesRow,
    unshared: BytesRow,
    /// Distributions that more than one stage installs.
    split: usize,
}

impl From<Bytes> for BytesRow {
    fn from(Bytes { installed, stored }: Bytes) -> Self {
        Self { installed, stored }
    }
}

/// Returns the stages in order of the Dockerfile, the images by name, and the distributions
/// by name and version.
pub(super) fn json(plan: &BuildPlan, estimate: &Estimate, measured: Option<&Measured>) -> String {
    let split = estimate.distributions.iter().filter(|one| one.copies > 1).count();
    let json = PlanJson {
        version: 1,
        stages: plan.stages.iter().map(|stage| stage_row(stage, estimate)).collect(),
        images: plan.images.keys().filter_map(|name| image_row(name, plan, estimate)).collect(),
        handwritten: plan.handwritten.iter().map(handwritten_row).collect(),
        distributions: distributions(estimate),
        totals: Totals {
            shared: estimate.shared.into(),
            unshared: estimate.unshared.into(),
            split,
        },
        measured: measured.map(MeasuredRows::from),
    };
    // Only a map with keys that are no strings could make this fail.
    serde_json::to_string_pretty(&json).unwrap_or_default()
}

fn stage_row<'a>(stage: &'a Stage, estimate: &Estimate) -> StageRow<'a> {
    let (distributions, package) = match &stage.kind {
        StageKind::Dependencies(dependencies) => {
            let pins = dependencies.requirements.iter().map(|requirement| Pin {
                name: requirement.name.as_ref(),
                version: requirement.version.as_deref(),
            });
            (pins.collect(), None)
        }
        StageKind::Package(build) => (Vec::new(), Some(&build.path)),
        _ => (Vec::new(), None),
    };
    StageRow {
        name: stage.name.as_str(),
        kind: kind(&stage.kind),
        users: &stage.users,
        distributions,
        package,
        bytes: estimate.stages.get(&stage.name).map(|bytes| (*bytes).into()),
    }
}

fn kind(kind: &StageKind) -> &'static str {
    match kind {
        StageKind::Uv { .. } => "uv",
        StageKind::Base { .. } => "base",
        StageKind::Toolchain { .. } => "toolchain",
        StageKind::Dependencies(_) => "dependencies",
        StageKind::Open { .. } => "open",
        StageKind::Backend { .. } => "backend",
        StageKind::Crates(_) => "crates",
        StageKind::Package(_) => "package",
        StageKind::Files { .. } => "files",
        StageKind::Included(_) => "included",
        StageKind::Steps(_) => "steps",
        StageKind::Runtime { .. } => "runtime",
    }
}

fn image_row<'a>(
    name: &'a ServiceName,
    plan: &'a BuildPlan,
    estimate: &Estimate,
) -> Option<ImageRow<'a>> {
    let (image, of) = (plan.images.get(name)?, estimate.images.get(name)?);
    let parts = image.layers.iter().filter_map(Layer::stage);
    Some(ImageRow {
        name,
        path: &image.path,
        layers: of.layers,
        stages: plan.runtimes(image).into_iter().chain(parts).map(StageName::as_str).collect(),
        bytes: of.bytes.into(),
        own: of.own.into(),
    })
}

fn handwritten_row<'a>(
    (name, image): (&'a ServiceName, &'a HandwrittenImage),
) -> HandwrittenRow<'a> {
    HandwrittenRow {
        name,
        path: (!image.is_ground).then_some(&image.path),
        dockerfile: &image.dockerfile,
        target: image.target.as_deref(),
        context: &image.context,
        args: &image.args,
        built_from: image.grounds().collect(),
    }
}

fn distributions(estimate: &Estimate) -> Vec<DistributionRow<'_>> {
    let rows = estimate.distributions.iter().map(|one| DistributionRow {
        name: one.name.as_ref(),
        version: one.version.as_deref(),
        images: one.images,
        copies: one.copies,
        bytes: one.bytes.into(),
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| (row.name, row.version));
    rows
}
