//! A repository that a test makes.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use crate::{Tool, uv};

/// A repository in a folder of its own, with a git repository and no commit.
///
/// It has a word that no other run has: what a test puts it into is in no build
/// cache yet, however often the test has run on this engine.
pub struct Repo {
    dir: TempDir,
    unique: String,
}

impl Repo {
    /// Makes an empty repository.
    pub fn empty(topic: &str) -> Self {
        let repo = Self { dir: TempDir::new().unwrap(), unique: unique(topic) };
        fs::create_dir(repo.root()).unwrap();
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    /// Makes a uv workspace of the projects in `libs/*` and `services/*`, whose root is no project.
    ///
    /// Its images are named after its unique word, see [`Repo::image`]; `rest` follows in the root manifest.
    pub fn new(topic: &str, rest: &str) -> Self {
        let repo = Self::empty(topic);
        repo.write(
            "pyproject.toml",
            &format!(
                "[tool.uv.workspace]\nmembers = [\"libs/*\", \"services/*\"]\n\n{}\n{rest}",
                repo.settings()
            ),
        );
        repo
    }

    /// Makes a copy of a folder in `examples`.
    pub fn example(topic: &str, name: &str) -> Self {
        Self::copy(topic, &examples().join(name))
    }

    /// Makes a copy of a folder of this repository as git would check it out.
    pub fn copy(topic: &str, folder: &Utf8Path) -> Self {
        let repo = Self::empty(topic);
        let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        for path in Tool::new("git").args(list).cwd(folder).read().split_terminator('\0') {
            let target = repo.root().join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(folder.join(path), target).unwrap();
        }
        repo
    }

    /// Makes a copy of `examples/shop`, its images named as in [`Repo::new`].
    pub fn shop(topic: &str) -> Self {
        let repo = Self::example(topic, "shop");
        let manifest = repo.read("pyproject.toml");
        repo.write("pyproject.toml", &format!("{manifest}\n[tool.pymono]\n{}", repo.registry()));
        repo
    }

    /// Returns the settings that a root manifest needs: images' names, and the Python that there is an image of.
    pub fn settings(&self) -> String {
        format!("[tool.pymono]\npython = \"3.13\"\n{}", self.registry())
    }

    fn registry(&self) -> String {
        format!("registry = \"{}\"\n", self.unique)
    }

    /// Returns the word that no other repository has: a name, fit for packages and images.
    pub fn unique(&self) -> &str {
        &self.unique
    }

    /// Returns the name of a service's image.
    pub fn image(&self, service: &str) -> String {
        format!("{}/{service}:latest", self.unique)
    }

    /// Returns the root of the repository, whose name is one that people forget to quote.
    pub fn root(&self) -> Utf8PathBuf {
        self.outside().join("it's a repo")
    }

    /// Returns the folder that holds the repository and nothing else.
    pub fn outside(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).unwrap()
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Returns the text of a file.
    pub fn read(&self, path: &str) -> String {
        let read = fs::read_to_string(self.root().join(path));
        read.unwrap_or_else(|error| panic!("cannot read `{path}`: {error}"))
    }

    /// Replaces the one occurrence of `old` in a file.
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "`{path}` has `{old}` once");
        self.write(path, &text.replace(old, new));
    }

    /// Writes `uv.lock` with the real uv; `more` are further arguments.
    pub fn lock(&self, more: &[&str]) {
        let lock = Tool::new(uv::uv()).args(["lock", "--quiet"]).args(more).cwd(&self.root());
        lock.env("UV_PYTHON_DOWNLOADS", "never").env("UV_NO_CONFIG", "1").read();
    }

    /// Commits all that is not ignored.
    pub fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "Go on"]);
    }

    /// Runs git as nobody in particular, always at the same time, and returns what it prints.
    pub fn git(&self, args: &[&str]) -> String {
        let mut git = Tool::new("git").args(args).cwd(&self.root());
        for role in ["AUTHOR", "COMMITTER"] {
            git = git
                .env(&format!("GIT_{role}_NAME"), "Someone")
                .env(&format!("GIT_{role}_EMAIL"), "someone@example.com")
                .env(&format!("GIT_{role}_DATE"), "2026-01-01T00:00:00Z");
        }
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").read()
    }
}

/// Returns the folder of the examples.
pub fn examples() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// Returns a word that no other test, run or machine has had.
fn unique(topic: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    format!("it-{topic}-{now:x}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
