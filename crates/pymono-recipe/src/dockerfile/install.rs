//! Installations of Python packages, and of Python itself.

use std::sync::LazyLock;

use regex::Regex;

use crate::{launcher::base_name, reference::regex, shell::ShellCommand};

/// What installs Python packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Installer {
    /// `conda`, `mamba` and `micromamba`.
    Conda,
    /// `pdm install`.
    Pdm,
    /// `pip install`.
    Pip,
    /// `pipenv install`.
    Pipenv,
    /// `poetry install`.
    Poetry,
    /// `python setup.py install`.
    Setup,
    /// `uv sync`.
    Uv,
    /// `uv pip install`.
    UvPip,
}

/// One run of an installer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// What is run.
    pub installer: Installer,
    /// Files that say what to install, as written: requirements, constraints, environments.
    pub files: Vec<String>,
    /// Local projects and archives that are installed, as written.
    pub paths: Vec<String>,
    /// Distributions that are named on the command line, as written.
    pub names: Vec<String>,
    /// Members, groups and extras that are chosen: `--package api`, `--only api`, `-G api`.
    pub chosen: Vec<String>,
    /// The line of the command.
    pub line: usize,
}

/// Something that says which Python is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonHint {
    /// The version as written, `3.12` or longer.
    pub version: String,
    /// Its line.
    pub line: usize,
}

/// Returns what a command installs, if it is an installer.
pub(crate) fn install(command: &ShellCommand) -> Option<Install> {
    let words = command.texts();
    let (installer, start) = installer(&words)?;
    let line = command.words.first()?.line;
    let mut install = Install {
        installer,
        files: Vec::new(),
        paths: Vec::new(),
        names: Vec::new(),
        chosen: Vec::new(),
        line,
    };
    let mut rest = words[start..].iter().copied();
    while let Some(word) = rest.next() {
        argument(&mut install, word, &mut rest);
    }
    Some(install)
}

/// Returns the installer that a command is, and its first argument.
fn installer(words: &[&str]) -> Option<(Installer, usize)> {
    let program = base_name(words.first()?);
    let versioned = program.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
    let verb = |at: usize, verbs: &[&str]| words.get(at).is_some_and(|it| verbs.contains(it));
    let found = |installer, at: usize| Some((installer, at.min(words.len())));
    match versioned {
        "pip" | "pipx" if verb(1, &["install", "wheel"]) => found(Installer::Pip, 2),
        "python" | "pypy" if verb(1, &["-m"]) => {
            installer(&words[2..]).map(|(it, at)| (it, at + 2))
        }
        "python" if verb(1, &["setup.py"]) && verb(2, &["install", "develop"]) => {
            found(Installer::Setup, 3)
        }
        "uv" if verb(1, &["sync"]) => found(Installer::Uv, 2),
        "uv" if verb(1, &["pip"]) && verb(2, &["install", "sync"]) => found(Installer::UvPip, 3),
        "poetry" if verb(1, &["install", "sync"]) => found(Installer::Poetry, 2),
        "pdm" if verb(1, &["install", "sync"]) => found(Installer::Pdm, 2),
        "pipenv" if verb(1, &["install", "sync"]) => found(Installer::Pipenv, 2),
        "conda" | "mamba" | "micromamba" if verb(1, &["install", "env", "create"]) => {
            found(Installer::Conda, 2)
        }
        _ => None,
    }
}

/// Flags of pip and its kin that name a file.
const FILE_FLAGS: [&str; 7] =
    ["-r", "--requirement", "--requirements", "-c", "--constraint", "-f", "--file"];
/// Flags of the others that choose members, groups and extras.
const CHOICE_FLAGS: [&str; 11] = [
    "--package",
    "--only",
    "--with",
    "--group",
    "-G",
    "--extra",
    "--extras",
    "-E",
    "--only-group",
    "--project",
    "--directory",
];
/// Further flags whose value is the next word.
const OTHER_FLAGS: [&str; 17] = [
    "-i",
    "-p",
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "-t",
    "--target",
    "--prefix",
    "--python",
    "--root",
    "--timeout",
    "--cache-dir",
    "--trusted-host",
    "-n",
    "--name",
    "--platform",
    "--index",
];

fn argument<'a>(install: &mut Install, word: &'a str, rest: &mut impl Iterator<Item = &'a str>) {
    let (flag, value) =
        word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
    let pip_like =
        matches!(install.installer, Installer::Pip | Installer::UvPip | Installer::Conda);
    if flag == "-e" || flag == "--editable" {
        install.paths.extend(value.or_else(|| rest.next()).map(str::to_owned));
    } else if pip_like && FILE_FLAGS.contains(&flag) {
        install.files.extend(value.or_else(|| rest.next()).map(str::to_owned));
    } else if let Some(file) =
        word.strip_prefix("-r").filter(|it| pip_like && !it.is_empty() && !it.starts_with('-'))
    {
        install.files.push(file.to_owned());
    } else if !pip_like && CHOICE_FLAGS.contains(&flag) {
        let chosen = value.or_else(|| rest.next()).unwrap_or_default();
        install.chosen.extend(chosen.split(',').filter(|it| !it.is_empty()).map(str::to_owned));
    } else if OTHER_FLAGS.contains(&flag) {
        // The value is neither a name nor a path.
        let _ = value.or_else(|| rest.next());
    } else if !word.starts_with('-') && is_path(word) {
        install.paths.push(word.to_owned());
    } else if !word.starts_with('-') && pip_like {
        install.names.push(word.to_owned());
    }
}

fn is_path(word: &str) -> bool {
    let archive = [".whl", ".tar.gz", ".zip"].iter().any(|it| word.ends_with(it));
    archive
        || word == "."
        || word.starts_with(".[")
        || word.starts_with("./")
        || word.starts_with('/')
        || word.starts_with("../")
}

/// Returns what a command says about the version of Python.
pub(crate) fn python(command: &ShellCommand) -> Option<PythonHint> {
    static VERSION: LazyLock<Regex> =
        LazyLock::new(|| regex(r"^(?:cpython-?|python)?=?(\d\.\d+(?:\.\d+)?)"));
    let words = command.texts();
    let after = |names: &[&str]| {
        let at = words.iter().position(|it| names.contains(it))?;
        words.get(at + 1).copied()
    };
    let assigned = || words.iter().find_map(|it| it.strip_prefix("--python="));
    let version = match (base_name(words.first()?), words.get(1).copied()) {
        ("uv", Some("python")) => words.iter().skip(3).find(|it| !it.starts_with('-')).copied(),
        ("uv" | "uvx", _) => after(&["--python", "-p"]).or_else(assigned),
        ("pyenv", Some("install" | "global" | "local")) => {
            words.iter().skip(2).find(|it| !it.starts_with('-')).copied()
        }
        ("conda" | "mamba" | "micromamba", _) => {
            words.iter().find(|it| it.starts_with("python=")).copied()
        }
        ("apt-get" | "apt" | "apk" | "dnf" | "yum", _) => {
            words.iter().find(|it| it.starts_with("python3.")).copied()
        }
        _ => None,
    }?;
    let version = VERSION.captures(version)?[1].to_owned();
    Some(PythonHint { version, line: command.words.first()?.line })
}
