//! The build of stages that several jobs of CI share, without an image.

use std::collections::BTreeSet;

use pymono_buildx::{BuildRequest, Job};
use pymono_names::ServiceName;
use pymono_plan::Stage;
use pymono_render::SHARED;

use super::{
    args::BuildArgs,
    requests::{cache_only, of_target, pins, target},
    secrets::Given,
};
use crate::{error::CommandError, load::Loaded};

/// Returns the one build of all stages that are asked for, and adds its target to the Dockerfile.
pub(super) fn job(
    loaded: &mut Loaded,
    args: &BuildArgs,
    given: &Given<'_>,
) -> Result<Job, CommandError> {
    let named = |name: &String| {
        let found = loaded.plan.stages.iter().find(|stage| stage.name.as_str() == name);
        found.ok_or_else(|| CommandError::no_stage(name))
    };
    let stages = args.stages.iter().map(named).collect::<Result<Vec<&Stage>, _>>()?;
    let users: BTreeSet<&ServiceName> = stages.iter().flat_map(|stage| &stage.users).collect();
    let images = users.iter().filter_map(|user| loaded.plan.images.get(*user));
    let platforms: BTreeSet<String> =
        images.flat_map(|it| &it.settings.platforms).map(ToString::to_string).collect();
    let request = BuildRequest {
        build_contexts: pins(!loaded.rendered.pins.is_empty()),
        exports: cache_only(),
        platforms: platforms.into_iter().collect(),
        cache_to: of_target(&args.buildx.cache_to, SHARED),
        secrets: given.secrets(loaded.plan.secrets(&users), &args.buildx.secrets),
        ssh: given.ssh(loaded.plan.needs_ssh(&users), &args.buildx.ssh),
        ..target(SHARED, &args.buildx)
    };
    let names: Vec<_> = stages.iter().map(|stage| stage.name.clone()).collect();
    loaded.rendered.dockerfile += &pymono_render::shared(&loaded.plan, &names);
    Ok(Job { service: ServiceName::slug(SHARED), needs: BTreeSet::new(), request })
}
