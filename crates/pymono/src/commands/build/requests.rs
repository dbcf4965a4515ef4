//! From a plan and the command line to one `docker buildx build` per target.

use std::collections::BTreeSet;

use pymono_buildx::{BuildRequest, Export, Job};
use pymono_names::{ServiceName, TreePath};
use pymono_plan::{BuildPlan, Image, StageName};

use super::{
    FOLDER,
    args::{BuildArgs, BuildxArgs},
    secrets::Given,
};
use crate::{error::CommandError, load::Loaded};

/// Returns the builds that the command line asks for, in the order of the plan.
pub(super) fn jobs(
    loaded: &mut Loaded,
    folder: &TreePath,
    args: &BuildArgs,
    given: &Given<'_>,
) -> Result<Vec<Job>, CommandError> {
    let wanted = args.services.iter().map(|text| loaded.service(folder, text));
    let wanted = wanted.collect::<Result<Vec<ServiceName>, _>>()?;
    let plan = &loaded.plan;
    let images = plan.images.iter().filter(|(name, _)| args.all || wanted.contains(name));
    let has_pins = !loaded.rendered.pins.is_empty();
    Ok(images
        .map(|(name, image)| Job {
            service: name.clone(),
            request: BuildRequest {
                secrets: given.secrets(plan, &BTreeSet::from([name]), &args.buildx),
                ssh: given.ssh(plan, &BTreeSet::from([name]), &args.buildx),
                ..request(name, image, has_pins, args)
            },
        })
        .collect())
}

/// Refuses to push where no registry is named: the default one would take it for an official image.
pub(super) fn check_registries(jobs: &[Job]) -> Result<(), CommandError> {
    let mut references = jobs.iter().flat_map(|job| &job.request.tags);
    match references.find(|reference| !reference.contains('/')) {
        Some(reference) => Err(CommandError::no_registry(reference)),
        None => Ok(()),
    }
}

fn request(service: &ServiceName, image: &Image, has_pins: bool, args: &BuildArgs) -> BuildRequest {
    let mut exports = Vec::new();
    if args.image.push {
        exports.push(Export::Push);
    }
    if args.image.load || !args.image.push {
        exports.push(Export::Load);
    }
    let pins = has_pins.then(|| (pymono_render::PINS_CONTEXT.to_owned(), format!("{FOLDER}/pins")));
    let BuildxArgs { cache_to, provenance, sbom, .. } = &args.buildx;
    BuildRequest {
        build_contexts: pins.into_iter().collect(),
        tags: image.settings.references.clone(),
        exports,
        platforms: image.settings.platforms.iter().map(ToString::to_string).collect(),
        cache_to: cache_to.clone(),
        provenance: provenance.clone(),
        sbom: sbom.clone(),
        ..target(service.as_str(), &args.buildx)
    }
}

/// Returns the builds of what the images of `jobs` stand on, which come first.
pub(super) fn bases(plan: &BuildPlan, jobs: &[Job], args: &BuildArgs) -> Vec<Job> {
    let services: BTreeSet<&ServiceName> = jobs.iter().map(|job| &job.service).collect();
    let platforms: BTreeSet<&String> = jobs.iter().flat_map(|job| &job.request.platforms).collect();
    let job = |stage: &StageName| Job {
        service: ServiceName::slug(stage.as_str()),
        request: BuildRequest {
            exports: vec![Export::To("type=cacheonly".to_owned())],
            platforms: platforms.iter().copied().cloned().collect(),
            ..target(stage.as_str(), &args.buildx)
        },
    };
    // Without a cache there is nothing to know again.
    if args.buildx.no_cache { Vec::new() } else { plan.bases(&services).map(job).collect() }
}

/// Returns what the builds of all targets have in common.
fn target(name: &str, args: &BuildxArgs) -> BuildRequest {
    BuildRequest {
        dockerfile: format!("{FOLDER}/Dockerfile").into(),
        target: Some(name.to_owned()),
        context: ".".into(),
        builder: args.builder.clone(),
        secrets: args.secrets.clone(),
        ssh: args.ssh.clone(),
        cache_from: args.cache_from.clone(),
        no_cache: args.no_cache,
        pull: args.pull,
        ..BuildRequest::default()
    }
}
