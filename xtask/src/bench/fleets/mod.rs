//! Fleets of many services, built by pymono and by what people have without it.

mod fleet;
mod profiles;
mod tree;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum, value_parser};

use self::fleet::Fleet;
use self::tree::Tree;
use super::peer::{Peer, Programs};
use super::run::{self, Run};
use super::scenario::{Change, Scenario};
use crate::docker;
use crate::process::Tool;
use crate::progress::Progress;

/// Measure `pymono build --all` on a fleet beside three other ways
///
/// The fleet is a uv workspace with real packages, made from the seed and
/// locked by uv as of one day. All sides build the same services on the same
/// engine in turn, and all have their images checked. Each side's images are
/// pushed to a registry that starts empty.
#[derive(Debug, Args)]
pub(super) struct FleetsArgs {
    /// How many services there are
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = value_parser!(u32).range(2..))]
    services: u32,
    /// How many libraries they share [default: a fifth of the services]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    libraries: Option<u32>,
    /// Take twelve services of which no two share a package
    #[arg(long, conflicts_with_all = ["services", "libraries"])]
    apart: bool,
    /// Which sides are measured [default: all that this machine has]
    #[arg(long, value_name = "SIDE", value_delimiter = ',')]
    sides: Vec<Peer>,
    /// Which scenarios are measured, beside cold layers [default: all]
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',')]
    scenarios: Vec<Kind>,
    /// Measure all of one side, clear it away on a private engine, and go on with the next
    #[arg(long)]
    one_by_one: bool,
    /// How often each scenario is measured
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = value_parser!(u32).range(1..))]
    repetitions: u32,
    /// Print JSON with every single measurement in place of Markdown
    #[arg(long)]
    json: bool,
    /// Let pymono compress layers so, such as `zstd:9`; the others have gzip
    #[arg(long, value_name = "METHOD")]
    compression: Option<String>,
    /// The program that is measured [default: a release build of this tree]
    #[arg(long, value_name = "FILE")]
    pymono: Option<Utf8PathBuf>,
    /// The folder of the private engine
    #[arg(long, value_name = "DIR")]
    home: Option<Utf8PathBuf>,
}

/// A scenario, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Unchanged,
    Service,
    Library,
    Pin,
    DevelopmentPin,
}

impl FleetsArgs {
    fn wants(&self, kind: Kind) -> bool {
        self.scenarios.is_empty() || self.scenarios.contains(&kind)
    }

    fn libraries(&self) -> u32 {
        self.libraries.unwrap_or_else(|| self.services.div_ceil(5))
    }

    fn fleet(&self) -> Fleet {
        if self.apart {
            return Fleet::apart();
        }
        Fleet::mixed(self.services as usize, self.libraries() as usize)
    }

    /// The command that runs this again.
    fn command(&self) -> String {
        let fleet = if self.apart {
            "--apart".to_owned()
        } else {
            format!("--services {} --libraries {}", self.services, self.libraries())
        };
        let sides = list("sides", &self.sides);
        let scenarios = list("scenarios", &self.scenarios);
        let one_by_one = if self.one_by_one { " --one-by-one" } else { "" };
        let compression = self.compression.as_ref().map(|it| format!(" --compression {it}"));
        let options = format!("{one_by_one}{}", compression.unwrap_or_default());
        let repetitions = self.repetitions;
        format!(
            "cargo xtask bench fleets {fleet}{sides}{scenarios}{options} --repetitions {repetitions}"
        )
    }
}

/// An option as it is given on a command line; nothing where it has no values.
fn list(option: &str, values: &[impl ValueEnum]) -> String {
    let values = values.iter().filter_map(|it| Some(it.to_possible_value()?.get_name().to_owned()));
    let values: Vec<String> = values.collect();
    if values.is_empty() { String::new() } else { format!(" --{option} {}", values.join(",")) }
}

