//! A lock that does not fit its manifest is told, as the tool that owns it tells it.
//!
//! Each case edits a manifest and asks the real tool whether its lock is still
//! good. They need the package index but no Docker.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pymono_lock::{LockFormat, Member, is_stale, stale_member};
use pymono_tests::{
    Repo, Site,
    projects::hatchling,
    tools::{PDM, PIPENV, POETRY, POETRY_1_2, POETRY_1_8, Pinned, default_index},
    uv::run_uv,
};
use tempfile::TempDir;

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_stale_lock_is_an_error_unless_it_is_frozen() {
    let repo = Repo::new("stale", "");
    let run =
        "dependencies = [\"idna\"]\n\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n";
    repo.write("services/api/pyproject.toml", &hatchling("api", run));
    repo.write("services/api/src/api/__main__.py", "");
    repo.lock(&[]);
    repo.replace("services/api/pyproject.toml", "\"idna\"", "\"idna\", \"six>1\"");
    let site = Site::new(repo);
    let message = "error: the lock `uv.lock` does not fit `services/api/pyproject.toml` any more, since that one requires \
                   `six>1`, which the lock does not have";
    let hint = "hint: in `.`, run `uv lock`; or give `--frozen` to use the lock as it is";
    for command in [&["export", "api"][..], &["bake", "--print"], &["build", "--all", "--dry-run"]]
    {
        let refused = site.pymono(command).run();
        let said = refused.stderr.replace('\n', " ");
        assert_eq!(refused.code, Some(3), "{refused:?}");
        assert!(said.contains(message) && said.contains(hint), "{}", refused.stderr);
        let frozen = site.pymono(&[command, &["--frozen"]].concat()).run().succeeded();
        assert!(!frozen.stdout.contains("six"), "{}", frozen.stdout);
    }
    let checked = site.pymono(&["check", "--allow", "floating-base"]).run();
    assert_eq!(checked.code, Some(1));
    assert!(checked.stdout.starts_with("services/api: stale-lock: "), "{}", checked.stdout);

    // What is excluded from the scan is a member of the lock all the same.
    site.repo.write("services/spare/pyproject.toml", &hatchling("spare", ""));
    site.repo.lock(&[]);
    let root = site.repo.read("pyproject.toml");
    site.repo.write("pyproject.toml", &format!("{root}exclude = [\"services/spare\"]\n"));
    let _ = site.pymono(&["export", "api"]).run().succeeded();
}

/// A folder with files.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.0.path()).unwrap().canonicalize_utf8().unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Replaces the one occurrence of `old`, for as long as `look` takes.
    fn edited<T>(&self, path: &str, old: &str, new: &str, look: impl FnOnce() -> T) -> T {
        let before = self.read(path);
        assert_eq!(before.matches(old).count(), 1, "`{path}` has `{old}` once");
        self.write(path, &before.replace(old, new));
        let seen = look();
        self.write(path, &before);
        seen
    }
}

const ROOT: &str = r#"[tool.uv.workspace]
members = ["api", "core"]
[tool.uv]
override-dependencies = ["certifi==2024.8.30"]
constraint-dependencies = ["urllib3<2.4"]
[dependency-groups]
lint = ["ruff==0.9.0"]
"#;

const API: &str = r#"[project]
name = "api"
version = "1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["core>=0.5; python_version >= '3.9'", "idna~=3.0; sys_platform == 'linux'", "requests >=2, <3", "colorama; platform_system == 'Windows'"]
[project.optional-dependencies]
tools = ["click>=8"]
all = ["api[tools]"]
[dependency-groups]
dev = ["iniconfig", { include-group = "more" }]
more = ["attrs>20"]
newer = ["six"]
[tool.uv.dependency-groups]
newer = { requires-python = ">=3.12" }
[tool.uv.sources]
core = { workspace = true }
"#;

const CORE: &str = r#"[project]
name = "core"
version = "1.0"
requires-python = ">=3.10"
dependencies = ["tomli; python_version < '3.12'"]
"#;

