//! `--summary FILE`: what a run found and did, for the page of a CI run.

use camino::Utf8PathBuf;
use clap::Args;
use pymono_names::TreePath;
use pymono_report::{Affected, Summary};

use crate::{
    changes::Changes,
    commands::affected::{base_name, reason},
    error::CommandError,
    files::{append, length},
    session::Session,
};

/// GitHub takes no more from one step (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).
const MOST: usize = 1 << 20;

/// Where a summary goes.
#[derive(Args, Clone, Debug)]
pub(crate) struct SummaryArgs {
    /// Append a summary in Markdown to FILE, such as `"$GITHUB_STEP_SUMMARY"`
    ///
    /// The file grows to 1 MiB at most. An empty FILE means none.
    #[arg(long, value_name = "FILE")]
    summary: Option<Utf8PathBuf>,
}

impl SummaryArgs {
    /// Returns whether somebody wants a summary.
    pub(crate) fn is_wanted(&self) -> bool {
        self.file().is_some()
    }

    /// Appends a summary, as far as there is room.
    pub(crate) fn write(
        &self,
        session: &mut Session,
        summary: &Summary,
    ) -> Result<(), CommandError> {
        let Some(file) = self.file() else { return Ok(()) };
        let file = session.root.join(session.folder.as_str()).join(file);
        let used = usize::try_from(length(&file)?).unwrap_or(usize::MAX);
        match summary.markdown(MOST.saturating_sub(used)) {
            Some(text) => Ok(append(&file, &text)?),
            None => Ok(session.shell.warn(format!("`{file}` has no room for a summary"))?),
        }
    }

    fn file(&self) -> Option<&Utf8PathBuf> {
        self.summary.as_ref().filter(|file| !file.as_str().is_empty())
    }
}

/// Returns what is affected, of the services that `is_told` holds for.
pub(crate) fn affected(changes: &Changes, is_told: impl Fn(&TreePath) -> bool) -> Affected {
    let services = changes.comparison.services.iter().filter(|(path, _)| is_told(path));
    let removed = changes.comparison.removed.iter().filter(|path| is_told(path));
    Affected {
        base: base_name(changes),
        all: changes.head.inputs.keys().filter(|path| is_told(path)).count(),
        services: services
            .map(|(path, reasons)| (path.to_string(), reasons.iter().map(reason).collect()))
            .collect(),
        removed: removed.map(ToString::to_string).collect(),
    }
}
