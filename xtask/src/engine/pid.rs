//! Processes that we started, known again later by a file with their number.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use camino::Utf8Path;

use crate::process::Tool;
use crate::wait;

const PATIENCE: Duration = Duration::from_secs(40);

/// The process that `file` names, if it still runs and is ours.
///
/// A number is given to another process after a while, so the command line
/// has to hold `mark`, a path below our folder.
pub(super) fn of(file: &Utf8Path, mark: &Utf8Path) -> Option<u32> {
    let pid = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    is_ours(&command, mark).then_some(pid)
}

/// Whether a command line, its words ended by NUL (`proc_pid_cmdline(5)`),
/// has `mark` as a word.
fn is_ours(command: &[u8], mark: &Utf8Path) -> bool {
    command.split(|byte| *byte == 0).any(|word| word == mark.as_str().as_bytes())
}

/// Asks our process to end, waits until it has, and removes the file.
/// Whether there was one.
pub(super) fn stop(file: &Utf8Path, mark: &Utf8Path) -> Result<bool> {
    let Some(pid) = of(file, mark) else { return Ok(false) };
    Tool::new("kill").arg(pid.to_string()).quiet()?;
    let ended = wait::until(PATIENCE, || Ok(of(file, mark).is_none().then_some(())))?;
    ensure!(ended.is_some(), "process {pid} did not end within {PATIENCE:?}; see `ps {pid}`");
    if file.exists() {
        fs::remove_file(file).with_context(|| format!("failed to remove `{file}`"))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_another_process_got_is_not_ours() {
        let mark = Utf8Path::new("/cache/engine/main/daemon.json");
        let ours = b"dockerd\0--config-file\0/cache/engine/main/daemon.json\0";
        assert!(is_ours(ours, mark));
        assert!(!is_ours(b"vi\0/cache/engine/main/daemon.json.bak\0", mark));
        assert!(!is_ours(b"", mark));
    }
}
