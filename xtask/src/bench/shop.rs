//! `examples/shop`, built by pymono and after uv's Docker guide in turn.

use std::env;
use std::process::ExitCode;

use anyhow::Result;
use camino::Utf8PathBuf;
use clap::{Args, value_parser};

use super::bytes::{self, StoredBytes};
use super::copies::Copies;
use super::machine::Machine;
use super::peer::{Peer, Workshop};
use super::report::{Measured, Report};
use super::scenario::Scenario;
use super::verify;
use crate::cargo;
use crate::docker::{self, Provided};
use crate::progress::Progress;

/// Measure `pymono build --all` on `examples/shop` beside uv's Docker guide
///
/// The other side has one Dockerfile per service, written the way that uv's
/// Docker guide shows, and all of them in one `docker buildx bake`. Both build
/// the same services on the same engine in turn, and both have their images
/// checked. Uses the Docker of this machine, or a private engine where there
/// is none; base images are made locally, so the builder must be the engine's
/// own.
#[derive(Debug, Args)]
pub(super) struct ShopArgs {
    /// How often each scenario is measured
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = value_parser!(u32).range(1..))]
    repetitions: u32,
    /// Print JSON with every single measurement in place of Markdown
    #[arg(long)]
    json: bool,
    /// The folder of the private engine
    #[arg(long, value_name = "DIR")]
    home: Option<Utf8PathBuf>,
}

impl ShopArgs {
    /// The command that runs this again.
    fn command(&self) -> String {
        format!("cargo xtask bench shop --repetitions {}", self.repetitions)
    }
}

pub(super) fn run(args: &ShopArgs) -> Result<ExitCode> {
    let progress = Progress::new("bench");
    let provided = docker::provide(args.home.as_deref(), &progress)?;
    progress.say("building pymono");
    let pymono = cargo::build_pymono(true)?;
    let machine = Machine::look(&provided.docker)?;
    let registry = registry(&provided, &progress);
    let copies = Copies::make("examples/shop")?;
    let workshop = Workshop::new(provided.docker.clone(), &pymono, copies, registry.as_deref())?;

    warm_up(&workshop, &progress)?;
    let scenarios = measure(&workshop, args.repetitions, &progress)?;
    let bytes = registry.map(|_| stored(&workshop, &progress)).transpose()?;
    let report = Report { version: 1, command: args.command(), machine, scenarios, bytes };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Fills the download caches of both, and looks whether both images work.
fn warm_up(workshop: &Workshop, progress: &Progress) -> Result<()> {
    workshop.change_base(0)?;
    for peer in Peer::ALL {
        let sample = workshop.build(peer)?;
        progress.say(format_args!("warm-up: {peer} took {:.1} s", sample.seconds));
    }
    progress.say("looking whether the images of both work and hold the same");
    verify::content(workshop)
}

fn measure(workshop: &Workshop, repetitions: u32, progress: &Progress) -> Result<Vec<Measured>> {
    let mut scenarios = Scenario::ALL.map(Measured::new);
    for repetition in 1..=repetitions {
        for measured in &mut scenarios {
            let scenario = measured.scenario;
            scenario.prepare(workshop, repetition)?;
            for peer in Peer::in_turn(repetition) {
                let sample = workshop.build(peer)?;
                progress.say(format_args!(
                    "{repetition}/{repetitions} {scenario}: {peer} took {:.1} s, {} RUN steps",
                    sample.seconds, sample.run_steps
                ));
                measured.of(peer).push(sample);
            }
            scenario.verify(workshop, repetition)?;
        }
    }
    Ok(scenarios.into())
}

fn stored(workshop: &Workshop, progress: &Progress) -> Result<StoredBytes> {
    progress.say("pushing the images of both to count their bytes");
    Ok(StoredBytes {
        guide: bytes::stored(&workshop.docker, &workshop.images(Peer::Guide))?,
        pymono: bytes::stored(&workshop.docker, &workshop.images(Peer::Pymono))?,
    })
}

/// A registry of this machine to push to, if there is one.
fn registry(provided: &Provided, progress: &Progress) -> Option<String> {
    if let Ok(address) = env::var("PYMONO_REGISTRY") {
        return Some(address);
    }
    let lease = provided.lease.as_ref()?;
    let failed = |error| progress.say(format_args!("no registry, so no bytes: {error:#}"));
    lease.registry().map_err(failed).ok()
}
