//! Everything that can fail, on a real engine.

use std::collections::BTreeMap;
use std::env;
use std::process::ExitCode;

use anyhow::Result;
use camino::Utf8PathBuf;
use clap::Args;

use crate::container::Container;
use crate::docker::{self, Provided};
use crate::engine::{Name, Store};
use crate::process::Tool;
use crate::progress::Progress;
use crate::{cargo, fuzz, layers, uv};

/// Builds on an engine of two cores gain nothing from more at once.
const THREADS: &str = "--test-threads=2";

/// A registry for a Docker of this machine, where an image registry answers.
const REGISTRY_IMAGE: &str = "registry:3";

/// For how many seconds each fuzz target runs, two at once: 40 s for all of them.
const FUZZ_SECONDS: u64 = 10;

/// Run every check and test, those with a real Docker Engine included
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Run only tests whose name contains this
    filter: Option<String>,
    /// The folder of the private engines
    #[arg(long, value_name = "DIR")]
    home: Option<Utf8PathBuf>,
}

pub(crate) fn run(args: &TestArgs) -> Result<ExitCode> {
    let progress = Progress::new("test");
    layers::check()?;
    Tool::new("git").arg("--version").quiet()?;
    let mut passed = units(args, &progress)?;
    if args.filter.is_none() {
        progress.say("the fuzz targets");
        passed &= fuzz::check(FUZZ_SECONDS, &progress)?;
    }
    let pymono = cargo::build_pymono(false)?;

    let provided = docker::provide(args.home.as_deref(), &progress)?;
    let registry = registry(&provided, &progress)?;
    let mut variables = provided.docker.env();
    variables.extend(surroundings(&provided, &registry, pymono, &progress)?);
    if !passed {
        progress.say("tests failed, see above; those of the whole follow");
    }
    progress.say("the tests of the whole");
    // Last, so that the output ends with their own summary.
    passed &= whole(args).envs(variables).passes()?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the tests that need nothing but Cargo; whether they passed.
fn units(args: &TestArgs, progress: &Progress) -> Result<bool> {
    let test = || cargo::cargo().args(["test", "--workspace", "--exclude", "pymono-tests"]);
    progress.say("the examples in the documentation");
    let documentation = test().args(["--no-fail-fast", "--doc"]).args(&args.filter).passes()?;
    progress.say("the tests of each crate");
    let crates = test().args(["--no-fail-fast", "--all-targets"]).args(&args.filter).passes()?;
    Ok(documentation && crates)
}

fn whole(args: &TestArgs) -> Tool {
    let test = ["test", "--package", "pymono-tests", "--test", "it"];
    cargo::cargo().args(test).args(&args.filter).args(["--", "--include-ignored", THREADS])
}

/// What the tests of the whole are told about what they may use.
fn surroundings(
    provided: &Provided,
    registry: &Registry,
    pymono: Utf8PathBuf,
    progress: &Progress,
) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    let mut tell = |what: &str, value: String| {
        progress.say(format_args!("PYMONO_TEST_{what}={value}"));
        variables.insert(format!("PYMONO_TEST_{what}"), value);
    };
    tell("BIN", pymono.into_string());
    tell("UV", uv::provide(&cargo::target_directory()?)?.into_string());
    if let Some(address) = registry.address()? {
        tell("REGISTRY", address);
    }
    if let Some(classic) = classic(provided)? {
        tell("CLASSIC_HOST", classic);
    }
    if let Some(lease) = &provided.lease {
        lease.further(Name::Third, Store::Containerd, &provided.docker)?;
        tell("OTHER_HOST", lease.engine().socket(Name::Third));
    }
    Ok(variables)
}

/// The registry that tests push to.
enum Registry {
    At(String),
    In(Container),
    None,
}

impl Registry {
    fn address(&self) -> Result<Option<String>> {
        Ok(match self {
            Self::At(address) => Some(address.clone()),
            Self::In(container) => Some(container.address()?),
            Self::None => None,
        })
    }
}

/// The registry that the environment names, or one of our own.
fn registry(provided: &Provided, progress: &Progress) -> Result<Registry> {
    let named = ["PYMONO_TEST_REGISTRY", "PYMONO_REGISTRY"]
        .into_iter()
        .find_map(|name| env::var(name).ok());
    if let Some(address) = named {
        return Ok(Registry::At(address));
    }
    if let Some(lease) = &provided.lease {
        return lease.registry().map(Registry::At);
    }
    Ok(Container::start(&provided.docker, REGISTRY_IMAGE, 5000).map_or_else(
        |error| {
            progress.say(format_args!("no registry for the tests: {error:#}"));
            Registry::None
        },
        Registry::In,
    ))
}

/// Where an engine with the classic image store listens, if there can be one.
fn classic(provided: &Provided) -> Result<Option<String>> {
    let docker = &provided.docker;
    if !provided.is_private && !docker.has_containerd_store()? {
        return docker.endpoint().map(Some);
    }
    let Some(lease) = &provided.lease else { return Ok(None) };
    lease.further(Name::Second, Store::Classic, docker)?;
    Ok(Some(lease.engine().socket(Name::Second)))
}