pub(super) fn run(args: &FleetsArgs) -> Result<ExitCode> {
    let progress = Progress::new("bench");
    let provided = docker::provide(args.home.as_deref(), &progress)?;
    let programs = run::programs(args.pymono.as_deref(), &progress)?;
    let programs = Programs { compression: args.compression.clone(), ..programs };
    let fleet = args.fleet();
    let folder = tempfile::Builder::new().prefix("pymono-fleet-").tempdir()?;
    let root = Utf8PathBuf::try_from(folder.path().canonicalize()?)?;
    progress.say(format_args!("making and locking {} services", fleet.services.len()));
    let tree = Tree::make(&root, &fleet, &programs)?;
    if args.apart {
        share_nothing(&programs, &root, &fleet)?;
    }
    let scenarios = scenarios(args, &tree, &fleet)?;
    let mut peers = args.sides.clone();
    if peers.is_empty() {
        peers = vec![Peer::Guide, Peer::Expert, Peer::Pymono];
        if provided.docker.compose_version().is_some() {
            peers.insert(2, Peer::Compose);
        }
    }
    let run = Run {
        command: args.command(),
        peers,
        scenarios,
        repetitions: args.repetitions,
        one_by_one: args.one_by_one,
        most_bytes: (!args.apart).then_some(0.2),
    };
    run.measure(&root, programs, &provided, &progress)?.print(args.json)?;
    Ok(ExitCode::SUCCESS)
}

/// What is measured, and what pymono may take at most of what the others take for 40 services.
fn scenarios(args: &FleetsArgs, tree: &Tree<'_>, fleet: &Fleet) -> Result<Vec<Scenario>> {
    let bounded = |scenario: Scenario, guide, expert| {
        let bounds = [(Peer::Guide, guide), (Peer::Expert, expert)];
        scenario.at_most(bounds.into_iter().filter(|_| !args.apart))
    };
    let cold = Scenario::new("cold layers, warm download caches", Change::Base);
    let mut scenarios = vec![if args.apart {
        // Where nothing can be shared, sharing may cost next to nothing.
        cold.at_most([(Peer::Expert, 1.1)])
    } else {
        bounded(cold, 0.25, 0.25)
    }];
    if args.wants(Kind::Unchanged) {
        let nothing = Scenario::new("nothing changed", Change::Nothing);
        scenarios.push(bounded(nothing, 0.05, 0.05));
    }
    if args.wants(Kind::Service) {
        // Not the one whose pin changes: it would be built anew for both.
        let service = Tree::source("services", &fleet.services[fleet.services.len() / 2]);
        let edited = Scenario::new("one service edited", Change::Line(service));
        scenarios.push(bounded(edited, 0.03, 0.2));
    }
    if let Some(library) = fleet.libraries.first().filter(|_| args.wants(Kind::Library)) {
        let library = Tree::source("libs", library);
        let edited = Scenario::new("a library edited that all use", Change::Line(library));
        scenarios.push(bounded(edited, 0.07, 0.07));
    }
    if args.wants(Kind::Pin) {
        let pin = Change::Pins(tree.pin()?);
        let bumped = Scenario::new("a pin bumped that one service uses", pin);
        scenarios.push(bounded(bumped, 0.05, 0.5));
    }
    if args.wants(Kind::DevelopmentPin) {
        let tools = "a pin bumped that one service is developed with";
        scenarios.push(Scenario::new(tools, Change::Pins(tree.development_pin()?)));
    }
    Ok(scenarios)
}

/// Fails if two services need one and the same distribution.
fn share_nothing(programs: &Programs, root: &Utf8Path, fleet: &Fleet) -> Result<()> {
    let mut owners = BTreeMap::<String, &str>::new();
    for service in &fleet.services {
        let export = ["export", "--quiet", "--frozen", "--no-dev", "--no-emit-workspace"];
        let of = ["--no-hashes", "--no-annotate", "--no-header", "--python", &programs.python];
        let pins = Tool::new(&programs.uv).args(export).args(of);
        let pins = pins.args(["--package", &service.name]).cwd(root).read()?;
        for pin in pins.lines() {
            // Of one for other platforms no image knows.
            let applies = !pin.contains("win32") && !pin.contains("PyPy");
            let owner = owners.insert(pin.to_owned(), &service.name).filter(|_| applies);
            ensure!(owner.is_none(), "`{pin}` is needed by {} and {owner:?}", service.name);
        }
    }
    Ok(())
}
