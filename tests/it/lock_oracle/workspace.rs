//! Workspaces that the tests make and lock themselves.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pymono_tests::{elsewhere, tools::Pinned, uv::run_uv};
use tempfile::TempDir;

use super::oracle::{Count, Oracle};

/// A folder with a repository in it, `repo`; what lies beside it is outside of the workspace.
pub(super) struct Workspace {
    dir: TempDir,
}

impl Workspace {
    /// Makes a workspace whose root has this `pyproject.toml`.
    pub(super) fn new(root: &str) -> Self {
        Self { dir: TempDir::new().unwrap() }.file("pyproject.toml", root)
    }

    /// Makes a workspace of the projects in `members/*` whose root is no project.
    pub(super) fn of_members(rest: &str) -> Self {
        Self::new(&format!("[tool.uv.workspace]\nmembers = [\"members/*\"]\n{rest}"))
    }

    /// Adds a file; its path may start with `..`.
    pub(super) fn file(self, path: &str, text: &str) -> Self {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Adds a member that is built by a backend; `rest` follows `[project]`'s name and version.
    pub(super) fn member(self, name: &str, rest: &str) -> Self {
        let path = format!("members/{name}/pyproject.toml");
        self.file(&path, &project(name, rest))
    }

    /// Writes the lock and compares all that it can be asked.
    pub(super) fn compare(&self) -> Count {
        self.lock();
        self.oracle().compare()
    }

    /// Returns the lock that is there, with uv's opinion on it.
    pub(super) fn oracle(&self) -> Oracle {
        Oracle::new(&self.root(), self.outside())
    }

    /// Writes the lock and returns its text.
    pub(super) fn lock(&self) -> String {
        self.lock_with(&[])
    }

    /// Writes the lock and returns its text; `more` are further arguments.
    pub(super) fn lock_with(&self, more: &[&str]) -> String {
        run_uv(&self.root(), &[&["lock", "--quiet"], more].concat())
            .unwrap_or_else(|complaint| panic!("uv cannot lock: {complaint}"));
        self.read_lock()
    }

    /// Writes the lock anew with another uv and returns its text.
    pub(super) fn lock_by(&self, uv: Pinned) -> String {
        fs::remove_file(self.root().join("uv.lock")).unwrap();
        uv.read(&self.root(), &["lock", "--quiet"]);
        self.read_lock()
    }

    fn read_lock(&self) -> String {
        fs::read_to_string(self.root().join("uv.lock")).unwrap()
    }

    /// Makes a git repository of the folder at `path`, with one commit that has this tag.
    pub(super) fn git(self, path: &str, tag: &str) -> Self {
        elsewhere::repository(&self.root().join(path), tag);
        self
    }

    /// Puts the wheel of `boxed`, a package from elsewhere, into folders of the repository.
    pub(super) fn boxed(self, folders: &[&str]) -> Self {
        let package = self.outside().join("wheel");
        elsewhere::package(&package, "boxed", "dependencies = [\"packaging\"]\n");
        for folder in folders {
            elsewhere::wheel(&package, &self.root().join(folder));
        }
        self
    }

    pub(super) fn root(&self) -> Utf8PathBuf {
        let root = self.outside().join("repo");
        fs::create_dir_all(&root).unwrap();
        root
    }

    pub(super) fn outside(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).unwrap()
    }
}

/// Writes the manifest of a project that is built by a backend.
pub(super) fn project(name: &str, rest: &str) -> String {
    let backend =
        "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";
    format!(
        "{backend}\n[project]\nname = \"{name}\"\nversion = \"1.0\"\nrequires-python = \">=3.11\"\n{rest}"
    )
}
