//! What other people publish: packages, their wheels, and their repositories.

use std::fs;

use camino::Utf8Path;

use crate::{
    Tool,
    projects::hatchling,
    uv::{run_tool, uv},
};

/// Writes a package with this name into a folder; `rest` follows in its manifest.
pub fn package(folder: &Utf8Path, name: &str, rest: &str) {
    let module = folder.join(name.replace('-', "_"));
    fs::create_dir_all(&module).unwrap();
    fs::write(folder.join("pyproject.toml"), hatchling(name, rest)).unwrap();
    fs::write(module.join("__init__.py"), "").unwrap();
}

/// Builds the wheel of the package in a folder.
pub fn wheel(folder: &Utf8Path, out: &Utf8Path) {
    let build = ["build", "--wheel", "--quiet", "--out-dir", out.as_str()];
    let _ = Tool::new(uv()).args(build).env("UV_PYTHON_DOWNLOADS", "never").cwd(folder).read();
}

/// Makes a git repository of a folder, with one commit that has this tag.
pub fn repository(folder: &Utf8Path, tag: &str) {
    let person = ["-c", "user.name=Someone", "-c", "user.email=someone@example.com"];
    let git = |args: &[&str]| run_tool("git", folder, &[&person[..], args].concat());
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "Start"]);
    git(&["tag", tag]);
}
