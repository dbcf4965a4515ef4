//! From instructions to stages: what each stage is, with its variables replaced.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Arguments, Base, Config, Mount, Origin, Port, Run, Stage, Transfer, Variable, install,
    packages, run,
    scope::Scope,
    syntax::{Instruction, Step},
};
use crate::{Command, expand::Expanded};

/// Returns the stages of a Dockerfile, built with `arguments`.
pub(crate) fn stages(instructions: &[Instruction], arguments: &Arguments) -> Vec<Stage> {
    let mut builder = Builder {
        scope: Scope::new(arguments),
        scopes: Vec::new(),
        stages: Vec::new(),
        has_own_cmd: false,
    };
    for instruction in instructions {
        builder.add(instruction);
    }
    builder.finish();
    builder.stages
}

struct Builder<'a> {
    scope: Scope<'a>,
    /// The arguments that each finished stage knew at its end.
    scopes: Vec<BTreeMap<String, String>>,
    stages: Vec<Stage>,
    /// Whether the current stage has a `CMD` of its own.
    has_own_cmd: bool,
}

impl Builder<'_> {
    fn add(&mut self, instruction: &Instruction) {
        let line = instruction.line;
        if let Step::From { image, platform, name } = &instruction.step {
            return self.begin(line, image, platform.as_deref(), name.clone());
        }
        let Some(mut stage) = self.stages.pop() else {
            if let Step::Arg(arguments) = &instruction.step {
                for (name, default) in arguments {
                    self.scope.declare_global(name, default.as_deref());
                }
            }
            return;
        };
        self.step(&mut stage, line, &instruction.step);
        self.stages.push(stage);
    }

    fn begin(&mut self, line: usize, image: &str, platform: Option<&str>, name: Option<String>) {
        self.finish();
        let Expanded { text, unknown } = self.scope.in_from(image);
        let stage = self.find(&text);
        let base = Base {
            written: image.to_owned(),
            image: text,
            stage,
            platform: platform.map(|it| self.scope.in_from(it).text),
            unknown,
        };
        let below = stage.and_then(|at| self.scopes.get(at).cloned()).unwrap_or_default();
        self.scope.begin(below);
        self.has_own_cmd = false;
        let config = stage.map(|at| self.stages[at].config.clone()).unwrap_or_default();
        self.stages.push(Stage {
            name,
            line,
            base,
            config,
            transfers: Vec::new(),
            runs: Vec::new(),
            packages: Vec::new(),
            installs: Vec::new(),
            pythons: Vec::new(),
            has_own_command: false,
        });
    }

    fn finish(&mut self) {
        if self.scopes.len() < self.stages.len() {
            self.scopes.push(self.scope.local().clone());
        }
    }

    /// Returns the finished stage with that name, the latest of them.
    fn find(&self, name: &str) -> Option<usize> {
        let name = name.to_lowercase();
        self.stages.iter().rposition(|it| it.name.as_ref() == Some(&name))
    }

    fn origin(&self, from: Option<&str>, config: &Config) -> Origin {
        let Some(from) = from else { return Origin::Context };
        let from = self.scope.in_stage(from, config).text;
        let numbered = || from.parse().ok().filter(|at| *at < self.stages.len());
        self.find(&from).or_else(numbered).map_or(Origin::Named(from.clone()), Origin::Stage)
    }

    fn step(&mut self, stage: &mut Stage, line: usize, step: &Step) {
        let expanded = |text: &str| self.scope.in_stage(text, &stage.config).text;
        match step {
            Step::Arg(arguments) => {
                for (name, default) in arguments {
                    self.scope.declare(name, default.as_deref(), &stage.config);
                }
            }
            Step::Env(pairs) => {
                let set = |(name, value): &(String, String)| {
                    (name.clone(), Variable { value: expanded(value), line })
                };
                let pairs: Vec<_> = pairs.iter().map(set).collect();
                stage.config.env.extend(pairs);
            }
            Step::Transfer { from, sources, destination, add } => {
                let origin = self.origin(from.as_deref(), &stage.config);
                let (urls, sources) =
                    sources.iter().map(|it| expanded(it)).partition(|it| *add && is_remote(it));
                let destination = absolute(&stage.config, &expanded(destination));
                stage.transfers.push(Transfer { origin, sources, urls, destination, line });
            }
            Step::Run { script, line: script_line, flags } => {
                self.run(stage, line, (script, *script_line), flags);
            }
            Step::Expose(ports) => {
                let ports: BTreeSet<_> =
                    ports.iter().filter_map(|it| port(&expanded(it), line)).collect();
                stage.config.ports.extend(ports);
            }
            Step::User(user) => stage.config.user = Some((expanded(user), line)),
            Step::Workdir(path) => {
                stage.config.workdir = Some((absolute(&stage.config, &expanded(path)), line));
            }
            Step::Health(health) => stage.config.health.clone_from(health),
            Step::Cmd(command) => {
                self.has_own_cmd = true;
                stage.has_own_command = true;
                stage.config.cmd = Some(command.clone());
            }
            Step::Entrypoint(command) => self.entrypoint(stage, command),
            Step::From { .. } => {}
        }
    }

    /// An entry point takes away the command that the image below it had, as BuildKit does.
    fn entrypoint(&self, stage: &mut Stage, command: &Command) {
        stage.has_own_command |= !command.is_empty();
        stage.config.entrypoint = Some(command.clone());
        if !self.has_own_cmd {
            stage.config.cmd = None;
        }
    }

    fn run(
        &self,
        stage: &mut Stage,
        line: usize,
        (script, first): (&str, usize),
        flags: &[(String, String)],
    ) {
        let mounts = flags.iter().filter(|(name, _)| name == "mount");
        let mount = |(_, value): &(String, String)| {
            let mount = run::mount(&self.scope.in_stage(value, &stage.config).text)?;
            let origin = self.origin(mount.from.as_deref(), &stage.config);
            Some(Mount { origin, source: mount.source, target: mount.target, line })
        };
        let ssh = mounts.clone().any(|(_, value)| value.split(',').any(|it| it == "type=ssh"));
        let mounts = mounts.filter_map(mount).collect();
        let mut commands = run::commands(script, first);
        for word in commands.iter_mut().flat_map(|it| &mut it.words) {
            word.text = self.scope.in_stage(&word.text, &stage.config).text;
        }
        packages::note(&commands, &mut stage.packages);
        for command in &commands {
            stage.installs.extend(install::install(command));
            stage.pythons.extend(install::python(command));
        }
        stage.runs.push(Run { script: script.to_owned(), mounts, ssh, line });
    }
}

/// Returns whether an `ADD` takes something from the network.
fn is_remote(source: &str) -> bool {
    ["http://", "https://", "git@", "ssh://", "git://"].iter().any(|it| source.starts_with(it))
}

/// Returns a path in the image, seen from the working directory.
///
/// It ends in `/` where `path` does or names the folder itself.
fn absolute(config: &Config, path: &str) -> String {
    let workdir = config.workdir.as_ref().map_or("/", |(path, _)| path);
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{workdir}/{path}") };
    let is_folder = path.ends_with('/') || path == "." || path.ends_with("/.");
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    let end = if is_folder && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

fn port(text: &str, line: usize) -> Option<Port> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    // Of a range the first is what a service listens on.
    let number = number.split('-').next()?.parse().ok()?;
    Some(Port { number, udp: protocol.eq_ignore_ascii_case("udp"), line })
}
