//! A big repository: one uv workspace, most of it Python, some of it ignored.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use camino::Utf8Path;

use crate::interrupt;
use crate::process::Tool;

/// What every service needs from an index.
const PINS: [&str; 8] =
    ["fastapi", "uvicorn", "pydantic", "sqlalchemy", "httpx", "numpy", "orjson", "redis"];
/// Of so many projects, one is a library.
const LIBRARIES: u32 = 5;
/// Files in a folder of modules.
const MODULES: u32 = 16;
/// Files in a folder that is ignored, and how many projects share one such folder.
const IGNORED: (u32, u32) = (40, 2);

/// How big it is.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) projects: u32,
    pub(super) files: u32,
}

/// How many of so many projects are services.
pub(super) fn services(projects: u32) -> u32 {
    projects - projects.div_ceil(LIBRARIES)
}

/// Writes the repository and commits all but one file of each project.
pub(super) fn make(folder: &Utf8Path, size: Size) -> Result<()> {
    write(
        folder,
        "pyproject.toml",
        "[tool.uv.workspace]\nmembers = [\"services/*\", \"libs/*\"]\n",
    )?;
    let ignored = "__pycache__/\n*.pyc\n/build/\n.venv/\nnode_modules/\n*.log\n*.egg-info/\n!keep.log\n.coverage*\n";
    write(folder, ".gitignore", ignored)?;
    write(folder, "uv.lock", &lock(size.projects))?;
    for number in 0..size.projects {
        interrupt::check()?;
        project(folder, number, size.files / size.projects)?;
    }
    git(folder).args(["init", "--quiet"]).quiet()?;
    git(folder).args(["add", "--all"]).quiet()?;
    git(folder).args(["commit", "--quiet", "--message", "everything"]).quiet()?;
    for number in 0..size.projects {
        write(folder, &format!("{}/notes.txt", path(number)), "not committed yet\n")?;
    }
    Ok(())
}

/// Git in the repository in `folder`, as somebody who is the same everywhere. It tidies up nothing by
/// itself: that would go on behind what is measured.
pub(in crate::bench) fn git(folder: &Utf8Path) -> Tool {
    let author = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"];
    let untidy = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"];
    Tool::new("git").args(["-C", folder.as_str()]).args(author).args(untidy)
}

/// Returns a module of a project, which is committed.
pub(super) fn module(number: u32) -> String {
    let package = name(number).replace('-', "_");
    format!("{}/src/{package}/part_0/module_0.py", path(number))
}

/// Returns the services that need a library.
pub(super) fn users(library: u32) -> impl Iterator<Item = u32> {
    library + 1..library + LIBRARIES
}

pub(super) fn is_library(number: u32) -> bool {
    number.is_multiple_of(LIBRARIES)
}

fn name(number: u32) -> String {
    format!("{}-{number:04}", if is_library(number) { "lib" } else { "service" })
}

/// Returns the folder of a project.
pub(super) fn path(number: u32) -> String {
    format!("{}/{}", if is_library(number) { "libs" } else { "services" }, name(number))
}

/// The local and other requirements of a project.
fn needs(number: u32) -> Vec<String> {
    if is_library(number) {
        return vec!["pydantic".into()];
    }
    let library = number - number % LIBRARIES;
    let pins = PINS.iter().take(2 + number as usize % (PINS.len() - 1));
    pins.map(ToString::to_string).chain([name(library)]).collect()
}

fn project(folder: &Utf8Path, number: u32, files: u32) -> Result<()> {
    let (name, path) = (name(number), path(number));
    let package = name.replace('-', "_");
    let needs = needs(number);
    let mut manifest = format!(
        "[project]\nname = \"{name}\"\nversion = \"1.0\"\nrequires-python = \">=3.12\"\ndependencies = {needs:?}\n\n\
         [build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n"
    );
    if let Some(library) = needs.last().filter(|_| !is_library(number)) {
        write!(manifest, "\n[tool.uv.sources]\n{library} = {{ workspace = true }}\n")?;
    }
    write(folder, &format!("{path}/pyproject.toml"), &manifest)?;
    write(folder, &format!("{path}/README.md"), &format!("# {name}\n"))?;
    if number.is_multiple_of(10) {
        write(folder, &format!("{path}/.gitignore"), "/generated/\n*.tmp\n")?;
    }
    let app = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/health\")\ndef health():\n    return {}\n";
    write(folder, &format!("{path}/src/{package}/__init__.py"), "")?;
    let main = if is_library(number) { "VALUE = 1\n" } else { app };
    write(folder, &format!("{path}/src/{package}/main.py"), main)?;
    // The manifest, the package's two files, what is read and what is not committed.
    for module in 0..files.saturating_sub(5) {
        let (place, ending) = match module % 10 {
            0..=6 => (format!("src/{package}/part_{}", module / MODULES), "py"),
            7 => (format!("tests/part_{}", module / MODULES), "py"),
            8 => ("data".to_owned(), "json"),
            _ => ("docs".to_owned(), "md"),
        };
        let text = format!("\"\"\"Module {module} of {name}.\"\"\"\n\nNUMBER = {module}\n");
        write(folder, &format!("{path}/{place}/module_{module}.{ending}"), &text)?;
    }
    let (ignored, sharing) = IGNORED;
    if number.is_multiple_of(sharing) {
        for file in 0..ignored {
            let place = if file % 2 == 0 { "src/__pycache__" } else { ".venv/lib" };
            write(folder, &format!("{path}/{place}/file_{file}.pyc"), "x")?;
        }
    }
    Ok(())
}

/// The lock of all projects, in uv's form.
fn lock(projects: u32) -> String {
    let mut text = String::from("version = 1\nrevision = 3\nrequires-python = \">=3.12\"\n");
    for (number, pin) in PINS.iter().enumerate() {
        let _ = write!(
            text,
            "\n[[package]]\nname = \"{pin}\"\nversion = \"1.{number}\"\n\
             source = {{ registry = \"https://index.example/simple\" }}\n\
             wheels = [\n    {{ url = \"https://index.example/{pin}-1.{number}-py3-none-any.whl\", \
             hash = \"sha256:{number:064}\", size = 1000 }},\n]\n"
        );
    }
    for number in 0..projects {
        let list: String =
            needs(number).iter().map(|it| format!("    {{ name = \"{it}\" }},\n")).collect();
        let _ = write!(
            text,
            "\n[[package]]\nname = \"{}\"\nversion = \"1.0\"\nsource = {{ editable = \"{}\" }}\ndependencies = [\n{list}]\n",
            name(number),
            path(number)
        );
    }
    text
}

/// Writes a file, and the folders that it is in.
pub(in crate::bench) fn write(folder: &Utf8Path, path: &str, text: &str) -> Result<()> {
    let path = folder.join(path);
    let above = path.parent().unwrap_or(folder);
    let written = fs::create_dir_all(above).and_then(|()| fs::write(&path, text));
    written.with_context(|| format!("failed to write `{path}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_has_as_many_files_as_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        make(folder, Size { projects: 10, files: 400 }).unwrap();
        let git = Tool::new("git").args(["-C", folder.as_str(), "ls-files", "-co"]);
        let listed = git.arg("--exclude-standard").read().unwrap();
        // Each project has what was said; the root has three files, and one project a `.gitignore`.
        assert_eq!(listed.lines().count(), 400 + 3 + 1);
        assert_eq!(services(10), 8);
    }
}
