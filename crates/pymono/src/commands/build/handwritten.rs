//! Builds of hand-written Dockerfiles, as they are.

use std::collections::BTreeSet;

use pymono_buildx::BuildRequest;
use pymono_names::{ServiceName, TreePath};
use pymono_plan::{BuildPlan, ContextSource, HandwrittenImage};

use super::{
    args::BuildArgs,
    requests::{PLACEHOLDER, exports, of_target, passed_on},
};

/// Returns the wanted images and those that they are built from, each behind all that it is built from.
pub(super) fn wanted(
    plan: &BuildPlan,
    is_wanted: impl Fn(&ServiceName) -> bool,
) -> Vec<(&ServiceName, &HandwrittenImage)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let services = plan.handwritten.iter().filter(|(_, image)| !image.is_ground);
    for (name, _) in services.filter(|(name, _)| is_wanted(name)) {
        add(plan, name, &mut seen, &mut found);
    }
    found
}

fn add<'a>(
    plan: &'a BuildPlan,
    name: &ServiceName,
    seen: &mut BTreeSet<ServiceName>,
    found: &mut Vec<(&'a ServiceName, &'a HandwrittenImage)>,
) {
    let Some((name, image)) = plan.handwritten.get_key_value(name) else { return };
    if seen.insert(name.clone()) {
        image.grounds().for_each(|ground| add(plan, ground, seen, found));
        found.push((name, image));
    }
}

/// Returns the build of an image; what it is built from is known by its reference.
pub(super) fn request(
    plan: &BuildPlan,
    name: &ServiceName,
    image: &HandwrittenImage,
    args: &BuildArgs,
) -> BuildRequest {
    let contexts = image.contexts.iter().filter_map(|(name, source)| {
        let behind = match source {
            ContextSource::Folder(folder) => local(folder),
            ContextSource::Image(image) => format!("docker-image://{image}"),
            ContextSource::Target(ground) => {
                format!("docker-image://{}", plan.handwritten.get(ground)?.references.first()?)
            }
        };
        Some((name.clone(), behind))
    });
    // Several jobs of a matrix may build what others stand on, and a cache has one writer.
    let mut caches = args.buildx.cache_to.clone();
    caches.retain(|cache| !image.is_ground || !cache.contains(PLACEHOLDER));
    BuildRequest {
        dockerfile: local(&image.dockerfile).into(),
        target: image.target.clone(),
        context: local(&image.context).into(),
        build_contexts: contexts.collect(),
        build_args: image.args.clone(),
        tags: image.references.clone(),
        labels: image.labels.clone(),
        exports: exports(args),
        platforms: image.platforms.iter().map(ToString::to_string).collect(),
        cache_to: of_target(&caches, name.as_str()),
        cache_from: of_target(&args.buildx.cache_from, name.as_str()),
        provenance: args.buildx.provenance.clone(),
        sbom: args.buildx.sbom.clone(),
        ..passed_on(&args.buildx)
    }
}

/// Returns a path in a form that is never taken for a flag or for another scheme.
fn local(path: &TreePath) -> String {
    if path.as_str().starts_with('-') || path.as_str().contains(':') {
        format!("./{path}")
    } else {
        path.to_string()
    }
}
