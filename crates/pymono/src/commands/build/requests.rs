//! From a plan and the command line to one `docker buildx build` per target.

use std::collections::BTreeSet;

use pymono_buildx::{BuildRequest, Export, Job};
use pymono_names::ServiceName;
use pymono_plan::{BuildPlan, Image, StageName};

use super::{
    FOLDER,
    args::{BuildArgs, BuildxArgs},
    handwritten,
    secrets::Given,
};
use crate::{error::CommandError, load::Loaded};

/// Returns the builds of some services, in the order of the plan.
pub(super) fn jobs(
    loaded: &Loaded,
    services: &BTreeSet<ServiceName>,
    args: &BuildArgs,
    given: &Given<'_>,
) -> Vec<Job> {
    let plan = &loaded.plan;
    let is_wanted = |name: &ServiceName| services.contains(name);
    let generated = plan.images.iter().filter(|(name, _)| is_wanted(name));
    let has_pins = !loaded.rendered.pins.is_empty();
    let generated = generated
        .map(|(name, image)| (name, BTreeSet::new(), request(name, image, has_pins, args)));
    let handwritten = handwritten::wanted(plan, is_wanted).into_iter();
    let handwritten = handwritten.map(|(name, image)| {
        let needs = image.grounds().cloned().collect();
        (name, needs, handwritten::request(plan, image, args))
    });
    let job = |(name, needs, request): (&ServiceName, BTreeSet<ServiceName>, BuildRequest)| Job {
        service: name.clone(),
        needs,
        request: BuildRequest {
            secrets: given.secrets(plan, &BTreeSet::from([name]), &args.buildx),
            ssh: given.ssh(plan, &BTreeSet::from([name]), &args.buildx),
            ..request
        },
    };
    handwritten.chain(generated).map(job).collect()
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
    let pins = has_pins.then(|| (pymono_render::PINS_CONTEXT.to_owned(), format!("{FOLDER}/pins")));
    let BuildxArgs { cache_to, provenance, sbom, .. } = &args.buildx;
    BuildRequest {
        build_contexts: pins.into_iter().collect(),
        tags: image.settings.references.clone(),
        exports: exports(args),
        platforms: image.settings.platforms.iter().map(ToString::to_string).collect(),
        cache_to: cache_to.clone(),
        provenance: provenance.clone(),
        sbom: sbom.clone(),
        ..target(service.as_str(), &args.buildx)
    }
}

/// Returns where images go.
pub(super) fn exports(args: &BuildArgs) -> Vec<Export> {
    let push = args.image.push.then_some(Export::Push);
    let load = (args.image.load || !args.image.push).then_some(Export::Load);
    push.into_iter().chain(load).collect()
}

/// Returns the builds of what the images of `jobs` stand on, which come first.
pub(super) fn bases(plan: &BuildPlan, jobs: &[Job], args: &BuildArgs) -> Vec<Job> {
    let services: BTreeSet<&ServiceName> = jobs.iter().map(|job| &job.service).collect();
    let generated = jobs.iter().filter(|job| plan.images.contains_key(&job.service));
    let platforms: BTreeSet<&String> = generated.flat_map(|job| &job.request.platforms).collect();
    let job = |stage: &StageName| Job {
        service: ServiceName::slug(stage.as_str()),
        needs: BTreeSet::new(),
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
        ..passed_on(args)
    }
}

/// Returns what all builds have in common: what is passed on as it is.
pub(super) fn passed_on(args: &BuildxArgs) -> BuildRequest {
    BuildRequest {
        builder: args.builder.clone(),
        secrets: args.secrets.clone(),
        ssh: args.ssh.clone(),
        cache_from: args.cache_from.clone(),
        no_cache: args.no_cache,
        pull: args.pull,
        ..BuildRequest::default()
    }
}
