//! Workspaces that the tests make and lock themselves.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pymono_tests::uv::{run_tool, run_uv};
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

    /// Changes the manifest in `folder`.
    pub(super) fn replace(self, folder: &str, old: &str, new: &str) -> Self {
        let path = format!("{folder}/pyproject.toml");
        let text = fs::read_to_string(self.root().join(&path)).unwrap();
        assert!(text.contains(old), "{path} has {old}");
        self.file(&path, &text.replace(old, new))
    }

    /// Writes the lock and compares all that it can be asked.
    pub(super) fn compare(&self) -> Count {
        self.lock();
        Oracle::new(&self.root(), self.outside()).compare()
    }

    /// Writes the lock and returns its text.
    pub(super) fn lock(&self) -> String {
        run_uv(&self.root(), &["lock", "--quiet"])
            .unwrap_or_else(|complaint| panic!("uv cannot lock: {complaint}"));
        fs::read_to_string(self.root().join("uv.lock")).unwrap()
    }

    /// Makes a git repository of the folder at `path`, with one commit that has this tag.
    pub(super) fn git(self, path: &str, tag: &str) -> Self {
        let folder = self.root().join(path);
        let git = |args: &[&str]| {
            let person = ["-c", "user.name=Someone", "-c", "user.email=someone@example.com"];
            run_tool("git", &folder, &[&person[..], args].concat())
        };
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "Start"]);
        git(&["tag", tag]);
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
