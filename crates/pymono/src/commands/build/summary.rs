//! The summary of a build: what was affected, and how large images are against those of the base.

use std::collections::{BTreeMap, BTreeSet};

use pymono_buildx::{Docker, Published};
use pymono_event::ServiceReport;
use pymono_fingerprint::Fingerprint;
use pymono_names::{ServiceName, TreePath};
use pymono_plan::{Fleet, StaleLocks};
use pymono_report::{Before, Builds, Summary};

use super::{
    args::BuildArgs,
    record::Record,
    reuse::{Fingerprints, all_fingerprints, at_once, bears, image_of},
};
use crate::{
    changes::Changes,
    error::CommandError,
    load::{Loaded, Overrides},
    session::Session,
    summary::affected,
};

/// What a build was told, and what it is compared with.
pub(super) struct Told<'a> {
    /// The command line.
    pub(super) args: &'a BuildArgs,
    /// What of it changes images.
    pub(super) overrides: &'a Overrides,
    /// What was compared, where something was.
    pub(super) changes: Option<&'a Changes>,
    /// The services that were asked for.
    pub(super) services: &'a BTreeSet<ServiceName>,
}

impl Told<'_> {
    /// Appends the summary of a build that has ended, if somebody wants one.
    pub(super) fn write(
        &self,
        session: &mut Session,
        loaded: &Loaded,
        built: Option<(&Docker, Builds)>,
    ) -> Result<(), CommandError> {
        if !self.args.summary.is_wanted() {
            return Ok(());
        }
        let paths = paths(&loaded.fleet, self.services);
        let named = !self.args.services.is_empty();
        let affected = self.changes.map(|it| affected(it, |path| !named || paths.contains(path)));
        let built = built.map(|(docker, mut builds)| {
            if !self.args.image.test {
                self.add_sizes(session, docker, &mut builds);
            }
            builds
        });
        self.args.summary.write(session, &Summary { affected, built })
    }

    /// Adds what images are in size, and what they were.
    fn add_sizes(&self, session: &Session, docker: &Docker, builds: &mut Builds) {
        let known = self.changes.and_then(|changes| self.before(changes));
        let none = Fingerprints::new();
        let base = known.as_ref().map_or(&none, |(fingerprints, _)| fingerprints);
        let sizes = if self.args.image.push && !self.args.image.load {
            of_registry(session, docker, &builds.services, base)
        } else {
            of_store(session, docker, &builds.services, base)
        };
        builds.before = self.changes.map(|_| {
            let before = |(service, _): &(ServiceName, ServiceReport)| {
                let is_new = known.as_ref().is_some_and(|(_, names)| !names.contains(service));
                let bytes = sizes.get(service).and_then(|it| it.before);
                let unknown = if is_new { Before::New } else { Before::Unknown };
                (service.clone(), bytes.map_or(unknown, Before::Bytes))
            };
            builds.services.iter().map(before).collect()
        });
        let now = sizes.into_iter().filter_map(|(service, it)| Some((service, it.now?)));
        builds.sizes = now.collect();
    }

    /// Returns the fingerprints of the base's images, and the names of all images that it has.
    fn before(&self, changes: &Changes) -> Option<(Fingerprints, BTreeSet<ServiceName>)> {
        let before = changes.before.as_ref()?;
        // Platforms of the command line are in fingerprints too.
        let mut workspace = before.scan.workspace.clone();
        self.overrides.apply(&mut workspace);
        let (mut fleet, _) = pymono_plan::assemble(&workspace, StaleLocks::Used);
        fleet.settled = self.overrides.settled;
        let generated = fleet.services.values().map(|service| &service.name);
        let names = generated.chain(fleet.handwritten.keys()).cloned().collect();
        Some((all_fingerprints(&workspace, &fleet, &before.contents), names))
    }
}

/// Returns where the services lie that some targets are of.
fn paths<'a>(fleet: &'a Fleet, targets: &BTreeSet<ServiceName>) -> BTreeSet<&'a TreePath> {
    let generated = fleet.services.iter().filter(|(_, it)| targets.contains(&it.name));
    let handwritten = fleet.handwritten.iter().filter(|(name, _)| targets.contains(*name));
    generated.map(|(path, _)| path).chain(handwritten.map(|(_, it)| &it.path)).collect()
}

/// The size of an image in bytes, and that of the base's.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    now: Option<u64>,
    before: Option<u64>,
}

/// Asks the local engine, once for all services.
fn of_store(
    session: &Session,
    docker: &Docker,
    services: &[(ServiceName, ServiceReport)],
    base: &Fingerprints,
) -> BTreeMap<ServiceName, Sizes> {
    let record = Record::read(session);
    let before = |(service, report): &(ServiceName, ServiceReport)| -> Vec<String> {
        let fingerprint = base.get(service);
        let ids = fingerprint.map(|it| record.ids(image_of(report), it).map(str::to_owned));
        ids.into_iter().flatten().collect()
    };
    let digest = |report: &ServiceReport| report.digest.clone();
    let ids: BTreeSet<String> =
        services.iter().flat_map(|it| before(it).into_iter().chain(digest(&it.1))).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let known = docker.image_sizes(&ids, &session.interrupt);
    let sizes = services.iter().map(|it| {
        let now = digest(&it.1).and_then(|id| known.get(&id).copied()).or(it.1.size);
        let before = before(it).iter().find_map(|id| known.get(id).copied());
        (it.0.clone(), Sizes { now, before })
    });
    sizes.collect()
}

/// Asks the registry about each service, several at a time.
fn of_registry(
    session: &Session,
    docker: &Docker,
    services: &[(ServiceName, ServiceReport)],
    base: &Fingerprints,
) -> BTreeMap<ServiceName, Sizes> {
    let interrupt = &session.interrupt;
    at_once(services, |(service, report)| {
        let repository = image_of(report);
        let size = |which: String| docker.published_size(repository, &which, interrupt);
        let now = report.digest.as_ref().and_then(|digest| size(format!("@{digest}")));
        // A tag alone proves nothing: it may have been put onto another image.
        let tag = |fingerprint: &Fingerprint| {
            let reference = format!("{repository}:{}", fingerprint.tag());
            match docker.published(&reference, 0, interrupt) {
                Published::Image(image) if bears(&image, fingerprint) => {
                    size(format!("@{}", image.digest))
                }
                _ => None,
            }
        };
        Some((service.clone(), Sizes { now, before: base.get(service).and_then(tag) }))
    })
}
