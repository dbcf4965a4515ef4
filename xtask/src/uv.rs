//! The one version of uv that chores and tests use.

use std::env;
use std::fs;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};

use crate::process::Tool;

/// The version of uv, on this machine and in the image that is made of it.
pub(crate) const VERSION: &str = "0.13.9";

/// A uv of [`VERSION`]: the one on PATH, or else one in a folder of its own
/// below `target`.
pub(crate) fn provide(target: &Utf8Path) -> Result<Utf8PathBuf> {
    if let Some(uv) = on_path() {
        return Ok(uv);
    }
    install(&target.join(format!("xtask/uv-{VERSION}")), None)
}

/// Installs uv from its wheel into `folder`, unless it is there, and returns
/// the path of the program. A `platform` tag asks for another one's wheel.
pub(crate) fn install(folder: &Utf8Path, platform: Option<&str>) -> Result<Utf8PathBuf> {
    let uv = folder.join("bin").join(program());
    if uv.is_file() {
        return Ok(uv);
    }
    // Half an installation must not pass for a whole one.
    let partial = Utf8PathBuf::from(format!("{folder}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| format!("failed to remove `{partial}`"))?;
    }
    Tool::new(python())
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary=:all:", "--target", partial.as_str()])
        .args(platform.iter().flat_map(|platform| ["--platform", platform]))
        .arg(format!("uv=={VERSION}"))
        .quiet()
        .with_context(|| format!("failed to install uv {VERSION}; Python with pip is needed"))?;
    fs::rename(&partial, folder).with_context(|| format!("failed to make `{folder}`"))?;
    Ok(uv)
}

fn on_path() -> Option<Utf8PathBuf> {
    let path = env::var_os("PATH")?;
    let candidates = env::split_paths(&path).map(|folder| folder.join(program()));
    let uv = candidates.into_iter().find(|path| path.is_file())?;
    let answer = Tool::new(&uv).arg("--version").read().ok()?;
    (version(&answer)? == VERSION).then(|| Utf8PathBuf::from_path_buf(uv).ok())?
}

/// The version in an answer like `uv 0.13.9 (abc 2026-01-01)`.
fn version(answer: &str) -> Option<&str> {
    answer.strip_prefix("uv ")?.split_whitespace().next()
}

fn program() -> String {
    format!("uv{}", env::consts::EXE_SUFFIX)
}

fn python() -> &'static str {
    if Tool::new("python3").arg("--version").succeeds() { "python3" } else { "python" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_second_word() {
        assert_eq!(version("uv 0.13.9 (1a2b3c 2026-11-01)\n"), Some("0.13.9"));
        assert_eq!(version("uv 0.13.9\n"), Some("0.13.9"));
        assert_eq!(version("uvicorn 0.13.9"), None);
    }
}
