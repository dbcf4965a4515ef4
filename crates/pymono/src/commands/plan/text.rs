//! A plan for people.

use std::collections::BTreeSet;

use pymono_names::ServiceName;
use pymono_plan::{BuildPlan, DistributionEstimate, Estimate, Stage, StageKind};
use pymono_report::{bytes, columns, plural};

use super::measured::Measured;

/// So many distributions are shown: those that matter most.
const MOST_DISTRIBUTIONS: usize = 10;

/// Up to so many services are named.
const MOST_USERS: usize = 3;

/// Returns the stages, the images, the biggest distributions and the sums.
pub(super) fn text(plan: &BuildPlan, estimate: &Estimate, measured: Option<&Measured>) -> String {
    let by_hand = (!plan.handwritten.is_empty()).then(|| handwritten(plan));
    if plan.images.is_empty() {
        return by_hand.unwrap_or_default();
    }
    let parts = [
        Some(stages(plan, estimate)),
        Some(images(plan, estimate)),
        by_hand,
        Some(biggest(estimate)),
        Some(sums(plan, estimate)),
        measured.map(real),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// Returns the images of hand-written Dockerfiles, which share nothing that pymono knows of.
fn handwritten(plan: &BuildPlan) -> String {
    let rows = plan.handwritten.iter().map(|(name, image)| {
        let grounds: Vec<&str> = image.grounds().map(ServiceName::as_str).collect();
        let grounds = if grounds.is_empty() { none() } else { grounds.join(", ") };
        [
            name.to_string(),
            if image.is_ground { none() } else { image.path.to_string() },
            image.dockerfile.to_string(),
            image.target.clone().unwrap_or_else(none),
            image.context.to_string(),
            grounds,
        ]
    });
    columns(["as it is", "path", "dockerfile", "target", "context", "built from"], rows)
}

fn stages(plan: &BuildPlan, estimate: &Estimate) -> String {
    let rows = plan.stages.iter().map(|stage| {
        let size = estimate.stages.get(&stage.name).map(|it| bytes(it.stored));
        [
            stage.name.to_string(),
            what(stage),
            size.unwrap_or_else(none),
            stage.users.len().to_string(),
            some(&stage.users),
        ]
    });
    columns(["stage", "what", "size", "images", "which"], rows)
}

fn what(stage: &Stage) -> String {
    match &stage.kind {
        StageKind::Uv { image } => image.clone(),
        StageKind::Runtime { below, image, apt, .. } => {
            let ground =
                below.as_ref().map_or_else(|| image.clone(), |below| format!("on {below}"));
            with_packages(&ground, apt)
        }
        StageKind::Base { environment, .. } => environment.base_image.clone(),
        StageKind::Toolchain { apt, .. } => with_packages("compilers", apt),
        StageKind::Dependencies(dependencies) => {
            plural(dependencies.requirements.len(), "distribution")
        }
        StageKind::Open { open, .. } => plural(open.requirements.len(), "open requirement"),
        StageKind::Backend { requires, .. } => requires.join(", "),
        StageKind::Crates(crates) => format!("crates for {}", crates.path),
        StageKind::Package(build) => build.path.to_string(),
        StageKind::Files { files, .. } => plural(files.len(), "path"),
        StageKind::Included(included) => plural(included.all().count(), "further path"),
        StageKind::Steps(steps) => plural(steps.steps.len(), "command"),
    }
}

fn with_packages(ground: &str, apt: &BTreeSet<String>) -> String {
    match apt.len() {
        0 => ground.to_owned(),
        number => format!("{ground}, {}", plural(number, "system package")),
    }
}

fn some(users: &BTreeSet<ServiceName>) -> String {
    let named: Vec<&str> = users.iter().take(MOST_USERS).map(ServiceName::as_str).collect();
    let named = named.join(", ");
    match users.len().saturating_sub(MOST_USERS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn images(plan: &BuildPlan, estimate: &Estimate) -> String {
    let rows = estimate.images.iter().map(|(service, image)| {
        let path = plan.images.get(service).map(|image| image.path.to_string());
        [
            service.to_string(),
            path.unwrap_or_default(),
            image.layers.to_string(),
            bytes(image.bytes.stored),
            bytes(image.own.stored),
        ]
    });
    columns(["image", "path", "layers", "size", "of its own"], rows)
}

fn biggest(estimate: &Estimate) -> String {
    let rows = estimate.distributions.iter().take(MOST_DISTRIBUTIONS).map(|one| {
        let DistributionEstimate { name, version, bytes: size, images, copies } = one;
        [
            name.to_string(),
            version.clone().unwrap_or_else(none),
            bytes(size.stored),
            images.to_string(),
            copies.to_string(),
            bytes(one.unshared().stored),
        ]
    });
    columns(["distribution", "version", "size", "images", "copies", "unshared"], rows)
}

fn sums(plan: &BuildPlan, estimate: &Estimate) -> String {
    let [shared, unshared] = [estimate.shared, estimate.unshared].map(|it| bytes(it.stored));
    let split = estimate.distributions.iter().filter(|one| one.copies > 1).count();
    let (stages, images) = (plural(plan.stages.len(), "stage"), plural(plan.images.len(), "image"));
    let copied = match split {
        0 => String::new(),
        split => format!(
            "{} installed more than once, where that costs less than a layer\n",
            plural(split, "distribution")
        ),
    };
    format!(
        "{stages} for {images}\n{shared} of third-party distributions in a registry, {unshared} \
         if nothing were shared (estimated)\n{copied}"
    )
}

/// Returns what the images that were built take up, and where the estimate was wrong.
fn real(measured: &Measured) -> String {
    let images = measured.images.iter().map(|(name, image)| {
        [
            name.to_string(),
            image.layers.to_string(),
            bytes(image.bytes),
            bytes(image.own),
            bytes(image.shared()),
            bytes(image.distributions),
            bytes(image.expected),
        ]
    });
    let images = columns(
        ["built", "layers", "unpacked", "of its own", "shared", "distributions", "expected"],
        images,
    );
    let stages = measured.stages.iter().map(|(name, stage)| {
        let missed = stage.expected.filter(|expected| *expected > 0).map(|expected| {
            let per_cent = u128::from(stage.bytes) * 100 / u128::from(expected);
            format!("{per_cent} %")
        });
        [
            name.to_string(),
            bytes(stage.bytes),
            stage.expected.map_or_else(none, bytes),
            missed.unwrap_or_else(none),
        ]
    });
    let stages = columns(["layer of", "unpacked", "expected", "of that"], stages);
    let (unique, whole) = (bytes(measured.unique), bytes(measured.whole));
    let images_built = plural(measured.images.len(), "image");
    format!(
        "{images}\n\n{stages}\n\n{unique} in the layers of {images_built}, each once; {whole} if \
         nothing were shared (measured, unpacked)\n"
    )
}

fn none() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_users_are_named_and_the_others_counted() {
        let users = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        assert_eq!(some(&users(&["api"])), "api");
        assert_eq!(some(&users(&["a", "b", "c"])), "a, b, c");
        assert_eq!(some(&users(&["a", "b", "c", "d", "e"])), "a, b, c and 2 more");
    }
}
