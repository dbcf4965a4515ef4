//! What recipes say about a service whose image is generated all the same.

use std::collections::BTreeSet;

use pymono_names::{PythonVersion, TreePath};
use pymono_recipe::{Command, Form, Image, Process};
use pymono_workspace::Launch;

use super::Recipes;
use crate::{config, tree::Tree};

/// Packages that only builds need; an image that is built in one stage has them all the same.
const COMPILERS: [&str; 8] =
    ["build-essential", "cmake", "g++", "gcc", "make", "ninja-build", "pkg-config", "python3-dev"];

/// The port of a process that listens where `PORT` says.
const PORT: u16 = 8000;

/// What recipes say about a service, as far as it holds for a generated image too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    /// How it is started.
    pub(crate) launch: Launch,
    /// Debian packages in its image.
    pub(crate) apt: BTreeSet<String>,
    /// Debian packages that its builds need.
    pub(crate) build_apt: BTreeSet<String>,
    /// The Python of its image, and the recipe that says so.
    pub(crate) python: Option<(PythonVersion, TreePath)>,
}

/// Where a service of which recipes speak is started.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    /// The files.
    tree: &'a Tree,
    /// Its folder.
    folder: &'a TreePath,
    /// Whether it is installed; else it is started in a copy of its folder.
    installed: bool,
    /// The configured port.
    port: Option<u16>,
}

impl Recipes<'_> {
    /// Returns what recipes say about a service whose image is generated.
    pub(crate) fn hints(&self, folder: &TreePath, installed: bool, port: Option<u16>) -> Hints {
        let image = self.images(folder).next();
        let processes = self.processes.get(folder).map(Vec::as_slice).unwrap_or_default();
        hints(image, processes, Place { tree: self.tree, folder, installed, port })
    }
}

fn hints(image: Option<&Image>, processes: &[Process], place: Place<'_>) -> Hints {
    let mut processes: Vec<&Process> = processes.iter().collect();
    // What the web reaches comes before what works behind it.
    processes.sort_by_key(|it| it.name != "web");
    let by_image = image.and_then(|it| {
        let command = place.usable(it.command.as_ref()?)?;
        Some((command, it.port, it.health.clone()))
    });
    let mut by_process = processes.into_iter().filter_map(|it| {
        let command = place.usable(&it.command)?;
        let port = it.port.or_else(|| mentions_port(&it.command).then_some(PORT));
        Some((command, port, it.health.clone()))
    });
    let launch = by_image.or_else(|| by_process.next()).map(|it| place.listening(it));
    // A name that a variable stands for could be anything.
    let packages = image.into_iter().flat_map(|it| it.apt.iter().cloned());
    let packages = packages.filter(|it| config::DEBIAN_PACKAGE.check(it).is_ok());
    let (build_apt, apt) = packages.partition(|it| COMPILERS.contains(&it.as_str()));
    let python =
        image.and_then(|it| Some((it.python.as_ref()?.parse().ok()?, it.build.dockerfile.clone())));
    Hints { launch: launch.unwrap_or_default(), apt, build_apt, python }
}

fn mentions_port(command: &Command) -> bool {
    command.words.iter().any(|it| it.contains("$PORT") || it.contains("${PORT"))
}

impl Place<'_> {
    /// Puts the configured port in place of the one that a recipe has.
    fn listening(
        &self,
        (command, port, health): (Vec<String>, Option<u16>, Option<String>),
    ) -> Launch {
        let moved = |word: String| match (self.port, port) {
            (Some(new), Some(old)) => with_port(word, old, new),
            _ => word,
        };
        let command = Some(command.into_iter().map(moved).collect());
        Launch { command, port: self.port.or(port), health }
    }

    /// Returns a recipe's command in exec form, if it means the same in a generated image: what
    /// it starts is installed, and needs no file or variable that only the recipe's image has.
    fn usable(&self, command: &Command) -> Option<Vec<String>> {
        let mut commands = command.simple();
        commands.retain(|words| words.first().is_some_and(|it| it != "cd"));
        let port = self.port.unwrap_or(PORT);
        for word in commands.iter_mut().flatten() {
            *word = word_with_port(word, port);
        }
        let known = commands.iter().all(|words| self.is_known(words));
        match &commands[..] {
            _ if !known => None,
            [words] => Some(words.clone()),
            // Any other way to put commands together would have to be understood first.
            [_, .., _] if command.form == Form::Shell => in_a_row(command, &commands),
            _ => None,
        }
    }

    fn is_known(&self, words: &[String]) -> bool {
        let Some(program) = words.first() else { return false };
        let is_script =
            program.contains('/') || [".sh", ".py"].iter().any(|it| program.ends_with(it));
        !is_script && words.iter().all(|word| !word.contains('$') && self.has(word))
    }

    /// Returns whether a word that names a file or a module means one that the image has too.
    fn has(&self, word: &str) -> bool {
        let file = |path: &str| {
            let path = self.folder.join(path).ok();
            path.is_some_and(|path| self.tree.has(&path))
        };
        if word.rsplit_once('.').is_some_and(|(_, extension)| extension == "py") {
            return !self.installed && file(word);
        }
        let Some((module, _)) = word.split_once(':').filter(|(it, _)| is_module(it)) else {
            return true;
        };
        let path = module.replace('.', "/");
        let roots: &[&str] = if self.installed { &["", "src/"] } else { &[""] };
        let mut files = roots.iter().flat_map(|root| {
            [".py", "/__init__.py", "/__main__.py"].map(|end| format!("{root}{path}{end}"))
        });
        files.any(|path| file(&path))
    }
}

/// Returns commands that are started one after the other, each if the one before went well.
fn in_a_row(command: &Command, commands: &[Vec<String>]) -> Option<Vec<String>> {
    let text = command.words.concat();
    let plain = !text.contains([';', '|', '\n', '(', '<', '>'])
        && text.matches('&').count() == 2 * (text.matches("&&").count());
    let moves = text.trim_start().starts_with("cd ");
    let count = text.matches("&&").count() + 1 - usize::from(moves);
    let lines = commands.iter().map(|words| shlex::try_join(words.iter().map(String::as_str)));
    let lines: Vec<String> = lines.collect::<Result<_, _>>().ok()?;
    let (last, before) = lines.split_last().filter(|_| plain && count == lines.len())?;
    let script: String = before.iter().map(|it| format!("{it} && ")).collect();
    Some(["/bin/sh", "-c", &format!("{script}exec {last}")].map(str::to_owned).into())
}

fn is_module(text: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    text.split('.').all(is_name) && text != "localhost"
}

/// Puts a port in place of the variable `PORT`; its default in the word comes first.
fn word_with_port(word: &str, port: u16) -> String {
    let mut word = word.to_owned();
    while let Some((before, after)) = word.split_once("${PORT") {
        let Some((inner, rest)) = after.split_once('}') else { break };
        let default = inner.trim_start_matches([':', '-', '=']);
        let value = if default.is_empty() { port.to_string() } else { default.to_owned() };
        word = format!("{before}{value}{rest}");
    }
    word.replace("$PORT", &port.to_string())
}

/// Puts one port in place of another at the end of a word.
fn with_port(word: String, old: u16, new: u16) -> String {
    match word.strip_suffix(&old.to_string()) {
        Some(before) if !before.ends_with(|c: char| c.is_alphanumeric()) => {
            format!("{before}{new}")
        }
        _ => word,
    }
}
