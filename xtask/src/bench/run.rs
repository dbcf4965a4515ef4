//! One run: every scenario, every side, in turn.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use camino::Utf8Path;

use super::bytes::{self, StoredBytes};
use super::copies::Copies;
use super::machine::{self, Machine};
use super::peer::{self, Peer, Programs, Sample, WARM_UP, Workshop};
use super::report::{Measured, Report};
use super::scenario::Scenario;
use super::verify;
use crate::container::Container;
use crate::docker::Provided;
use crate::process::Tool;
use crate::progress::Progress;
use crate::{cargo, uv};

/// A registry where Docker is the one of this machine.
const REGISTRY_IMAGE: &str = "registry:3";

/// What is measured.
pub(super) struct Run {
    /// The command that does it again.
    pub(super) command: String,
    pub(super) peers: Vec<Peer>,
    /// In this order, each after the one that it starts from.
    pub(super) scenarios: Vec<Scenario>,
    pub(super) repetitions: u32,
    /// Whether each side has all scenarios after each other, and is cleared away before the next
    /// one: that takes less disk, and a machine that is as busy all the time.
    pub(super) one_by_one: bool,
    /// What of the unique bytes of others pymono's may be at most.
    pub(super) most_bytes: Option<f64>,
}

/// What pymono, uv and its interpreter are; without a `pymono`, the one of this tree is built.
pub(super) fn programs(pymono: Option<&Utf8Path>, progress: &Progress) -> Result<Programs> {
    let pymono = if let Some(pymono) = pymono {
        pymono.to_owned()
    } else {
        progress.say("building pymono");
        cargo::build_pymono(true)?
    };
    let uv = uv::provide(&cargo::target_directory()?)?;
    let python = Tool::new("python3").args(["-c", "import sys; print(sys.executable)"]).read()?;
    let python = python.trim().to_owned();
    Ok(Programs { pymono, uv, python, compression: None })
}

impl Run {
    /// Measures on copies of `tree`.
    pub(super) fn measure(
        self,
        tree: &Utf8Path,
        programs: Programs,
        provided: &Provided,
        progress: &Progress,
    ) -> Result<Report> {
        let Self { command, peers, scenarios, repetitions, one_by_one, most_bytes } = self;
        let machine = Machine::look(&provided.docker)?;
        let copies = Copies::make(tree, &peers)?;
        let workshop = Workshop::new(provided.docker.clone(), programs, copies)?;
        warm_up(&workshop, &scenarios, progress)?;
        let mut scenarios: Vec<_> = scenarios.into_iter().map(Measured::new).collect();
        let mut bytes = BTreeMap::new();
        for repetition in 1..=repetitions {
            for turn in turns(&peers, repetition, one_by_one) {
                workshop.copies.turn_to(turn);
                if provided.is_private {
                    workshop.clear();
                }
                for measured in &mut scenarios {
                    once(measured, &workshop, repetition, progress)?;
                }
                if repetition == repetitions {
                    bytes.extend(stored(&workshop, provided, progress)?);
                }
            }
        }
        let load_at_end = machine::load();
        let version = 3;
        Ok(Report { version, command, machine, load_at_end, peers, scenarios, bytes, most_bytes })
    }
}

/// The sides one after the other, or once all of them.
fn turns(peers: &[Peer], repetition: u32, one_by_one: bool) -> Vec<Option<Peer>> {
    if !one_by_one {
        return vec![None];
    }
    peer::in_turn(peers, repetition).into_iter().map(Some).collect()
}

/// Fills the download caches of all, and looks whether all images work.
fn warm_up(workshop: &Workshop, scenarios: &[Scenario], progress: &Progress) -> Result<()> {
    workshop.change_base(WARM_UP)?;
    workshop.pin()?;
    for peer in workshop.copies.peers() {
        let sample = workshop.download(*peer)?;
        progress.say(format_args!("warm-up: {peer} took {:.1} s", sample.seconds));
    }
    progress.say("looking whether the images of all work and hold the same");
    verify::content(workshop)?;
    for scenario in scenarios.iter().filter(|scenario| scenario.downloads()) {
        scenario.prepare(workshop, WARM_UP)?;
        for peer in workshop.downloaders() {
            workshop.download(peer)?;
        }
    }
    Ok(())
}

fn once(
    measured: &mut Measured,
    workshop: &Workshop,
    repetition: u32,
    progress: &Progress,
) -> Result<()> {
    measured.scenario.prepare(workshop, repetition)?;
    for peer in peer::in_turn(workshop.copies.peers(), repetition) {
        let sample = workshop.build(peer)?;
        let (scenario, Sample { seconds, run_steps, .. }) = (&measured.scenario, &sample);
        progress.say(format_args!(
            "{repetition}: {scenario}: {peer} took {seconds:.2} s, {run_steps} RUN steps"
        ));
        measured.push(peer, sample);
    }
    measured.scenario.verify(workshop, repetition)
}

/// The bytes of each side in a registry of its own; none where there can be no registry.
fn stored(
    workshop: &Workshop,
    provided: &Provided,
    progress: &Progress,
) -> Result<BTreeMap<Peer, StoredBytes>> {
    let mut bytes = BTreeMap::new();
    for peer in workshop.copies.peers() {
        progress.say(format_args!("pushing the images of {peer} to an empty registry"));
        let registry = match &provided.lease {
            Some(lease) => lease.empty_registry().map(Registry::Own),
            None => Container::start(&provided.docker, REGISTRY_IMAGE, 5000).map(Registry::In),
        };
        let registry = match registry {
            Ok(registry) => registry,
            Err(error) => {
                progress.say(format_args!("no registry, so no bytes: {error:#}"));
                return Ok(BTreeMap::new());
            }
        };
        let stored = bytes::stored(&workshop.docker, &registry.address()?, &workshop.images(*peer));
        bytes.insert(*peer, stored.with_context(|| format!("failed to push what {peer} built"))?);
    }
    Ok(bytes)
}

/// A registry that ends when it is dropped.
enum Registry {
    Own(crate::engine::EmptyRegistry),
    In(Container),
}

impl Registry {
    fn address(&self) -> Result<String> {
        match self {
            Self::Own(registry) => Ok(registry.address()),
            Self::In(container) => container.address(),
        }
    }
}
