//! Images that are the same on every machine and day.

use pymono_buildx::Job;
use pymono_plan::Foundations;

use crate::{error::CommandError, load::Loaded, session::Session};

/// Makes an image say that it was made when all of its files were.
pub(super) fn settle(job: &mut Job) {
    // buildx would take one that the environment has, such as the time of a commit.
    let epoch = pymono_render::EPOCH.to_string();
    job.request.build_args.insert("SOURCE_DATE_EPOCH".to_owned(), epoch);
    // Layers that an engine has already would stay as they were compressed for another build of them. Of another level of the
    // same way BuildKit does not know.
    let way = job.request.compression.take().unwrap_or_else(|| "compression=gzip".to_owned());
    job.request.compression = Some(format!("{way},force-compression=true"));
}

/// Refuses what cannot be the same tomorrow, and warns of what perhaps is not.
pub(super) fn check(session: &mut Session, loaded: &Loaded) -> Result<(), CommandError> {
    let Loaded { fleet, .. } = loaded;
    let lock = fleet.lock.clone().unwrap_or_default();
    let floating = Foundations::of(fleet).missing(&lock).names();
    if !floating.is_empty() {
        return Err(CommandError::floating(&floating));
    }
    let services = || fleet.services.iter();
    let mut odd = Vec::new();
    let system = services().find(|(_, it)| !it.apt.is_empty() || !it.build_apt.is_empty());
    if let Some((path, _)) = system.filter(|_| fleet.apt_snapshot.is_none()) {
        odd.push(format!(
            "`{path}` has system packages as they are today; `apt-snapshot` pins them"
        ));
    }
    if let Some((path, _)) = services().find(|(_, it)| it.unpinned().next().is_some()) {
        odd.push(format!("`{path}` has requirements that nothing pins"));
    }
    if let Some((path, _)) = services().find(|(_, it)| it.from_source().next().is_some()) {
        odd.push(format!("`{path}` has distributions that are built from source, as reproducible as their builds make them"));
    }
    if let Some((name, _)) = fleet.handwritten.iter().next() {
        odd.push(format!("`{name}` is as reproducible as its own Dockerfile makes it"));
    }
    for message in odd {
        session.shell.warn(message)?;
    }
    Ok(())
}
