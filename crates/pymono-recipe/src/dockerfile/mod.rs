//! Dockerfiles: what their stages stand on, install, copy and run.

mod install;
mod mask;
mod packages;
mod reach;
mod run;
mod scope;
mod stage;
mod syntax;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::{Command, ImageReference, RecipeError};

pub use install::{Install, Installer, PythonHint};
pub use packages::{Manager, Package};
pub use reach::{Context, Reach};

/// A Dockerfile that could be read.
///
/// What it means depends on its build arguments, so that its stages are asked
/// for with [`Dockerfile::stages`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dockerfile {
    instructions: Vec<syntax::Instruction>,
}

/// Build arguments, by name.
pub type Arguments = BTreeMap<String, String>;

impl Dockerfile {
    /// Reads a Dockerfile by the rules of the [Dockerfile reference].
    ///
    /// [Dockerfile reference]: https://docs.docker.com/reference/dockerfile/
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        Ok(Self { instructions: syntax::parse(text)? })
    }

    /// Returns the stages, in the order in which they stand, as they are built with `arguments`.
    ///
    /// A variable that has neither a value in `arguments` nor a default stays as `${NAME}`.
    pub fn stages(&self, arguments: &Arguments) -> Vec<Stage> {
        stage::stages(&self.instructions, arguments)
    }

    /// Returns the build arguments that it declares, in the order in which they stand.
    pub fn arguments(&self) -> Vec<Argument> {
        let declared = self.instructions.iter().filter_map(|it| match &it.step {
            syntax::Step::Arg(arguments) => Some((it.line, arguments)),
            _ => None,
        });
        let argument = |line, (name, default): &(String, Option<String>)| Argument {
            name: name.clone(),
            default: default.clone(),
            line,
        };
        declared.flat_map(|(line, all)| all.iter().map(move |it| argument(line, it))).collect()
    }
}

/// A build argument: `ARG NAME=default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its default as written, if it has one.
    pub default: Option<String>,
    /// The line that declares it.
    pub line: usize,
}

/// One stage: a `FROM` and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name, in lower case as BuildKit compares it.
    pub name: Option<String>,
    /// The line of its `FROM`.
    pub line: usize,
    /// What it stands on.
    pub base: Base,
    /// `COPY` and `ADD`, in order.
    pub transfers: Vec<Transfer>,
    /// `RUN`, in order.
    pub runs: Vec<Run>,
    /// What it itself installs with a system's package manager.
    pub packages: Vec<Package>,
    /// What it itself installs with an installer of Python packages.
    pub installs: Vec<Install>,
    /// What it says about the version of Python, beside its base image.
    pub pythons: Vec<PythonHint>,
    /// The configuration of its image, with what it has from the stages below it.
    pub config: Config,
    /// Whether the stage itself says what to start, and has it not from the stages below it.
    pub has_own_command: bool,
}

/// What a stage stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// What follows `FROM`, as written.
    pub written: String,
    /// What it is with the build arguments replaced.
    pub image: String,
    /// The earlier stage that it is, by its place; `None` for an image from elsewhere.
    pub stage: Option<usize>,
    /// `--platform`, with build arguments replaced.
    pub platform: Option<String>,
    /// The build arguments in it that have no value.
    pub unknown: Vec<String>,
}

impl Base {
    /// Returns the name of the image, taken apart.
    pub fn reference(&self) -> ImageReference {
        ImageReference::parse(&self.image)
    }
}

/// Where a `COPY`, an `ADD` or a mount takes files from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The context of the build.
    Context,
    /// An earlier stage, by its place.
    Stage(usize),
    /// An image, or a context with that name.
    Named(String),
}

/// A `COPY` or an `ADD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Where it takes files from.
    pub origin: Origin,
    /// What it takes, with variables replaced; what has no value is `${NAME}`. URLs are in `urls`.
    pub sources: Vec<String>,
    /// What it takes from the network: URLs and git repositories.
    pub urls: Vec<String>,
    /// The absolute path in the image; it ends in `/` if it is written as a folder.
    pub destination: String,
    /// Its line.
    pub line: usize,
}

/// A `RUN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The script, its continued lines still in it.
    pub script: String,
    /// What it sees of elsewhere while it runs.
    pub mounts: Vec<Mount>,
    /// Whether it asks for an SSH agent.
    pub ssh: bool,
    /// Its line.
    pub line: usize,
}

/// A bind mount or a cache's seed: `RUN --mount=type=bind,…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where the files are.
    pub origin: Origin,
    /// The path there.
    pub source: String,
    /// The path in the build at which they are seen.
    pub target: String,
    /// The line of its `RUN`.
    pub line: usize,
}

/// The configuration of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Environment variables, with variables in them replaced.
    pub env: BTreeMap<String, Variable>,
    /// `EXPOSE`, sorted.
    pub ports: BTreeSet<Port>,
    /// `USER` and its line.
    pub user: Option<(String, usize)>,
    /// `WORKDIR`, absolute, and its line.
    pub workdir: Option<(String, usize)>,
    /// `ENTRYPOINT`.
    pub entrypoint: Option<Command>,
    /// `CMD`.
    pub cmd: Option<Command>,
    /// `HEALTHCHECK`.
    pub health: Option<Health>,
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The value.
    pub value: String,
    /// The line that sets it.
    pub line: usize,
}

/// A port that an image says it listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Whether it is a UDP port; else it is a TCP port.
    pub udp: bool,
    /// The line that says it.
    pub line: usize,
}

/// A command that tells whether a container is healthy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Health {
    /// The command.
    pub test: Command,
}

impl Config {
    /// Returns what a container starts: the entry point with the command as its arguments.
    ///
    /// A shell-form entry point takes no arguments, so that the command says nothing then
    /// (see "Understand how CMD and ENTRYPOINT interact" in the Dockerfile reference).
    pub fn command(&self) -> Option<Command> {
        let said = |it: &Option<Command>| it.clone().filter(|it| !it.is_empty());
        let (entrypoint, cmd) = (said(&self.entrypoint), said(&self.cmd));
        match (entrypoint, cmd) {
            (Some(entrypoint), Some(cmd)) if entrypoint.form == crate::Form::Exec => {
                let words = [entrypoint.words.clone(), cmd.exec()].concat();
                Some(Command { words, ..entrypoint })
            }
            (Some(command), _) | (None, Some(command)) => Some(command),
            (None, None) => None,
        }
    }
}
