//! Ctrl-C ends the chore, but not before it has tidied up.
//!
//! The signal reaches the processes that a chore runs as well, and those end.
//! The chore itself only takes note, sees its child fail, and unwinds, so that
//! engines and containers that it started are stopped on the way out.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Starts to take note of Ctrl-C and of a request to terminate.
pub(crate) fn watch() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))
        .context("failed to listen for Ctrl-C")
}

/// Fails once Ctrl-C was pressed.
pub(crate) fn check() -> Result<()> {
    ensure!(!INTERRUPTED.load(Ordering::SeqCst), "interrupted");
    Ok(())
}

/// Runs what tidies up on the way out, which Ctrl-C must not keep from it.
pub(crate) fn ignore<T>(tidy: impl FnOnce() -> T) -> T {
    let interrupted = INTERRUPTED.swap(false, Ordering::SeqCst);
    let done = tidy();
    INTERRUPTED.fetch_or(interrupted, Ordering::SeqCst);
    done
}