const UV_FILES: [&str; 3] = ["pyproject.toml", "api/pyproject.toml", "core/pyproject.toml"];

/// Edits of a uv workspace: the file, what is replaced, by what.
const UV_EDITS: [(&str, &str, &str); 26] = [
    // What means the same.
    ("api/pyproject.toml", "requests >=2, <3", "Requests<3,>=2"),
    ("api/pyproject.toml", "'linux'", "'linux' and python_version >= '2'"),
    ("api/pyproject.toml", "sys_platform == 'linux'", "'linux' == sys_platform"),
    ("api/pyproject.toml", "[tool.uv.sources]", "[tool.ruff]\nline-length = 99\n[tool.uv.sources]"),
    ("core/pyproject.toml", ">=3.10", ">=3.9"),
    ("api/pyproject.toml", "platform_system == 'Windows'", "sys_platform == 'win32'"),
    // What does not.
    ("api/pyproject.toml", "'Windows'", "'Java'"),
    ("api/pyproject.toml", "requests >=2, <3", "requests >=2, <2.32"),
    ("api/pyproject.toml", "\"requests >=2, <3\"", "\"six\""),
    ("api/pyproject.toml", ", \"requests >=2, <3\"", ""),
    ("api/pyproject.toml", "requests >=2", "requests[socks] >=2"),
    ("api/pyproject.toml", "'linux'", "'darwin'"),
    ("api/pyproject.toml", "; sys_platform == 'linux'", ""),
    ("api/pyproject.toml", "click>=8", "click>=8.1"),
    ("api/pyproject.toml", "tools = [\"click>=8\"]", "tools = [\"click>=8\"]\nmore = [\"six\"]"),
    ("api/pyproject.toml", "api[tools]", "six"),
    ("api/pyproject.toml", "attrs>20", "attrs>21"),
    ("api/pyproject.toml", "iniconfig", "pluggy"),
    ("api/pyproject.toml", "newer = [\"six\"]", "newer = [\"six\"]\nlast = [\"six\"]"),
    ("api/pyproject.toml", ">=3.11,<3.14", ">=3.11,<3.13"),
    ("core/pyproject.toml", ">=3.10", ">=3.12"),
    ("core/pyproject.toml", "python_version < '3.12'", "python_version < '3.13'"),
    ("pyproject.toml", "2024.8.30", "2024.7.4"),
    ("pyproject.toml", "urllib3<2.4", "urllib3<2.3"),
    ("pyproject.toml", "ruff==0.9.0", "ruff==0.9.1"),
    ("pyproject.toml", "lint = [\"ruff==0.9.0\"]", ""),
];

