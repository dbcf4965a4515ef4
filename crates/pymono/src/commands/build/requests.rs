//! From a plan and the command line to one `docker buildx build` per target.

use std::collections::{BTreeMap, BTreeSet};

use pymono_buildx::{BuildRequest, Export, Job};
use pymono_names::ServiceName;
use pymono_plan::{BuildPlan, Image, StageName};

use super::{
    FOLDER,
    args::{BuildArgs, BuildxArgs},
    handwritten,
    secrets::Given,
};
use crate::{error::CommandError, load::Loaded, session::Session};

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
        (name, needs, handwritten::request(plan, name, image, args))
    });
    let configured = loaded.workspace.compression.as_ref();
    let compression = args.image.compression.as_ref().or(configured).map(|it| compressed(it));
    let job = |(name, needs, request): (&ServiceName, BTreeSet<ServiceName>, BuildRequest)| Job {
        service: name.clone(),
        needs,
        request: BuildRequest {
            compression: compression.clone(),
            secrets: given.secrets(plan.secrets(&BTreeSet::from([name])), &args.buildx.secrets),
            ssh: given.ssh(plan.needs_ssh(&BTreeSet::from([name])), &args.buildx.ssh),
            ..request
        },
    };
    handwritten.chain(generated).map(job).collect()
}

/// Returns the tests of some services, and says which of these have none.
pub(super) fn tests(
    session: &mut Session,
    loaded: &Loaded,
    services: &BTreeSet<ServiceName>,
    args: &BuildArgs,
    given: &Given<'_>,
) -> Result<Vec<Job>, CommandError> {
    let tests = &loaded.plan.tests.services;
    for service in services.iter().filter(|name| !tests.contains_key(name)) {
        session.shell.status("Skipped", format_args!("{service}, which has no `test`"))?;
    }
    let wanted = tests.iter().filter(|(name, _)| services.contains(name));
    let has_pins = !loaded.rendered.pins.is_empty();
    let jobs = wanted.filter_map(|(name, test)| {
        let image = loaded.plan.images.get(name)?;
        let request = request(name, image, has_pins, args);
        let request = BuildRequest {
            target: Some(test.stage.to_string()),
            tags: Vec::new(),
            exports: cache_only(),
            secrets: given.secrets(test.asks.clone(), &args.buildx.secrets),
            ssh: given.ssh(test.needs_ssh, &args.buildx.ssh),
            ..request
        };
        Some(Job { service: name.clone(), needs: BTreeSet::new(), request })
    });
    Ok(jobs.collect())
}

/// Returns a way to compress as options of an output (<https://docs.docker.com/build/exporters/#compression>).
fn compressed(compression: &str) -> String {
    let (way, level) = compression.split_once(':').unwrap_or((compression, ""));
    let level = if level.is_empty() { "" } else { &format!(",compression-level={level}") };
    // Docker's own media types have none for zstd.
    let kinds = if way == "zstd" { ",oci-mediatypes=true" } else { "" };
    format!("compression={way}{level}{kinds}")
}

/// Returns where the outcome of a stage goes that is no image.
pub(super) fn cache_only() -> Vec<Export> {
    vec![Export::To("type=cacheonly".to_owned())]
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
    let BuildxArgs { cache_to, provenance, sbom, .. } = &args.buildx;
    BuildRequest {
        build_contexts: pins(has_pins),
        tags: image.settings.references.clone(),
        exports: exports(args),
        platforms: image.settings.platforms.iter().map(ToString::to_string).collect(),
        cache_to: of_target(cache_to, service.as_str()),
        provenance: provenance.clone(),
        sbom: sbom.clone(),
        ..target(service.as_str(), &args.buildx)
    }
}

/// Returns the named context of pins, where there are some.
pub(super) fn pins(has_pins: bool) -> BTreeMap<String, String> {
    let pins = has_pins.then(|| (pymono_render::PINS_CONTEXT.to_owned(), format!("{FOLDER}/pins")));
    pins.into_iter().collect()
}

/// Returns where images go.
pub(super) fn exports(args: &BuildArgs) -> Vec<Export> {
    let push = args.image.push.then_some(Export::Push);
    let load = (args.image.load || !args.image.push).then_some(Export::Load);
    push.into_iter().chain(load).collect()
}

/// Returns the builds of what the images of `jobs` stand on, which come first.
pub(super) fn bases(plan: &BuildPlan, jobs: &[Job], has_pins: bool, args: &BuildArgs) -> Vec<Job> {
    let services: BTreeSet<&ServiceName> = jobs.iter().map(|job| &job.service).collect();
    let generated = jobs.iter().filter(|job| plan.images.contains_key(&job.service));
    let platforms: BTreeSet<&String> = generated.flat_map(|job| &job.request.platforms).collect();
    let name = |stage: &StageName| ServiceName::slug(stage.as_str());
    let all = || plan.stages.iter().chain(&plan.tests.stages);
    let before = |stage: &StageName| all().find(|it| it.name == *stage)?.kind.after().map(name);
    let job = |stage: &StageName| Job {
        service: name(stage),
        needs: before(stage).into_iter().collect(),
        request: BuildRequest {
            build_contexts: pins(has_pins),
            exports: cache_only(),
            platforms: platforms.iter().copied().cloned().collect(),
            ..target(stage.as_str(), &args.buildx)
        },
    };
    let tests = plan.tests.services.iter();
    let tests = tests.filter(|(name, _)| args.image.test && services.contains(name));
    let bases: BTreeSet<&StageName> = tests.flat_map(|(_, test)| &test.bases).collect();
    let bases = bases.into_iter().filter(|base| !plan.bases(&services).any(|it| it == *base));
    // Without a cache there is nothing to know again.
    if args.buildx.no_cache {
        return Vec::new();
    }
    plan.bases(&services).chain(bases).map(job).collect()
}

/// Returns what the builds of all targets have in common.
pub(super) fn target(name: &str, args: &BuildxArgs) -> BuildRequest {
    BuildRequest {
        dockerfile: format!("{FOLDER}/Dockerfile").into(),
        target: Some(name.to_owned()),
        context: ".".into(),
        cache_from: of_target(&args.cache_from, name),
        ..passed_on(args)
    }
}

/// What stands for the name of a target in a cache.
pub(super) const PLACEHOLDER: &str = "{service}";

/// Returns caches with the name of a target in place of [`PLACEHOLDER`].
pub(super) fn of_target(caches: &[String], name: &str) -> Vec<String> {
    caches.iter().map(|cache| cache.replace(PLACEHOLDER, name)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_has_a_level_and_media_types_of_its_own() {
        for (compression, options) in [
            ("gzip", "compression=gzip"),
            ("gzip:9", "compression=gzip,compression-level=9"),
            ("zstd", "compression=zstd,oci-mediatypes=true"),
            ("zstd:19", "compression=zstd,compression-level=19,oci-mediatypes=true"),
        ] {
            assert_eq!(compressed(compression), options);
        }
    }
}
