//! The real uv, which owns the format of its lock.
#![expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment what it may use, and starts tools as a person would"
)]

use std::{env, process::Command};

use camino::{Utf8Path, Utf8PathBuf};

/// Returns the program that `PYMONO_TEST_UV` names.
pub fn uv() -> Utf8PathBuf {
    let path = env::var("PYMONO_TEST_UV").unwrap_or_else(|_| {
        panic!("`PYMONO_TEST_UV` is not set; run `cargo xtask test`, or set it to the path of uv")
    });
    Utf8PathBuf::from(path)
}

/// Runs uv in `folder` and returns what it prints; what it complains of if it fails.
///
/// It downloads no interpreter and sees no settings but those in the folder.
pub fn run_uv(folder: &Utf8Path, args: &[&str]) -> Result<String, String> {
    run(
        Command::new(uv()).env("UV_PYTHON_DOWNLOADS", "never").env_remove("VIRTUAL_ENV"),
        folder,
        args,
    )
}

/// Runs any other program in `folder`, which must succeed, and returns what it prints.
pub fn run_tool(program: &str, folder: &Utf8Path, args: &[&str]) -> String {
    run(&mut Command::new(program), folder, args)
        .unwrap_or_else(|complaint| panic!("`{program} {}` failed: {complaint}", args.join(" ")))
}

fn run(command: &mut Command, folder: &Utf8Path, args: &[&str]) -> Result<String, String> {
    let output =
        command.args(args).current_dir(folder).output().map_err(|error| error.to_string())?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
