//! Projects that the tests make.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

/// A folder with a service in `apps/svc` and libraries beside it, in `libs`.
pub(super) struct Projects {
    dir: TempDir,
}

impl Projects {
    /// Makes two libraries, of which one needs the other.
    pub(super) fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
            .file(
                "libs/core/pyproject.toml",
                r#"[project]
name = "core"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["attrs>=23", "click", "tomli; python_version < '3.12'"]
[project.optional-dependencies]
fancy = ["rich", "colorama; sys_platform == 'win32'"]
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"#,
            )
            .file("libs/core/core/__init__.py", "")
    }

    /// Adds a file.
    pub(super) fn file(self, path: &str, text: &str) -> Self {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Returns the folder of the service.
    pub(super) fn service(&self) -> Utf8PathBuf {
        let folder = self.root().join("apps/svc");
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Returns the text of a file in the folder of the service.
    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.service().join(name)).unwrap()
    }

    fn root(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).unwrap().canonicalize_utf8().unwrap()
    }
}
