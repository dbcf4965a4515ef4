//! A small repository in a folder of its own.

use std::{ffi::OsString, fs};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_exec::{Interrupt, Invocation, Output};
use pymono_scan::{Head, Scan, ScanError, ScanOptions};
use pymono_workspace::{Project, Workspace};
use tempfile::TempDir;

/// A folder with files, and with git once it is asked for.
pub(crate) struct Repo {
    folder: TempDir,
    /// Where below the folder a scan begins.
    pub(crate) root: Utf8PathBuf,
}

impl Repo {
    /// Makes an empty folder.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        Self { folder, root }
    }

    /// Makes a uv workspace with these members below the root.
    pub(crate) fn workspace(members: &str) -> Self {
        let repo = Self::new();
        repo.file("pyproject.toml", &format!("[tool.uv.workspace]\nmembers = {members}\n"));
        repo.file("uv.lock", "version = 1\n");
        repo
    }

    /// Returns the folder, which is the top of the repository.
    pub(crate) fn top(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().canonicalize_utf8().unwrap()
    }

    /// Writes a file.
    pub(crate) fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.top().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes the manifest of a project in `path`: its name is that of the folder, `more` comes after the table.
    pub(crate) fn project(&self, path: &str, dependencies: &str, more: &str) -> &Self {
        let name = Utf8Path::new(path).file_name().unwrap_or("root");
        let text = format!(
            "[project]\nname = \"{name}\"\nversion = \"1\"\ndependencies = {dependencies}\n{more}\n"
        );
        self.file(&format!("{path}/pyproject.toml"), &text)
    }

    /// Runs git at the top.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.run("git", args)
    }

    /// Returns whether a program fails at the top.
    pub(crate) fn fails(&self, program: &str, args: &[&str]) -> bool {
        !self.output(program, args).status.success()
    }

    fn output(&self, program: &str, args: &[&str]) -> Output {
        let invocation = Invocation {
            program: program.into(),
            args: args.iter().map(ToString::to_string).collect(),
            cwd: self.top(),
            env: Self::env(),
        };
        invocation.output(&Interrupt::new()).unwrap()
    }

    /// Runs a program at the top.
    pub(crate) fn run(&self, program: &str, args: &[&str]) -> String {
        let output = self.output(program, args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes a repository of the folder and adds what it does not ignore.
    pub(crate) fn tracked(&self) -> &Self {
        self.git(&["init", "-q"]);
        self.git(&["add", "."]);
        self
    }

    fn env() -> Vec<(OsString, OsString)> {
        // A test that runs in a hook of git must not see that hook's repository.
        std::env::vars_os()
            .filter(|(name, _)| !name.to_string_lossy().starts_with("GIT_"))
            .collect()
    }

    pub(crate) fn options(&self) -> ScanOptions {
        ScanOptions {
            root: self.root.clone(),
            config: None,
            head: Head::WorkingTree,
            env: Self::env(),
            interrupt: Interrupt::new(),
        }
    }

    /// Commits everything that is not ignored and returns the commit's id.
    pub(crate) fn committed(&self) -> String {
        self.tracked();
        let author = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        self.git(&[&author[..], &["commit", "-q", "--allow-empty", "-m", "x"]].concat());
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Scans a revision.
    pub(crate) fn at(&self, revision: &str) -> Result<Scan, ScanError> {
        let head = Head::Revision(revision.to_owned());
        pymono_scan::scan(&ScanOptions { head, ..self.options() })
    }

    pub(crate) fn try_scan(&self) -> Result<Scan, ScanError> {
        pymono_scan::scan(&self.options())
    }

    pub(crate) fn scan(&self) -> Workspace {
        self.try_scan().unwrap().workspace
    }

    /// Returns an error with its hint, as a person sees it.
    pub(crate) fn error(&self) -> String {
        let error = self.try_scan().unwrap_err();
        error.hint().map_or_else(|| error.to_string(), |hint| format!("{error}\nhint: {hint}"))
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.try_scan().unwrap().warnings.iter().map(ToString::to_string).collect()
    }

    /// Returns the folders of the projects.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.scan().projects.keys().map(ToString::to_string).collect()
    }

    /// Returns the folders of the projects that a lock pins.
    pub(crate) fn locked(&self) -> Vec<String> {
        let projects = self.scan().projects.into_values();
        let locked = projects.filter(|project| project.lock.is_some());
        locked.map(|project| project.path.to_string()).collect()
    }

    /// Returns one project.
    pub(crate) fn get(&self, path: &str) -> Project {
        self.scan().projects[&path.parse().unwrap()].clone()
    }
}
