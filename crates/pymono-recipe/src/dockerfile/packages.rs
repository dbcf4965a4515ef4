//! Packages that a stage installs with the system's package manager.

use crate::{launcher::base_name, shell::ShellCommand};

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manager {
    /// `apt-get` and `apt`: Debian, Ubuntu.
    Apt,
    /// `apk`: Alpine, Wolfi.
    Apk,
    /// `dnf`, `yum` and `microdnf`: Fedora and its kin.
    Dnf,
}

/// A package of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// What installs it.
    pub manager: Manager,
    /// Its name.
    pub name: String,
    /// The version that it is pinned to, as written: `=1.2` gives `1.2`, `~=1.2` stays.
    pub version: Option<String>,
    /// The name of the group that it is installed as: `apk add --virtual NAME`.
    pub group: Option<String>,
    /// Whether it is installed only under a condition.
    pub conditional: bool,
    /// Whether the same stage takes it away again.
    pub removed: bool,
    /// The line that names it.
    pub line: usize,
}

/// What is done to packages.
enum Action {
    Install,
    Remove,
}

/// Adds what the commands install to `packages`, and marks what they take away.
pub(crate) fn note(commands: &[ShellCommand], packages: &mut Vec<Package>) {
    for command in commands {
        let words: Vec<&str> = command.texts();
        let Some((manager, action, start)) = action(&words) else { continue };
        let (named, group) = names(manager, command, start);
        match action {
            Action::Install => packages.extend(
                named.into_iter().map(|package| Package { group: group.clone(), ..package }),
            ),
            Action::Remove => {
                let names: Vec<&str> = named.iter().map(|it| it.name.as_str()).collect();
                let gone = |it: &Package| {
                    names.contains(&it.name.as_str())
                        || it.group.as_deref().is_some_and(|group| names.contains(&group))
                };
                packages.iter_mut().filter(|it| gone(it)).for_each(|it| it.removed = true);
            }
        }
    }
}

/// Returns what a command does to packages, and the word after its verb.
fn action(words: &[&str]) -> Option<(Manager, Action, usize)> {
    let manager = match base_name(words.first()?) {
        "apt-get" | "apt" | "aptitude" => Manager::Apt,
        "apk" => Manager::Apk,
        "dnf" | "yum" | "microdnf" => Manager::Dnf,
        _ => return None,
    };
    let verb = |word: &str| match (manager, word) {
        (Manager::Apk, "add") | (Manager::Apt | Manager::Dnf, "install") => Some(Action::Install),
        (Manager::Apk, "del") | (Manager::Apt | Manager::Dnf, "remove" | "purge" | "erase") => {
            Some(Action::Remove)
        }
        _ => None,
    };
    let found = words.iter().enumerate().skip(1).find_map(|(at, word)| Some((at, verb(word)?)));
    found.map(|(at, action)| (manager, action, at + 1))
}

/// Flags whose value is the next word.
fn takes_value(manager: Manager, flag: &str) -> bool {
    match manager {
        Manager::Apt => [
            "-t",
            "--target-release",
            "--default-release",
            "-o",
            "--option",
            "-c",
            "--config-file",
            "-a",
        ]
        .contains(&flag),
        Manager::Apk => [
            "-t",
            "--virtual",
            "-X",
            "--repository",
            "-p",
            "--root",
            "--repositories-file",
            "--keys-dir",
        ]
        .contains(&flag),
        Manager::Dnf => {
            ["--releasever", "--installroot", "-c", "--repo", "--enablerepo"].contains(&flag)
        }
    }
}

fn names(manager: Manager, command: &ShellCommand, start: usize) -> (Vec<Package>, Option<String>) {
    let (mut packages, mut group) = (Vec::new(), None);
    let mut words = command.words.iter().skip(start);
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if let Some(name) = text.strip_prefix("--virtual=").or_else(|| text.strip_prefix("-t=")) {
            group = Some(name.to_owned());
        } else if text.starts_with('-') {
            let value = if takes_value(manager, text) { words.next() } else { None };
            if manager == Manager::Apk && ["-t", "--virtual"].contains(&text) {
                group = value.map(|it| it.text.clone());
            }
        } else if let Some((name, version)) = package(manager, text) {
            let (conditional, line) = (command.conditional, word.line);
            packages.push(Package {
                manager,
                name,
                version,
                group: None,
                conditional,
                removed: false,
                line,
            });
        }
    }
    (packages, group)
}

/// Takes `name=version` apart; nothing for a word that names no package of a repository.
fn package(manager: Manager, word: &str) -> Option<(String, Option<String>)> {
    if word.starts_with('/') || word.starts_with("./") {
        return None;
    }
    let (name, version) = word.split_at(word.find(['=', '<', '>', '~']).unwrap_or(word.len()));
    // A release, a repository and an architecture may follow the name; a path is a file.
    let ends: &[char] = if manager == Manager::Apt { &['/', ':'] } else { &['@'] };
    let name = name.split(ends).next()?;
    let is_part = |it: char| it.is_ascii_alphanumeric() || "+-._".contains(it);
    // To apt, a dash at the end means to take it away.
    let is_name = !name.is_empty() && name.chars().all(is_part) && !name.ends_with('-');
    let version = version.strip_prefix('=').unwrap_or(version);
    is_name.then(|| (name.to_owned(), Some(version.to_owned()).filter(|it| !it.is_empty())))
}
