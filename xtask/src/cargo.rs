//! Cargo itself, and where this workspace lies.

use std::env;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::process::Tool;

/// The root of this repository.
pub(crate) fn root() -> &'static Utf8Path {
    let xtask = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The members of the workspace and what they depend on, without a build.
pub(crate) fn metadata() -> Result<Metadata> {
    MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .context("failed to read the workspace with `cargo metadata`")
}

/// Where Cargo puts what it builds.
pub(crate) fn target_directory() -> Result<Utf8PathBuf> {
    Ok(metadata()?.target_directory)
}

/// The Cargo that runs this chore, in the root of the repository.
pub(crate) fn cargo() -> Tool {
    Tool::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).cwd(root())
}

/// Builds the `pymono` program and returns its path.
pub(crate) fn build_pymono(release: bool) -> Result<Utf8PathBuf> {
    build("pymono", release)
}

/// Builds this program for speed and returns its path.
pub(crate) fn build_xtask() -> Result<Utf8PathBuf> {
    build("xtask", true)
}

fn build(program: &str, release: bool) -> Result<Utf8PathBuf> {
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    cargo().args(["build", "--package", program, "--bin", program]).args(profile).run()?;
    let folder = if release { "release" } else { "debug" };
    Ok(target_directory()?.join(folder).join(format!("{program}{}", env::consts::EXE_SUFFIX)))
}
