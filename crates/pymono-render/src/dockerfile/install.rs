//! A step that installs distributions: from where, and with which secrets.
//!
//! A step looks for what it knows by name in one place only. The builder gives
//! a secret that is absent as an empty variable or not at all, and uv takes an
//! empty user name for a login, so what is empty is taken away first.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_plan::{ChosenIndex, Dependencies, GitAccess, IndexChoice};
use pymono_workspace::{IndexFormat, Secret, SecretPlace};
use serde::Serialize;

use crate::{
    instruction::shell,
    pins::{self, SOURCES},
};

/// Where a stage's settings of uv are mounted.
const SETTINGS: &str = "/uv.toml";

/// A step that installs what a requirement file says.
pub(crate) struct Install<'a> {
    index: &'a IndexChoice,
    archives: Option<&'a ChosenIndex>,
    git: Option<&'a GitAccess>,
    secrets: &'a BTreeSet<Secret>,
}

impl<'a> Install<'a> {
    /// Returns how distributions are installed.
    pub(crate) fn of_dependencies(dependencies: &'a Dependencies) -> Self {
        let Dependencies { index, archives, git, secrets, .. } = dependencies;
        Self { index, archives: archives.as_ref(), git: git.as_ref(), secrets }
    }

    /// Returns how build backends are installed.
    pub(crate) fn of_backends(index: &'a IndexChoice, secrets: &'a BTreeSet<Secret>) -> Self {
        Self { index, archives: None, git: None, secrets }
    }

    /// Returns a command that is told from where.
    pub(crate) fn run(&self, program: &str, requirements: &str) -> String {
        let mut command = self.prepared();
        let places = self.places();
        command += &format!("{program}{places} {requirements}");
        if let Some(advice) = self.advice() {
            command += &format!(" || {{ \\\n    echo {} >&2; exit 1; }}", shell(&advice));
        }
        command
    }

    /// Returns what is done before a command that is told from where.
    pub(super) fn prepared(&self) -> String {
        self.preparations().into_iter().map(|line| format!("{line}; \\\n    ")).collect()
    }

    /// Returns the mounts of the stage's settings and secrets.
    pub(crate) fn mounts(&self, stage: &str) -> Vec<String> {
        let settings = self.settings().map(|_| pins::mount(&pins::settings_name(stage), SETTINGS));
        let mut mounts: Vec<String> = settings.into_iter().collect();
        if self.git.is_some_and(|git| git.ssh) {
            mounts.push("type=ssh".to_owned());
        }
        mounts.extend(self.secrets.iter().map(secret_mount));
        mounts
    }

    /// Returns settings of uv for what no argument can say.
    pub(crate) fn settings(&self) -> Option<String> {
        let flat = |index: &&ChosenIndex| index.format == IndexFormat::Flat;
        let from = self.one().filter(flat).map(|index| IndexSettings {
            default: Some(true),
            format: Some("flat"),
            ..IndexSettings::of(index)
        });
        let archives = self
            .archives
            .map(|index| IndexSettings { explicit: Some(true), ..IndexSettings::of(index) });
        let index: Vec<IndexSettings<'_>> = from.into_iter().chain(archives).collect();
        if index.is_empty() {
            return None;
        }
        // Only a map with keys that are no strings could make this fail.
        Some(toml::to_string(&Settings { index }).unwrap_or_default())
    }

