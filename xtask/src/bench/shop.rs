//! `examples/shop`, built by pymono and after uv's Docker guide in turn.

use std::process::ExitCode;

use anyhow::Result;
use camino::Utf8PathBuf;
use clap::{Args, value_parser};

use super::peer::Peer;
use super::run::{self, Run};
use super::scenario::{Change, Scenario, Source};
use crate::progress::Progress;
use crate::{cargo, docker};

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

pub(super) fn run(args: &ShopArgs) -> Result<ExitCode> {
    let progress = Progress::new("bench");
    let provided = docker::provide(args.home.as_deref(), &progress)?;
    let programs = run::programs(None, &progress)?;
    let run = Run {
        command: format!("cargo xtask bench shop --repetitions {}", args.repetitions),
        peers: vec![Peer::Guide, Peer::Pymono],
        scenarios: scenarios(),
        repetitions: args.repetitions,
        one_by_one: false,
        most_bytes: None,
    };
    let tree = cargo::root().join("examples/shop");
    run.measure(&tree, programs, &provided, &progress)?.print(args.json)?;
    Ok(ExitCode::SUCCESS)
}

fn scenarios() -> Vec<Scenario> {
    let service = source(
        "services/storefront",
        "services/storefront/src/storefront/__init__.py",
        "storefront",
    );
    // Five of the six services stand on it.
    let library = source("libs/models", "libs/models/src/shop_models/__init__.py", "shop_models");
    vec![
        Scenario::new("cold layers, warm download caches", Change::Base),
        Scenario::new("nothing changed", Change::Nothing),
        Scenario::new("one line in one service", Change::Line(service)),
        Scenario::new("one line in a library of five services", Change::Line(library)),
    ]
}

fn source(project: &str, file: &str, module: &str) -> Source {
    Source { project: project.into(), file: file.into(), module: module.into() }
}
