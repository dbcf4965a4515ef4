//! Ends of steps that leave the same bytes behind whenever and wherever they are run.
//!
//! `BuildKit` can give all files of an image one time when it exports it, but not where the exporter
//! unpacks the image too, as that of the Docker Engine always does. So steps do it themselves, and
//! equal layers are identical without being packed anew.

use super::{HOME, VENV};
use crate::{instruction::Run, pins};

/// The time of everything that a step makes, in seconds since 1970: the first that a zip file can hold.
pub const EPOCH: u32 = 315_532_800;

/// Returns the command that settles all that is in a folder.
pub(super) fn folder(path: &str) -> String {
    format!("find {path} -exec touch -h -d @{EPOCH} {{}} +")
}

/// Returns the command that settles the virtual environment, and the folder above it.
pub(super) fn venv() -> String {
    format!("find {VENV} -exec touch -h -d @{EPOCH} {HOME} {{}} +")
}

/// Returns the end of a step that installs something into the virtual environment.
///
/// It takes away the file by which uv keeps others out of an environment, as anyone could write it.
pub(super) fn environment() -> String {
    format!(" && \\\n    rm -f {VENV}/.lock && {}", venv())
}

/// Returns the same for what is installed from a folder or an archive: uv notes the times of the sources.
pub(super) fn environment_from_files() -> String {
    let site = format!("{VENV}/lib/python3.*/site-packages");
    let note = "uv_cache.json";
    format!(
        " && \\\n    sed -i '/{note},/d' {site}/*.dist-info/RECORD && rm -f {site}/*.dist-info/{note}{}",
        environment()
    )
}

/// The program that settles what a command makes of the system.
pub(crate) const SCRIPT: &str = include_str!("settle.sh");

/// The name of its file.
pub(crate) const SCRIPT_NAME: &str = "settle.sh";

/// Returns a step that changes the system, settled.
pub(super) fn system(run: Run) -> Run {
    let command = |command: &str| {
        let lines = [
            format!("export SOURCE_DATE_EPOCH={EPOCH}"),
            format!("sh /tmp/{SCRIPT_NAME} begin"),
            command.to_owned(),
            format!("sh /tmp/{SCRIPT_NAME} end"),
        ];
        lines.join(" && \\\n    ")
    };
    run.map(command).mount(pins::mount(SCRIPT_NAME, &format!("/tmp/{SCRIPT_NAME}")))
}
