//! Errors as people see them: who must act, what happened, what to do.

use std::{error::Error, io, process::ExitCode};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_buildx::DockerError;
use pymono_exec::InstallError;
use pymono_lock::InvalidResolution;
use pymono_plan::FleetError;
use pymono_render::ExportError;
use pymono_report::{OutputError, Shell, plural};
use pymono_scan::ScanError;
use pymono_workspace::Project;
use thiserror::Error;

use crate::files::FileError;

/// Who has to act on an error. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ErrorKind {
    /// Some image did not build, or a check found something.
    Found = 1,
    /// The command line needs a change.
    Usage = 2,
    /// The workspace or its configuration needs a change.
    Workspace = 3,
    /// Docker is missing, too old or out of reach.
    Docker = 4,
    /// Our output has nowhere to go.
    Output = 74,
    /// The user interrupted.
    Interrupted = 130,
}

/// An error on its way to a person.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// Who has to act.
    pub(crate) kind: ErrorKind,
    /// What happened; `None` where that was said already.
    pub(crate) error: Option<Box<dyn Error + Send + Sync>>,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

/// What commands themselves find wrong.
#[derive(Debug, Error)]
enum Finding {
    #[error("there is no service in `{0}`")]
    NoServices(String),
    #[error("the Dockerfile of all services has {0} bytes, and BuildKit takes {1} at most")]
    BigDockerfile(usize, usize),
    #[error("there is no project `{0}`")]
    NoSuchProject(String),
    #[error("`{project}` is no service: {why}")]
    NoService { project: String, why: String },
    #[error("`{name}` is the name of several projects: {paths}")]
    Ambiguous { name: String, paths: String },
    #[error("not as `pymono bake` would write it: {0}")]
    Stale(String),
    #[error("`pymono.lock` is not what is needed: {0}")]
    StaleLock(String),
    #[error("`--reproducible` cannot be kept: nothing pins {0}")]
    Floating(String),
    #[error("uv's answer cannot be read")]
    Resolution(#[source] InvalidResolution),
    #[error("failed to read `{path}`")]
    Unreadable { path: Utf8PathBuf, source: io::Error },
    #[error("the image `{0}` names no registry to push to")]
    NoRegistry(String),
    #[error("the check has {0}")]
    Checked(String),
    #[error("it cannot be told what is affected")]
    UnknownBase(#[source] ScanError),
    #[error("there is nothing to compare with")]
    NoBase,
    #[error("there is no stage `{0}`")]
    NoStage(String),
    #[error("nothing was asked for")]
    NothingAsked,
    #[error("`{0}` lies outside of the repository")]
    Outside(String),
    #[error("`{0}` is no path of a file")]
    OddPath(String),
    #[error("failed to read standard input")]
    Input(#[source] io::Error),
    #[error("there is no folder `{0}`")]
    NoFolder(String),
    #[error("failed to find `{path}`")]
    Path { path: String, source: io::Error },
}

impl CommandError {
    fn new(
        kind: ErrorKind,
        error: impl Error + Send + Sync + 'static,
        hint: Option<String>,
    ) -> Self {
        Self { kind, error: Some(Box::new(error)), hint }
    }

    /// Some image did not build; the report has said which and why.
    pub(crate) fn images_failed() -> Self {
        Self { kind: ErrorKind::Found, error: None, hint: None }
    }

    /// Some image is over its budget; which and why was said.
    pub(crate) fn over_budget() -> Self {
        Self { kind: ErrorKind::Found, error: None, hint: None }
    }

    /// Some services could not be planned; that was said before the others were built.
    pub(crate) fn unplanned() -> Self {
        Self { kind: ErrorKind::Workspace, error: None, hint: None }
    }

    /// The user interrupted; the report has said what was stopped.
    pub(crate) fn interrupted() -> Self {
        Self { kind: ErrorKind::Interrupted, error: None, hint: None }
    }

    /// The tree has projects perhaps, but no service.
    pub(crate) fn no_services(root: &Utf8Path) -> Self {
        let hint = "`pymono list` shows what every project was taken for; \
                    `command = […]` below `[tool.pymono]` in a project's `pyproject.toml` makes it a service";
        Self::new(ErrorKind::Workspace, Finding::NoServices(root.to_string()), Some(hint.into()))
    }

    /// The plan has more stages than a builder takes.
    pub(crate) fn big_dockerfile(bytes: usize, most: usize) -> Self {
        let hint = "leave a part of the repository out with `members` or `exclude`, and build it on its own";
        Self::new(ErrorKind::Workspace, Finding::BigDockerfile(bytes, most), Some(hint.into()))
    }

    /// The command line names a project that is not there.
    pub(crate) fn no_such_project<'a>(
        text: &str,
        projects: impl Iterator<Item = &'a Project>,
    ) -> Self {
        let finding = Finding::NoSuchProject(text.to_owned());
        let known = projects.map(|project| (project.name.as_ref(), project.path.as_str()));
        let hint = those_that_are(text, &known.collect::<Vec<_>>());
        Self::new(ErrorKind::Usage, finding, Some(hint))
    }

    /// The command line names several projects at once.
    pub(crate) fn ambiguous(text: &str, bearers: &[&Project]) -> Self {
        let paths = bearers.iter().map(|project| format!("`{}`", project.path));
        let paths = paths.collect::<Vec<_>>().join(", ");
        let finding = Finding::Ambiguous { name: text.to_owned(), paths };
        Self::new(ErrorKind::Usage, finding, Some("give the path in place of the name".into()))
    }

    /// The command line wants an image of a library.
    pub(crate) fn no_service(project: &Project) -> Self {
        let finding =
            Finding::NoService { project: project.path.to_string(), why: project.why.join("; ") };
        let hint = format!(
            "if it is one, set `command` below `[tool.pymono]` in `{}/pyproject.toml`",
            project.path
        );
        Self::new(ErrorKind::Usage, finding, Some(hint))
    }

    /// Generated files differ from what would be generated.
    pub(crate) fn stale<'a>(paths: impl Iterator<Item = &'a Utf8Path>) -> Self {
        let paths = paths.map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
        let hint = "run `pymono bake` and commit what it writes";
        Self::new(ErrorKind::Found, Finding::Stale(paths), Some(hint.into()))
    }

    /// `pymono.lock` lacks something, or has what nobody needs.
    pub(crate) fn stale_lock(what: &[String]) -> Self {
        let hint = "run `pymono lock` and commit the file";
        Self::new(ErrorKind::Found, Finding::StaleLock(what.join("; ")), Some(hint.into()))
    }

    /// An image that is to be the same everywhere stands on what can change.
    pub(crate) fn floating(what: &[String]) -> Self {
        let hint = "run `pymono lock` and commit `pymono.lock`";
        Self::new(ErrorKind::Workspace, Finding::Floating(what.join(", ")), Some(hint.into()))
    }

    /// uv has written something else than pins.
    pub(crate) fn resolution(error: InvalidResolution) -> Self {
        Self::new(ErrorKind::Docker, Finding::Resolution(error), None)
    }

    /// What a build has made cannot be read.
    pub(crate) fn unreadable(path: Utf8PathBuf, source: io::Error) -> Self {
        Self::new(ErrorKind::Output, Finding::Unreadable { path, source }, None)
    }

    /// `pymono check` found something, each of which it has told.
    pub(crate) fn found(findings: usize) -> Self {
        Self::new(ErrorKind::Found, Finding::Checked(plural(findings, "finding")), None)
    }

    /// An image is to be pushed, but nobody said where.
    pub(crate) fn no_registry(reference: &str) -> Self {
        let hint = "give `--registry`, or set `registry` below `[tool.pymono]`";
        Self::new(ErrorKind::Usage, Finding::NoRegistry(reference.to_owned()), Some(hint.into()))
    }

    /// The command line does not say what to compare with.
    pub(crate) fn no_base() -> Self {
        let hint = "give `--base REF`, `--base auto` in CI, or `--paths` to ask about files";
        Self::new(ErrorKind::Usage, Finding::NoBase, Some(hint.into()))
    }

    /// The tree to compare with cannot be read, so nothing can be said of what differs.
    pub(crate) fn unknown_base(error: ScanError) -> Self {
        if matches!(error, ScanError::Interrupted) {
            return Self::interrupted();
        }
        let all = "`--on-unknown=all` takes every service for affected in such a case";
        let hint = error.hint().map_or_else(|| all.to_owned(), |hint| format!("{hint}; {all}"));
        Self::new(ErrorKind::Workspace, Finding::UnknownBase(error), Some(hint))
    }

    /// The command line names neither services nor all of them.
    pub(crate) fn nothing_asked() -> Self {
        let hint = "name services, or give `--all` or `--changed`";
        Self::new(ErrorKind::Usage, Finding::NothingAsked, Some(hint.into()))
    }

    /// The command line names a stage that the plan has not.
    pub(crate) fn no_stage(name: &str) -> Self {
        let hint = "`pymono plan` shows the stages of this tree; `pymono matrix` names them for the same one";
        Self::new(ErrorKind::Usage, Finding::NoStage(name.to_owned()), Some(hint.into()))
    }

    /// The command line asks about a file that cannot be in any image.
    pub(crate) fn outside(path: &Utf8Path) -> Self {
        let hint = "paths are seen from the current folder, or from the one that `-C` names";
        Self::new(ErrorKind::Usage, Finding::Outside(path.to_string()), Some(hint.into()))
    }

    /// Standard input has a line that is no plain path.
    pub(crate) fn odd_path(text: &str) -> Self {
        let hint = "git quotes unusual names; give `-z` to it and to pymono";
        Self::new(ErrorKind::Usage, Finding::OddPath(text.to_owned()), Some(hint.into()))
    }

    /// Standard input cannot be read.
    pub(crate) fn unreadable_input(error: io::Error) -> Self {
        Self::new(ErrorKind::Usage, Finding::Input(error), None)
    }

    /// The command line names a folder that is not there.
    pub(crate) fn no_folder(path: &Utf8Path) -> Self {
        Self::new(ErrorKind::Usage, Finding::NoFolder(path.to_string()), None)
    }

    /// A path of the command line leads nowhere.
    pub(crate) fn unusable_path(path: &Utf8Path, source: io::Error) -> Self {
        Self::new(ErrorKind::Usage, Finding::Path { path: path.to_string(), source }, None)
    }

    /// Tells a person and returns the exit code.
    pub(crate) fn report(&self, shell: &mut Shell) -> ExitCode {
        if let Some(error) = &self.error {
            // Where even this cannot be written, the exit code is all that is left to say.
            let _ = shell.error(error.as_ref(), self.hint.as_deref());
        }
        ExitCode::from(self.kind as u8)
    }
}

impl From<ScanError> for CommandError {
    fn from(error: ScanError) -> Self {
        if matches!(error, ScanError::Interrupted) {
            return Self::interrupted();
        }
        let hint = error.hint();
        Self::new(ErrorKind::Workspace, error, hint)
    }
}

impl From<FleetError> for CommandError {
    fn from(error: FleetError) -> Self {
        let hint = error.hint();
        Self::new(ErrorKind::Workspace, error, hint)
    }
}

impl From<ExportError> for CommandError {
    fn from(error: ExportError) -> Self {
        let hint = error.hint();
        Self::new(ErrorKind::Usage, error, hint)
    }
}

impl From<DockerError> for CommandError {
    fn from(error: DockerError) -> Self {
        let hint = error.hint();
        Self::new(ErrorKind::Docker, error, hint)
    }
}

impl From<OutputError> for CommandError {
    fn from(error: OutputError) -> Self {
        if error.is_broken_pipe() {
            // The reader has seen enough; there is nobody to tell.
            return Self { kind: ErrorKind::Output, error: None, hint: None };
        }
        Self::new(ErrorKind::Output, error, None)
    }
}

impl From<InstallError> for CommandError {
    fn from(error: InstallError) -> Self {
        Self::new(ErrorKind::Output, error, None)
    }
}

impl From<FileError> for CommandError {
    fn from(error: FileError) -> Self {
        let hint = error.hint();
        Self::new(ErrorKind::Output, error, hint)
    }
}
/// Returns which projects there are, each with its name and its path: all of a few, and of many those that
/// may have been meant.
fn those_that_are(text: &str, projects: &[(&str, &str)]) -> String {
    const FEW: usize = 12;
    const MEANT: usize = 3;
    let listed = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    if projects.len() <= FEW {
        return format!("projects are {}", listed(&mut projects.iter().map(|(name, _)| *name)));
    }
    let like = |known: &str| strsim::jaro_winkler(text, known);
    let scored = projects.iter().map(|(name, path)| (like(name).max(like(path)), *name));
    let mut alike: Vec<(f64, &str)> = scored.filter(|(score, _)| *score > 0.8).collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0));
    let meant = listed(&mut alike.iter().take(MEANT).map(|(_, name)| *name));
    let all = format!("`pymono list` shows all {} projects", projects.len());
    if meant.is_empty() { all } else { format!("did you mean {meant}? {all}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_projects_those_are_named_that_may_have_been_meant() {
        let names: Vec<String> = (0..40).map(|number| format!("lib-{number:02}")).collect();
        let mut projects: Vec<(&str, &str)> =
            names.iter().map(|name| (name.as_str(), "libs/x")).collect();
        projects.push(("orders", "services/orders"));
        for text in ["order", "service/orders"] {
            let hint = "did you mean `orders`? `pymono list` shows all 41 projects";
            assert_eq!(those_that_are(text, &projects), hint);
        }
        assert_eq!(those_that_are("zzz", &projects), "`pymono list` shows all 41 projects");
        assert_eq!(those_that_are("zzz", &projects[39..]), "projects are `lib-39`, `orders`");
    }
}
