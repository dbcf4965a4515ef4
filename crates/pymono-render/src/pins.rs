//! The files that stages install from and run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use pymono_names::{Login, Platform, TreePath};
use pymono_plan::{
    BuildPlan, Dependencies, FetchedCrates, GitOrigin, OpenRequirement, Origin, PackageBuild,
    PinnedBackend, Requirement, Stage, StageKind, StageName,
};

use crate::{
    PINS_CONTEXT,
    dockerfile::{
        Install, RUNNER, RUNNER_NAME, SETTLE, SETTLE_NAME, SNAPSHOT, SNAPSHOT_NAME, commands,
        commands_name,
    },
    spelling,
};

/// Where the sources of the tree are mounted in a build.
pub(crate) const SOURCES: &str = "/src";

/// The name of the program that gives sources their times.
pub(crate) const SCRIPT: &str = "sources.py";

/// Returns the mount of a file of the pins' context.
pub(crate) fn mount(file: &str, target: &str) -> String {
    format!("type=bind,from={PINS_CONTEXT},source={file},target={target}")
}

/// Returns the name of a stage's requirement file.
pub(crate) fn file_name(stage: &StageName) -> String {
    format!("{stage}.txt")
}

/// Returns the name of the file with what builds of a stage may require.
pub(crate) fn build_name(stage: &StageName) -> String {
    format!("{stage}.build.txt")
}

/// Returns the name of the file with a stage's settings of uv.
pub(crate) fn settings_name(stage: &str) -> String {
    format!("{stage}.toml")
}

/// Returns the requirement file of every stage that installs from one, the settings of uv where a
/// stage needs some, the commands of those that run some, and what leads Cargo where it takes
/// part, by path.
pub(crate) fn pins(plan: &BuildPlan) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for Stage { name, kind, .. } in plan.stages.iter().chain(&plan.tests.stages) {
        if let StageKind::Steps(steps) = kind {
            files.insert(RUNNER_NAME.to_owned(), RUNNER.to_owned());
            files.insert(commands_name(name), commands(steps));
        }
        if let StageKind::Runtime { .. } = kind {
            files.insert(SETTLE_NAME.to_owned(), SETTLE.to_owned());
        }
        if let StageKind::Runtime { snapshot: Some(_), .. }
        | StageKind::Toolchain { snapshot: Some(_), .. } = kind
        {
            files.insert(SNAPSHOT_NAME.to_owned(), SNAPSHOT.to_owned());
        }
        let (text, install) = match kind {
            StageKind::Dependencies(dependencies) => (
                dependencies.requirements.iter().map(requirement).collect(),
                Install::of_dependencies(dependencies),
            ),
            StageKind::Open { open, secrets, .. } => (
                open.requirements.iter().map(open_requirement).collect(),
                Install::of_backends(&open.index, secrets),
            ),
            StageKind::Backend { requires, pins, index, secrets, .. } => (
                pins.as_ref().map_or_else(|| required(requires), |pins| pinned(pins)),
                Install::of_backends(index, secrets),
            ),
            StageKind::Crates(FetchedCrates { texts, .. }) => {
                files.extend(in_folder(name, texts));
                continue;
            }
            StageKind::Package(PackageBuild { crates: Some(crates), .. }) => {
                files.extend(in_folder(name, &crates.texts));
                files.insert(SCRIPT.to_owned(), include_str!("dockerfile/sources.py").to_owned());
                continue;
            }
            _ => continue,
        };
        if let StageKind::Dependencies(Dependencies { build: Some(build), .. }) = kind {
            files.insert(build_name(name), pinned(build));
        }
        files.insert(file_name(name), text);
        files.extend(install.settings().map(|text| (settings_name(name.as_str()), text)));
    }
    files
}

/// Returns build requirements as they are written.
fn required(requires: &[String]) -> String {
    requires.iter().map(|line| format!("{}\n", Login::without_any(line))).collect()
}

/// Returns what build requirements come down to.
fn pinned(pins: &[PinnedBackend]) -> String {
    let lines = pins.iter().map(|PinnedBackend { requirement, only, hashes }| {
        format!("{requirement}{}", ending(only, hashes))
    });
    lines.collect()
}

/// Returns files of the tree as they lie in the folder of a stage.
fn in_folder<'a>(
    stage: &'a StageName,
    texts: &'a BTreeMap<TreePath, String>,
) -> impl Iterator<Item = (String, String)> + 'a {
    texts.iter().map(move |(path, text)| (format!("{stage}/{path}"), text.clone()))
}

/// Returns the lines that pin one distribution.
fn requirement(requirement: &Requirement) -> String {
    let Requirement {
        name,
        version,
        origin,
        only,
        from_source: _,
        unnamed: _,
        files: _,
        hashes,
        size: _,
    } = requirement;
    let mut text = match origin {
        Origin::Index(_) => spelling::pinned(name, version.as_ref()),
        Origin::Url { url, subdirectory, index: _ } => {
            spelling::at(name, url, &[("subdirectory", subdirectory.as_deref())])
        }
        Origin::Archive(path) => format!("{name} @ file://{SOURCES}/{path}"),
        Origin::Git(commit) => git_requirement(name, commit),
    };
    text += &ending(only, hashes);
    text
}

/// Returns the lines of a requirement that the installer resolves.
fn open_requirement(requirement: &OpenRequirement) -> String {
    let OpenRequirement { name: _, text, archive, place: _, pinned: _, only, hashes } = requirement;
    let archive = archive.as_ref().map(|path| format!(" @ file://{SOURCES}/{path}"));
    let archive = archive.unwrap_or_default();
    format!("{}{archive}{}", Login::without_any(text), ending(only, hashes))
}

/// Returns the marker and the hashes of a requirement, and the end of its line.
fn ending(only: &BTreeSet<Platform>, hashes: &BTreeSet<String>) -> String {
    let mut text = String::new();
    if !only.is_empty() {
        let machines = only.iter().copied().map(Platform::machine);
        let markers = machines.map(|machine| format!("platform_machine == '{machine}'"));
        // A requirement by URL ends at a space, so the space before `;` belongs to the syntax.
        text += &format!(" ; {}", markers.collect::<Vec<_>>().join(" or "));
    }
    spelling::lines(&text, hashes)
}

fn git_requirement(name: &impl Display, commit: &GitOrigin) -> String {
    let GitOrigin { url, login: _, commit, subdirectory, archive, lfs } = commit;
    let fragment = [
        ("subdirectory", subdirectory.as_deref()),
        ("path", archive.as_deref()),
        ("lfs", lfs.then_some("true")),
    ];
    spelling::commit(name, url, commit, &fragment)
}