    /// Returns the folder of the tree that serves as the index.
    pub(crate) fn folder(&self) -> Option<&'a TreePath> {
        match self.index {
            IndexChoice::Folder(folder) => Some(folder),
            IndexChoice::Installer | IndexChoice::One(_) => None,
        }
    }

    fn one(&self) -> Option<&'a ChosenIndex> {
        match self.index {
            IndexChoice::One(index) => Some(index),
            IndexChoice::Installer | IndexChoice::Folder(_) => None,
        }
    }

    /// Returns the arguments that say from where.
    pub(super) fn places(&self) -> String {
        let mut places = match self.index {
            IndexChoice::Folder(folder) => {
                format!(" --no-index --find-links {}", shell(&in_sources(folder.as_str())))
            }
            IndexChoice::One(index) if index.format == IndexFormat::Simple && !index.default => {
                format!(" --default-index {}", shell(&named(index)))
            }
            IndexChoice::One(_) | IndexChoice::Installer => String::new(),
        };
        if self.settings().is_some() {
            places += &format!(" --config-file {SETTINGS}");
        }
        places
    }

    /// Returns what is done before the installation.
    fn preparations(&self) -> Vec<String> {
        let mut lines = Vec::new();
        // As with uv itself, the environment may put a mirror in place of the default index.
        let default =
            self.one().filter(|index| index.default && index.format == IndexFormat::Simple);
        if let Some(index) = default {
            let index = shell(&named(index));
            lines.push(format!("[ -n \"$UV_DEFAULT_INDEX\" ] || export UV_DEFAULT_INDEX={index}"));
        }
        for index in self.indexes_with_login() {
            let Some((user, password)) = index.variables() else { continue };
            lines.push(match &index.user {
                Some(text) => {
                    let text = shell(text);
                    format!("[ -z \"${password}\" ] && unset {password} || export {user}={text}")
                }
                None => format!("[ -n \"${user}${password}\" ] || unset {user} {password}"),
            });
        }
        lines.extend(self.git.iter().flat_map(|git| git_preparations(git)));
        lines
    }

    fn indexes_with_login(&self) -> impl Iterator<Item = &'a ChosenIndex> {
        let all = self.one().into_iter().chain(self.archives);
        all.filter(|index| !index.secrets.is_empty())
    }

    /// Returns what to say if the installation fails: which logins could have been given.
    fn advice(&self) -> Option<String> {
        let indexes = self.indexes_with_login().map(|index| {
            let name = index.given_name().map(|name| format!("{name} at ")).unwrap_or_default();
            format!("the index {name}{} may want {}", index.url, told_by(&index.secrets))
        });
        let git = self.git.filter(|git| git.ssh || !git.tokens.is_empty());
        let git = git.map(|git| {
            let ssh = if git.ssh { ", and an SSH agent" } else { "" };
            format!("the git repositories may want {}{ssh}", told_by(self.secrets))
        });
        let wants: Vec<String> = indexes.chain(git).collect();
        if wants.is_empty() {
            return None;
        }
        Some(format!("pymono: if a login was refused, {}", wants.join("; ")))
    }
}

/// Returns the mount of a secret.
pub(super) fn secret_mount(secret: &Secret) -> String {
    let Secret { id, place, required } = secret;
    let place = match place {
        SecretPlace::Variable(name) => format!("env={name}"),
        SecretPlace::File(path) => format!("target={path}"),
    };
    let required = if *required { ",required=true" } else { "" };
    format!("type=secret,id={id},{place}{required}")
}

/// Returns how git finds the logins that it is given: each site's token is for that site alone.
fn git_preparations(git: &GitAccess) -> Vec<String> {
    let mut lines = Vec::new();
    if git.ssh {
        lines.push(
            "export GIT_SSH_COMMAND='ssh -o BatchMode=yes -o StrictHostKeyChecking=yes \
             -o UserKnownHostsFile=/run/secrets/known_hosts'"
                .to_owned(),
        );
    }
    if !git.tokens.is_empty() {
        lines.push(format!("export GIT_CONFIG_COUNT={}", git.tokens.len()));
    }
    for (number, (site, variable)) in git.tokens.iter().enumerate() {
        let helper = format!(
            "!f() {{ [ \"$1\" != get ] || [ -z \"${variable}\" ] || \
             {{ echo username=x-access-token; echo \"password=${variable}\"; }}; }}; f"
        );
        lines.push(format!(
            "export GIT_CONFIG_KEY_{number}={} GIT_CONFIG_VALUE_{number}={}",
            shell(&format!("credential.{site}.helper")),
            shell(&helper)
        ));
    }
    lines
}

fn told_by(secrets: &BTreeSet<Secret>) -> String {
    secrets.iter().map(Secret::told_by).collect::<Vec<_>>().join(", ")
}

/// Returns an index as uv's arguments name it.
fn named(index: &ChosenIndex) -> String {
    let ChosenIndex { name, url, .. } = index;
    name.as_ref().map_or_else(|| url.clone(), |name| format!("{name}={url}"))
}

fn in_sources(path: &str) -> String {
    format!("{SOURCES}/{path}")
}

/// A `uv.toml`.
#[derive(Serialize)]
struct Settings<'a> {
    index: Vec<IndexSettings<'a>>,
}

#[derive(Serialize)]
struct IndexSettings<'a> {
    name: Option<&'a str>,
    url: &'a str,
    format: Option<&'a str>,
    default: Option<bool>,
    explicit: Option<bool>,
}

impl<'a> IndexSettings<'a> {
    fn of(index: &'a ChosenIndex) -> Self {
        let ChosenIndex { name, url, .. } = index;
        Self { name: name.as_deref(), url, format: None, default: None, explicit: None }
    }
}
