//! A private Docker Engine for a machine that has none and that perhaps
//! reaches no image registry.
//!
//! Everything lies in one folder: programs, data, sockets, logs. The engines
//! have network bridges of their own and leave the firewall to the host, but
//! for a few rules that `down` takes back, so that a Docker of the host never
//! notices them.

mod daemon;
mod home;
mod host;
mod images;
mod lease;
mod network;
mod packages;
mod pid;
mod registry;
mod resolver;
mod subnet;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Subcommand};

pub(crate) use self::daemon::Name;
use self::home::Home;
pub(crate) use self::host::is_fit;
pub(crate) use self::lease::Lease;
pub(crate) use self::registry::EmptyRegistry;
use crate::docker::Docker;
use crate::progress::Progress;

/// Run a private Docker Engine with a registry and base images
///
/// Needs root on Debian or Ubuntu. A Docker of the host is left alone.
#[derive(Debug, Args)]
pub(crate) struct EngineArgs {
    /// The folder that holds everything
    /// [default: `~/.cache/pymono-xtask-engine`]
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<Utf8PathBuf>,
    #[command(subcommand)]
    command: EngineCommand,
}

#[derive(Debug, Subcommand)]
enum EngineCommand {
    /// Start the engine and its registry, and make the base images
    Up,
    /// Print what a shell evaluates to use the engine
    Env,
    /// Stop what was started here, and nothing else
    Down,
    /// Start a second, independent engine
    Second {
        /// Use the classic image store, without containerd's snapshotters
        #[arg(long)]
        classic: bool,
    },
}

pub(crate) fn run(args: &EngineArgs) -> Result<ExitCode> {
    is_fit()?;
    let engine = Engine::new(args.home.as_deref())?;
    match args.command {
        EngineCommand::Up => engine.up_to_stay()?,
        EngineCommand::Env => print!("{}", engine.exports()?),
        EngineCommand::Down => engine.down()?,
        EngineCommand::Second { classic } => engine.second_to_stay(Store::from_classic(classic))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// How an engine keeps images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// containerd's content store and snapshotters.
    Containerd,
    /// Graph drivers, as every engine had them before.
    Classic,
}

impl Store {
    fn from_classic(classic: bool) -> Self {
        if classic { Self::Classic } else { Self::Containerd }
    }
}

/// The private engines of one folder.
#[derive(Debug)]
pub(crate) struct Engine {
    home: Home,
    progress: Progress,
}

impl Engine {
    /// The engines in `home`, or in the default folder. Starts nothing.
    pub(crate) fn new(home: Option<&Utf8Path>) -> Result<Self> {
        let home = home.map_or_else(Home::standard, Home::new)?;
        Ok(Self { home, progress: Progress::new("engine") })
    }

    /// The client of one of the engines.
    pub(crate) fn docker(&self, name: Name) -> Docker {
        Docker::private(self.home.client(), self.variables(name))
    }

    /// Where one of the engines listens, as `DOCKER_HOST` takes it.
    pub(crate) fn socket(&self, name: Name) -> String {
        format!("unix://{}", self.home.socket(name))
    }

    /// The address of the registry, `127.0.0.1:PORT`, once it was started.
    pub(crate) fn registry(&self) -> Option<String> {
        registry::address(&self.home)
    }

    /// Starts the main engine with its registry and base images.
    fn up(&self) -> Result<()> {
        host::check(&self.progress)?;
        packages::provide(&self.home, &self.progress)?;
        daemon::start(&self.home, Name::Main, Store::Containerd, &self.progress)?;
        registry::start(&self.home, &self.progress)?;
        images::provide(&self.home, &self.docker(Name::Main), None, &self.progress)
    }

    /// Starts a further engine, with base images from `source` where it has them.
    fn further(&self, name: Name, store: Store, source: Option<&Docker>) -> Result<()> {
        host::check(&self.progress)?;
        packages::provide(&self.home, &self.progress)?;
        daemon::start(&self.home, name, store, &self.progress)?;
        images::provide(&self.home, &self.docker(name), source, &self.progress)
    }

    fn start_registry(&self) -> Result<String> {
        host::check(&self.progress)?;
        packages::provide(&self.home, &self.progress)?;
        registry::start(&self.home, &self.progress)?;
        self.registry().context("the registry has no port")
    }

    fn empty_registry(&self) -> Result<EmptyRegistry> {
        packages::provide(&self.home, &self.progress)?;
        EmptyRegistry::start(&self.home)
    }

    fn up_to_stay(&self) -> Result<()> {
        let _lock = self.home.lock(&self.progress)?;
        self.up()?;
        lease::keep(&self.home, &[Name::Main])?;
        self.describe(Name::Main)?;
        self.progress.say("to use it: eval \"$(cargo xtask engine env)\"");
        Ok(())
    }

    fn second_to_stay(&self, store: Store) -> Result<()> {
        let _lock = self.home.lock(&self.progress)?;
        let main = daemon::is_running(&self.home, Name::Main).then(|| self.docker(Name::Main));
        self.further(Name::Second, store, main.as_ref())?;
        lease::keep(&self.home, &[Name::Second])?;
        self.describe(Name::Second)?;
        self.progress.say(format_args!("to use it: DOCKER_HOST={}", self.socket(Name::Second)));
        Ok(())
    }

    fn describe(&self, name: Name) -> Result<()> {
        let docker = self.docker(name);
        let engine = docker.tool().args(["version", "--format", "{{.Server.Version}}"]).read()?;
        let buildx = docker.buildx_version().unwrap_or_default();
        let registry = self.registry().filter(|_| name == Name::Main);
        let registry = registry.map_or_else(String::new, |it| format!(", registry {it}"));
        let engine = engine.trim();
        self.progress.say(format_args!("{name}: Engine {engine}, buildx {buildx}{registry}"));
        images::describe(&docker, &self.progress)
    }

    fn down(&self) -> Result<()> {
        let _lock = self.home.lock(&self.progress)?;
        let all = [Name::Main, Name::Second, Name::Third];
        self.stop(&all)?;
        lease::keep(&self.home, &all)
    }

    /// Stops these engines, and the registry unless the main one stays.
    fn stop(&self, names: &[Name]) -> Result<()> {
        for name in names {
            daemon::stop(&self.home, *name, &self.progress)?;
        }
        if !daemon::is_running(&self.home, Name::Main) {
            registry::stop(&self.home, &self.progress)?;
        }
        Ok(())
    }

    fn exports(&self) -> Result<String> {
        ensure!(
            daemon::is_running(&self.home, Name::Main),
            "the private engine is not running; start it with `cargo xtask engine up`"
        );
        let export = |(key, value): (String, String)| {
            Ok(format!("export {key}={}\n", shlex::try_quote(&value)?))
        };
        self.variables(Name::Main).into_iter().map(export).collect()
    }

    /// The environment in which `docker` means one of these engines.
    fn variables(&self, name: Name) -> BTreeMap<String, String> {
        let path = std::env::var("PATH").unwrap_or_default();
        let registry = self.registry().map(|it| ("PYMONO_REGISTRY".to_owned(), it));
        [
            ("DOCKER_HOST".to_owned(), self.socket(name)),
            ("DOCKER_CONFIG".to_owned(), self.home.config().into_string()),
            ("PATH".to_owned(), format!("{}:{path}", self.home.programs())),
        ]
        .into_iter()
        .chain(registry)
        .collect()
    }
}
