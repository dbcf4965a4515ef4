//! Stages of what a service's image gets once everything is installed.

use std::{collections::BTreeMap, fmt};

use pymono_plan::{ImageFile, Included, PretendedVersion, Reinstall, StageName, Steps};
use pymono_workspace::BuildStep;
use serde_json::{Value, json};

use super::{
    VENV,
    image::{copy, variables},
    install::secret_mount,
    stage::{BACKEND, FROM_FOLDER, caches},
};
use crate::{instruction::Run, pins};

/// Where a stage gathers what commands have made, each file at its place below.
pub(super) const MADE: &str = "/made";

/// The program that runs commands and gathers what they make, in the Python of the image.
pub(crate) const RUNNER: &str = include_str!("steps.py");

/// The name of the program's file.
pub(crate) const RUNNER_NAME: &str = "steps.py";

/// Returns the name of the file with a stage's commands.
pub(crate) fn commands_name(stage: &StageName) -> String {
    format!("{stage}.json")
}

/// Returns what the program is told of a stage's commands.
pub(crate) fn commands(steps: &Steps) -> String {
    let commands = steps.steps.iter().map(|step| match step {
        BuildStep::Shell(text) => json!(text),
        BuildStep::Exec(words) => json!(words),
    });
    let package = steps.reinstall.as_ref().map(|reinstall| package(steps, reinstall));
    let text = json!({
        "package": package,
        "steps": commands.collect::<Vec<_>>(),
        "workdir": steps.workdir,
    });
    format!("{text:#}\n")
}

/// Returns how the program installs the service itself anew.
fn package(steps: &Steps, reinstall: &Reinstall) -> Value {
    let version = reinstall.version.as_ref();
    let command = format!("uv pip install {FROM_FOLDER} --reinstall");
    json!({
        "backend": reinstall.backend.as_ref().map(|_| BACKEND),
        "command": command.split(' ').collect::<Vec<_>>(),
        "metadata": version.and_then(|version| version.metadata.as_ref()),
        "path": steps.path,
        "variables": version.map(|PretendedVersion { variables, .. }| variables).cloned().unwrap_or_default(),
    })
}

/// Writes a stage that runs commands.
pub(super) fn text(f: &mut fmt::Formatter<'_>, name: &StageName, steps: &Steps) -> fmt::Result {
    writeln!(f, "# `{}`: {}.", steps.path, shown(&steps.steps))?;
    writeln!(f, "FROM {} AS {name}", steps.base)?;
    steps.layers.iter().try_for_each(|layer| copy(f, layer))?;
    for ImageFile { source, target } in &steps.sources {
        writeln!(f, "COPY --link {source} {target}")?;
    }
    writeln!(f, "ENV PATH={VENV}/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1")?;
    if !steps.sources.is_empty() {
        // What is installed is what is imported, as in the image, and not what lies beside it.
        writeln!(f, "ENV PYTHONSAFEPATH=1")?;
    }
    variables(f, &steps.env)?;
    writeln!(f, "WORKDIR {}", steps.workdir)?;
    let mounts = mounts(name, steps);
    if mounts.iter().any(|mount| mount.contains("$TARGETARCH")) {
        writeln!(f, "ARG TARGETARCH")?;
    }
    let command = format!("{VENV}/bin/python -I /{RUNNER_NAME} /steps.json");
    write!(f, "{}", mounts.into_iter().fold(Run::new(command), Run::mount))
}

fn mounts(name: &StageName, steps: &Steps) -> Vec<String> {
    let told = [(RUNNER_NAME.to_owned(), RUNNER_NAME), (commands_name(name), "steps.json")];
    let told = told.map(|(file, at)| pins::mount(&file, &format!("/{at}")));
    let backend = steps.reinstall.iter().filter_map(|reinstall| reinstall.backend.as_ref());
    let backend =
        backend.map(|stage| format!("type=bind,from={stage},source={BACKEND},target={BACKEND}"));
    let toolchain = steps.toolchain.as_deref().map(|image| (image, ""));
    let caches = caches(&steps.path, toolchain, &steps.caches);
    let secrets = steps.secrets.iter().map(secret_mount);
    told.into_iter().chain(backend).chain(caches).chain(secrets).collect()
}

/// Returns the commands in one line, for people.
pub(super) fn shown(steps: &[BuildStep]) -> String {
    let commands = steps.iter().map(|step| match step {
        BuildStep::Shell(text) => text.lines().next().unwrap_or_default().to_owned(),
        BuildStep::Exec(words) => words.join(" "),
    });
    commands.collect::<Vec<_>>().join("; ")
}

/// Copies files to where they lie in the image; those that go to one folder in one layer.
pub(super) fn included(f: &mut fmt::Formatter<'_>, included: &Included) -> fmt::Result {
    for ImageFile { source, target } in &included.folders {
        writeln!(f, "COPY {source} {target}")?;
    }
    let mut together = BTreeMap::<&str, Vec<&str>>::new();
    for ImageFile { source, target } in &included.files {
        match target.rsplit_once('/') {
            Some((folder, name)) if Some(name) == source.file_name() => {
                together.entry(folder).or_default().push(source.as_str());
            }
            _ => writeln!(f, "COPY {source} {target}")?,
        }
    }
    let mut together = together.into_iter();
    together.try_for_each(|(folder, sources)| writeln!(f, "COPY {} {folder}/", sources.join(" ")))
}
