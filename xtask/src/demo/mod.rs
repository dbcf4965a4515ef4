//! `examples/shop`, built with pymono and run.

mod check;
mod services;

use std::process::ExitCode;

use anyhow::Result;
use camino::Utf8PathBuf;
use clap::Args;

use self::services::{SERVICES, Service};
use crate::cargo;
use crate::docker::{self, Docker};
use crate::process::Tool;
use crate::progress::Progress;

/// Build `examples/shop` and show that its images work
///
/// Uses the Docker of this machine, or a private engine where there is none.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The folder of the private engine
    #[arg(long, value_name = "DIR")]
    home: Option<Utf8PathBuf>,
}

pub(crate) fn run(args: &DemoArgs) -> Result<ExitCode> {
    let progress = Progress::new("demo");
    let provided = docker::provide(args.home.as_deref(), &progress)?;
    progress.say("building pymono");
    let pymono = cargo::build_pymono(true)?;
    progress.say("building examples/shop");
    let shop = cargo::root().join("examples/shop");
    let build = Tool::new(pymono).args(["-C", shop.as_str(), "build", "--all"]);
    build.envs(provided.docker.env()).run()?;
    progress.say("running the images");
    let failed = SERVICES.iter().filter(|service| !show(&provided.docker, service)).count();
    if failed > 0 {
        progress.say(format_args!("{failed} of {} services do not work", SERVICES.len()));
        return Ok(ExitCode::FAILURE);
    }
    let images = "without root, compiler, uv or pip's cache";
    progress.say(format_args!("all {} services work, {images}", SERVICES.len()));
    Ok(ExitCode::SUCCESS)
}

/// Prints what a service answers, or what is wrong with it; whether it works.
fn show(docker: &Docker, service: &Service) -> bool {
    let shown = check::answer(docker, service)
        .and_then(|answer| check::content(docker, service).map(|()| answer));
    match &shown {
        Ok(answer) => println!("{:>10}  {answer}", service.name),
        Err(error) => println!("{:>10}  FAILED: {error:#}", service.name),
    }
    shown.is_ok()
}
