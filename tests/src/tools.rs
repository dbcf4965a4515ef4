//! Other tools that own formats of locks: Poetry, PDM, pipenv, and uv as it was.
//!
//! Each is installed from the package index once, into an environment of its
//! own below the target folder, where the next run of the tests finds it.

#![expect(clippy::disallowed_methods, reason = "a test is told by its environment what it may use")]

use std::{
    env, fs,
    sync::{Mutex, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};
use toml::Table;

use crate::{Finished, Tool, uv::run_uv};

/// The last day whose releases are taken, so that a tool stays what it was.
const NEWEST: &str = "2026-11-20";

/// A tool, and the versions of it that the tests are written for.
#[derive(Clone, Copy, Debug)]
pub struct Pinned {
    /// The name of the program.
    pub program: &'static str,
    /// What is installed.
    pub requirements: &'static [&'static str],
}

/// Poetry that writes locks of version 2.1.
pub const POETRY: Pinned =
    Pinned { program: "poetry", requirements: &["poetry==2.5.1", "poetry-plugin-export==1.10.1"] };

/// Poetry that writes locks of version 2.0.
pub const POETRY_1_8: Pinned =
    Pinned { program: "poetry", requirements: &["poetry==1.8.5", "poetry-plugin-export==1.8.0"] };

/// Poetry that writes locks of version 1.1.
pub const POETRY_1_2: Pinned = Pinned {
    program: "poetry",
    requirements: &["poetry==1.2.2", "poetry-plugin-export==1.2.0", "setuptools<80"],
};

/// PDM, with the dependencies that it was released with.
pub const PDM: Pinned = Pinned { program: "pdm", requirements: &["pdm[locked]==2.29.3"] };

/// uv as it was, each with the revision of the locks that it writes; the first writes none.
pub const UVS: [(Pinned, Option<i64>); 5] = [
    (Pinned { program: "uv", requirements: &["uv==0.5.31"] }, None),
    (Pinned { program: "uv", requirements: &["uv==0.6.10"] }, Some(1)),
    (Pinned { program: "uv", requirements: &["uv==0.6.17"] }, Some(2)),
    (Pinned { program: "uv", requirements: &["uv==0.8.24"] }, Some(3)),
    (Pinned { program: "uv", requirements: &["uv==0.11.0"] }, Some(3)),
];

/// Python with pip, and with `packaging`, which knows the standards.
pub const PACKAGING: Pinned = Pinned { program: "python", requirements: &["packaging==26.0"] };

/// pipenv.
pub const PIPENV: Pinned = Pinned { program: "pipenv", requirements: &["pipenv==2026.10.3"] };

impl Pinned {
    /// Returns the tool, not yet started, with nothing on its way to the network and to the lock.
    pub fn tool(self) -> Tool {
        let folder = self.installed();
        let bin = folder.join("bin");
        let path = env::var("PATH").unwrap_or_default();
        let mut tool = Tool::new(bin.join(self.program))
            .env("PATH", format!("{bin}:{path}"))
            .env("PDM_CHECK_UPDATE", "0")
            .env("PDM_PYTHON", bin.join("python"))
            .env("PIPENV_PYTHON", bin.join("python"))
            .env("PIPENV_VENV_IN_PROJECT", "1")
            .env("POETRY_KEYRING_ENABLED", "false")
            .env("UV_PYTHON_DOWNLOADS", "never")
            .env("POETRY_VIRTUALENVS_CREATE", "false")
            .env("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring");
        // These tools bring certificates of their own and see others only if told.
        if let Ok(certificates) = env::var("SSL_CERT_FILE") {
            tool = tool.env("REQUESTS_CA_BUNDLE", &certificates).env("PIP_CERT", certificates);
        }
        tool
    }

    /// Runs the tool in `folder`, whatever comes of it.
    pub fn run(self, folder: &Utf8Path, args: &[&str]) -> Finished {
        self.tool().args(args).cwd(folder).run()
    }

    /// Runs the tool in `folder`, which must succeed, and returns what it prints.
    pub fn read(self, folder: &Utf8Path, args: &[&str]) -> String {
        self.run(folder, args).succeeded().stdout
    }

    /// Returns the environment that the tool is in, which is made if there is none.
    fn installed(self) -> Utf8PathBuf {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let all = target_folder().join("test-tools");
        let folder = all.join(self.requirements[0].replace("==", "-"));
        let done = folder.join("done");
        if !done.exists() {
            fs::create_dir_all(&all).unwrap();
            let made = run_uv(&all, &["venv", "--quiet", "--clear", "--seed", folder.as_str()]);
            made.unwrap_or_else(|complaint| panic!("no environment for {self:?}: {complaint}"));
            let python = folder.join("bin/python");
            let mut args = vec!["pip", "install", "--quiet", "--exclude-newer", NEWEST];
            args.extend(["--python", python.as_str()]);
            args.extend(self.requirements);
            run_uv(&all, &args).unwrap_or_else(|complaint| panic!("no {self:?}: {complaint}"));
            fs::write(done, "").unwrap();
        }
        folder
    }
}

/// Returns the URL of the index that uv takes by default, as its locks have it.
///
/// Poetry does without some of its own default index's services if it is told
/// that index by its URL, so that a mirror is enough for it.
pub fn default_index() -> String {
    let folder = tempfile::TempDir::new().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let manifest = "[project]\nname = \"a\"\nversion = \"1\"\nrequires-python = \">=3.11\"\n\
                    dependencies = [\"iniconfig\"]\n";
    fs::write(folder.join("pyproject.toml"), manifest).unwrap();
    run_uv(folder, &["lock", "--quiet"]).unwrap();
    let lock: Table = fs::read_to_string(folder.join("uv.lock")).unwrap().parse().unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    let mut indexes = packages.filter_map(|package| package["source"].get("registry")?.as_str());
    indexes.next().unwrap().to_owned()
}

/// Returns the folder that cargo builds in, which the running test lies in.
fn target_folder() -> Utf8PathBuf {
    let test = Utf8PathBuf::from_path_buf(env::current_exe().unwrap()).unwrap();
    // TARGET/debug/deps/it-0123456789abcdef
    test.ancestors().nth(3).unwrap().to_owned()
}