fn stale_uv(folder: &Folder, files: &[&str]) -> bool {
    let texts: Vec<String> = files.iter().map(|file| folder.read(file)).collect();
    let members = files.iter().zip(&texts).map(|(manifest, text)| Member {
        manifest,
        text,
        is_root: *manifest == "pyproject.toml",
    });
    let members: Vec<_> = members.collect();
    stale_member(&folder.read("uv.lock"), &members).is_some()
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_of_uv_is_stale_when_uv_says_so() {
    let folder = Folder::new(&UV_FILES.map(|file| match file {
        "api/pyproject.toml" => (file, API),
        "core/pyproject.toml" => (file, CORE),
        _ => (file, ROOT),
    }));
    run_uv(&folder.path(), &["lock", "--quiet"]).unwrap();
    let lock = folder.read("uv.lock");
    assert!(!stale_uv(&folder, &UV_FILES));
    let (mut good, mut bad) = (0, 0);
    for (file, old, new) in UV_EDITS {
        let (ours, uvs) = folder.edited(file, old, new, || {
            (stale_uv(&folder, &UV_FILES), run_uv(&folder.path(), &["lock", "--check"]).is_err())
        });
        assert_eq!(ours, uvs, "`{old}` becomes `{new}` in `{file}`");
        bad += usize::from(ours);
        good += usize::from(!ours);
        assert_eq!(folder.read("uv.lock"), lock);
    }
    assert_eq!((good, bad), (6, 20));

    // A member that came or went.
    folder.edited("pyproject.toml", ", \"core\"]", "]", || {
        assert!(stale_uv(&folder, &["pyproject.toml", "api/pyproject.toml"]));
    });
    folder.write("new/pyproject.toml", &CORE.replace("\"core\"", "\"new\""));
    assert!(stale_uv(&folder, &[&UV_FILES[..], &["new/pyproject.toml"]].concat()));
    // The version of a member is in the lock, and no pin of anybody's.
    folder.edited("core/pyproject.toml", "version = \"1.0\"", "version = \"2.0\"", || {
        assert!(!stale_uv(&folder, &UV_FILES));
    });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_without_metadata_is_stale_where_a_name_is_missing() {
    let manifest = "[project]\nname = \"a\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = [\"idna\"]\n";
    let folder = Folder::new(&[("pyproject.toml", manifest)]);
    let args = ["lock", "--quiet", "--preview-features", "lock-without-metadata"];
    run_uv(&folder.path(), &args).unwrap();
    assert!(!folder.read("uv.lock").contains("[package.metadata]"));
    let stale = || stale_uv(&folder, &["pyproject.toml"]);
    assert!(!stale());
    assert!(folder.edited("pyproject.toml", "\"idna\"", "\"idna\", \"six\"", stale));
}

/// Locks with a tool, edits the manifest and asks the tool and pymono; returns how many edits were stale.
fn edits_of(
    format: LockFormat,
    files: (&str, &str),
    tool: Pinned,
    (lock, check): (&[&str], &[&str]),
    (manifest, edits): (&str, &[(&str, &str)]),
) -> usize {
    let (name, locked) = files;
    let folder = Folder::new(&[(name, manifest)]);
    let _ = tool.run(&folder.path(), lock).succeeded();
    let stale = || is_stale(format, &folder.read(locked), &folder.read(name));
    assert!(!stale(), "{}", folder.read(locked));
    let mut count = 0;
    for (old, new) in edits {
        let says = || tool.run(&folder.path(), check).code != Some(0);
        let (ours, theirs) = folder.edited(name, old, new, || (stale(), says()));
        assert_eq!(ours, theirs, "`{old}` becomes `{new}` for {tool:?}");
        count += usize::from(ours);
    }
    count
}

fn poetry(rest: &str) -> String {
    format!(
        "[tool.poetry]\nname = \"svc\"\nversion = \"0.1.0\"\ndescription = \"\"\nauthors = []\n\
         [tool.poetry.dependencies]\npython = \">=3.11,<3.14\"\nidna = \"^3\"\n\
         click = {{ version = \"*\", optional = true }}\n\
         [tool.poetry.extras]\ncli = [\"click\"]\n{rest}\n\
         [[tool.poetry.source]]\nname = \"index\"\nurl = \"{}\"\n\
         [build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n",
        default_index()
    )
}

const POETRY_EDITS: [(&str, &str); 4] = [
    ("version = \"0.1.0\"", "version = \"0.2.0\""),
    ("idna = \"^3\"", "idna = \"^3.4\""),
    ("cli =", "ui ="),
    ("six = \"*\"", "six = \">1\""),
];

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_of_poetry_is_stale_when_poetry_says_so() {
    let files = ("pyproject.toml", "poetry.lock");
    let group = poetry("[tool.poetry.group.dev.dependencies]\nsix = \"*\"");
    let asked: [(Pinned, &[&str]); 3] = [
        (POETRY, &["check", "--lock"]),
        (POETRY_1_8, &["check", "--lock"]),
        (POETRY_1_2, &["lock", "--check"]),
    ];
    for (tool, check) in asked {
        let commands: (&[&str], &[&str]) = (&["lock", "--no-interaction"], check);
        let edits = (group.as_str(), &POETRY_EDITS[..]);
        assert_eq!(edits_of(LockFormat::Poetry, files, tool, commands, edits), 3);
    }
    let legacy = poetry("[tool.poetry.dev-dependencies]\nsix = \"*\"");
    let commands: (&[&str], &[&str]) = (&["lock", "--no-interaction"], &["lock", "--check"]);
    let edits = (legacy.as_str(), &POETRY_EDITS[..]);
    assert_eq!(edits_of(LockFormat::Poetry, files, POETRY_1_2, commands, edits), 3);

    let standard = format!(
        "[project]\nname = \"svc\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11,<3.14\"\n\
         description = \"Ümläut \u{1f600}\"\ndependencies = [\"idna>=3\"]\n\
         [project.optional-dependencies]\ncli = [\"click\"]\n[dependency-groups]\ndev = [\"six\"]\n\
         [[tool.poetry.source]]\nname = \"index\"\nurl = \"{}\"\n[build-system]\n\
         requires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n",
        default_index()
    );
    let edits = [
        ("version = \"0.1.0\"", "version = \"0.2.0\""),
        ("idna>=3", "idna>=3.4"),
        ("[\"click\"]", "[\"click>8\"]"),
        ("[\"six\"]", "[\"six>1\"]"),
        (">=3.11", ">=3.12"),
    ];
    let commands: (&[&str], &[&str]) = (&["lock", "--no-interaction"], &["check", "--lock"]);
    let edits = (standard.as_str(), &edits[..]);
    assert_eq!(edits_of(LockFormat::Poetry, files, POETRY, commands, edits), 4);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_of_pdm_is_stale_when_pdm_says_so() {
    let manifest = "[project]\nname = \"svc\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\n\
                    dependencies = [\"idna>=3\"]\n[project.optional-dependencies]\ncli = [\"click\"]\n\
                    [dependency-groups]\ndev = [\"six\"]\n[tool.pdm.dev-dependencies]\nOld_Dev = [\"attrs\"]\n\
                    [tool.pdm.resolution.overrides]\nidna = \">=3\"\n";
    let edits = [
        ("version = \"0.1.0\"", "version = \"0.2.0\""),
        ("[\"idna>=3\"]", "[\"idna>=3.4\"]"),
        ("[\"six\"]", "[\"six>1\"]"),
        ("[\"attrs\"]", "[\"attrs>20\"]"),
        ("idna = \">=3\"", "idna = \">=3.3\""),
    ];
    let commands: (&[&str], &[&str]) = (&["lock", "-q"], &["lock", "--check", "-q"]);
    let files = ("pyproject.toml", "pdm.lock");
    let stale = edits_of(LockFormat::Pdm, files, PDM, commands, (manifest, &edits));
    assert_eq!(stale, 4);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_of_pipenv_is_stale_when_pipenv_says_so() {
    let manifest = format!(
        "[[source]]\nurl = \"{}\"\nverify_ssl = true\nname = \"index\"\n\
         [packages]\nidna = \"*\"\nPycparser = \"*\"\n[dev-packages]\nsix = \"*\"\n\
         [docs]\nclick = \"*\"\n[scripts]\nrun = \"x\"\n",
        default_index()
    );
    let edits = [
        ("run = \"x\"", "run = \"y\""),
        ("Pycparser", "pycparser"),
        ("idna = \"*\"", "idna = \">=3\""),
        ("six = \"*\"", "six = \">1\""),
        ("[docs]\nclick = \"*\"", "[docs]\nclick = \">8\""),
        ("[docs]", "[manuals]"),
    ];
    let commands: (&[&str], &[&str]) =
        (&["lock", "--quiet", "--categories", "packages dev-packages docs"], &["verify"]);
    let files = ("Pipfile", "Pipfile.lock");
    let stale = edits_of(LockFormat::Pipfile, files, PIPENV, commands, (&manifest, &edits));
    assert_eq!(stale, 4);
}
