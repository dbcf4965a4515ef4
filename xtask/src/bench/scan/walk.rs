//! The bare walk: nothing is done with what is found but to count it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Result;
use camino::Utf8PathBuf;
use clap::Args;
use ignore::{WalkBuilder, WalkState};

/// Count the files that `.gitignore` files leave
#[derive(Debug, Args)]
pub(in crate::bench) struct WalkArgs {
    /// The folder
    folder: Utf8PathBuf,
}

pub(in crate::bench) fn run(args: &WalkArgs) -> Result<ExitCode> {
    let files = AtomicU64::new(0);
    let mut walk = WalkBuilder::new(&args.folder);
    walk.hidden(false).ignore(false).git_global(false).git_exclude(false);
    walk.threads(thread::available_parallelism()?.get());
    walk.build_parallel().run(|| {
        Box::new(|entry| {
            let is_file = |it: &ignore::DirEntry| it.file_type().is_some_and(|kind| kind.is_file());
            if entry.is_ok_and(|entry| is_file(&entry)) {
                files.fetch_add(1, Ordering::Relaxed);
            }
            WalkState::Continue
        })
    });
    println!("{}", files.into_inner());
    Ok(ExitCode::SUCCESS)
}
