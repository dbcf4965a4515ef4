//! Chores of this repository: `cargo xtask <chore>`.
//!
//! A chore runner must work while the product does not compile, so it depends
//! on no crate of the product.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a chore talks to the terminal")]
#![expect(
    clippy::disallowed_methods,
    reason = "chores start processes and read the environment, and may not use the product's crates"
)]

mod bench;
mod cargo;
mod container;
mod demo;
mod docker;
mod engine;
mod fuzz;
mod interrupt;
mod layers;
mod process;
mod progress;
mod test;
mod uv;
mod wait;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the pymono repository
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    Layers(layers::LayersArgs),
    Engine(engine::EngineArgs),
    Demo(demo::DemoArgs),
    Test(test::TestArgs),
    Bench(bench::BenchArgs),
    Fuzz(fuzz::FuzzArgs),
}

fn main() -> ExitCode {
    let outcome = interrupt::watch().and_then(|()| match Cli::parse().chore {
        Chore::Layers(args) => layers::run(&args),
        Chore::Engine(args) => engine::run(&args),
        Chore::Demo(args) => demo::run(&args),
        Chore::Test(args) => test::run(&args),
        Chore::Bench(args) => bench::run(&args),
        Chore::Fuzz(args) => fuzz::run(&args),
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
