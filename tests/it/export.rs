//! What `pymono export` prints is taken by the tools that it is printed for.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeSet, fs};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_tests::{
    FileServer, Finished, Repo, Site, Tool, elsewhere,
    projects::hatchling,
    tools::PACKAGING,
    uv::{run_tool, uv},
};
use serde_json::Value;

/// Accepts a lock if the standard does.
const VALIDATE: &str = "import sys, tomllib\nfrom packaging.pylock import Pylock\n\
    Pylock.from_dict(tomllib.load(open(sys.argv[1], \"rb\"))).validate()\n";

/// A repository with a service for each way to have a distribution.
struct Sources {
    site: Site,
    /// Has the archive that services take by its URL.
    _server: FileServer,
    /// The Python that the tools here run on, as `3.11`.
    python: String,
}

impl Sources {
    fn new() -> Self {
        let repo = Repo::new("export", "");
        let beside = repo.outside().to_owned();
        for (folder, name) in [("wheel", "boxed"), ("archive/inner", "packed"), ("git/sub", "kept")]
        {
            elsewhere::package(&beside.join(folder), name, "");
        }
        elsewhere::wheel(&beside.join("wheel"), &repo.root().join("vendor"));
        elsewhere::repository(&beside.join("git"), "v1");
        fs::create_dir(beside.join("served")).unwrap();
        run_tool("tar", &beside, &["-czf", "served/packed-1.0.tar.gz", "archive"]);
        let server = FileServer::on_loopback(&beside.join("served"));
        let url = server.url("");
        let url = url.trim_end_matches('/');
        let sources = format!(
            "[tool.uv.sources]\nboxed = {{ path = \"../../vendor/boxed-1.0-py3-none-any.whl\" }}\n\
             packed = {{ url = \"{url}/packed-1.0.tar.gz\", subdirectory = \"inner\" }}\n\
             kept = {{ git = \"file://{beside}/git\", tag = \"v1\", subdirectory = \"sub\" }}\n"
        );
        let archives =
            "\"markupsafe==3.0.2\", \"six==1.17.0\", \"docopt==0.6.2\", \"boxed\", \"packed\"";
        for (name, needs) in
            [("plain", archives.to_owned()), ("all", format!("{archives}, \"kept\""))]
        {
            let rest = format!(
                "dependencies = [{needs}]\n{sources}[tool.pymono]\ncommand = [\"python\"]\n"
            );
            repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &rest));
            repo.write(&format!("services/{name}/src/{name}/__init__.py"), "");
        }
        repo.lock(&[]);
        let program = "import sys; print('%d.%d' % sys.version_info[:2])";
        let python = PACKAGING.read(&beside, &["-c", program]).trim().to_owned();
        Self { site: Site::new(repo), _server: server, python }
    }

    /// Exports a service for the Python that the tools here run on, into a file in the root, which paths are relative to.
    fn export(&self, service: &str, format: &str, file: &str) -> Utf8PathBuf {
        let args = ["export", service, "--python", &self.python, "--format", format];
        let text = self.site.pymono(&args).read();
        self.site.repo.write(file, &text);
        self.site.repo.root().join(file)
    }

    /// Returns `name==version` of all that a service needs.
    fn expected(&self, service: &str) -> BTreeSet<String> {
        let path = self.export(service, "json", "pins.json");
        let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let text = |pin: &Value, key: &str| pin[key].as_str().unwrap().to_owned();
        let pins = json["pins"].as_array().unwrap().iter();
        pins.map(|pin| format!("{}=={}", text(pin, "name"), text(pin, "version"))).collect()
    }

    /// Runs uv in the root of the repository.
    fn uv(&self, args: &[&str]) -> Finished {
        let uv = Tool::new(uv()).env("UV_PYTHON_DOWNLOADS", "never").args(args);
        uv.cwd(&self.site.repo.root()).run().succeeded()
    }

    fn folder(&self, name: &str) -> Utf8PathBuf {
        self.site.repo.outside().join(name)
    }
}

/// Returns `name==version` of what was installed into a folder.
fn installed(folder: &Utf8Path) -> BTreeSet<String> {
    let names = folder.read_dir_utf8().unwrap().map(|entry| entry.unwrap().file_name().to_owned());
    let infos = names.filter_map(|name| Some(name.strip_suffix(".dist-info")?.to_owned()));
    infos.map(|info| info.to_lowercase().replacen('-', "==", 1)).collect()
}

#[test]
#[ignore = "needs the binary and uv: cargo xtask test"]
fn requirements_are_installed_by_uv_and_by_pip_with_every_hash_checked() {
    let sources = Sources::new();
    let expected = sources.expected("plain");
    assert_eq!(expected.len(), 5, "{expected:?}");
    let file = sources.export("plain", "requirements", "pins.txt");
    let (by_uv, by_pip) = (sources.folder("by-uv"), sources.folder("by-pip"));
    let file = file.as_str();
    let flags = ["--no-deps", "--require-hashes", "--target"];
    sources.uv(&[&["pip", "install"], &flags[..], &[by_uv.as_str(), "-r", file]].concat());
    assert_eq!(installed(&by_uv), expected);

    let pip = [&["-m", "pip", "install", "--quiet"], &flags[..], &[by_pip.as_str(), "-r", file]];
    let root = sources.site.repo.root();
    let _ = PACKAGING.run(&root, &pip.concat()).succeeded();
    assert_eq!(installed(&by_pip), expected);

    // A commit has no hash, so that what needs one goes without the flag; hashes are checked all the same.
    let file = sources.export("all", "requirements", "pins.txt");
    let folder = sources.folder("all");
    sources.uv(&["pip", "install", "--no-deps", "--target", folder.as_str(), "-r", file.as_str()]);
    assert_eq!(installed(&folder), sources.expected("all"));
    let torn = sources.site.repo.read("pins.txt").replacen("sha256:", "sha256:0", 1);
    sources.site.repo.write("torn.txt", &torn);
    let args = ["pip", "install", "--target", "torn", "-r", "torn.txt"];
    let torn = Tool::new(uv()).args(args).cwd(&root).run();
    assert_ne!(torn.code, Some(0), "{torn:?}");
}

#[test]
#[ignore = "needs the binary and uv: cargo xtask test"]
fn a_standard_lock_is_valid_and_is_installed_by_uv() {
    let sources = Sources::new();
    let root = sources.site.repo.root();
    for service in ["plain", "all"] {
        let file = sources.export(service, "pylock", "pylock.toml");
        let _ = PACKAGING.run(&root, &["-c", VALIDATE, file.as_str()]).succeeded();
        let folder = sources.folder(service);
        sources.uv(&["pip", "install", "--target", folder.as_str(), "-r", "pylock.toml"]);
        assert_eq!(installed(&folder), sources.expected(service), "{service}");

        let folder = sources.folder("environment");
        sources.uv(&["venv", "--clear", "--python", &sources.python, folder.as_str()]);
        let python = folder.join("bin/python");
        sources.uv(&["pip", "sync", "--python", python.as_str(), "pylock.toml"]);
        let site = folder.join(format!("lib/python{}/site-packages", sources.python));
        assert_eq!(installed(&site), sources.expected(service), "{service}");
    }
}

#[test]
#[ignore = "needs the binary and uv: cargo xtask test"]
fn a_distribution_that_has_to_be_compiled_is_marked() {
    let sources = Sources::new();
    let path = sources.export("all", "json", "pins.json");
    let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let pins = json["pins"].as_array().unwrap().iter();
    let compiled = pins.filter(|pin| pin["from_source"] == true);
    let names: Vec<_> = compiled.map(|pin| pin["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["docopt", "kept", "packed"]);
}

#[test]
#[ignore = "needs the binary and uv: cargo xtask test"]
fn a_service_is_asked_for_by_name_or_path_and_a_wrong_name_is_told() {
    let sources = Sources::new();
    let site = &sources.site;
    let by_name = site.pymono(&["export", "plain"]).read();
    assert_eq!(site.pymono(&["export", "services/plain"]).read(), by_name);
    assert_eq!(site.pymono(&["export", "./services/plain/"]).read(), by_name);
    let spelling = "check the spelling; if it was added just now, run `uv lock`";
    for (more, code, said, hint) in [
        (&["nobody"][..], 2, "there is no project `nobody`", "projects are `all`, `plain`"),
        (&["plain", "--extra", "none"], 3, "`plain` has no extra `none`; it has none", spelling),
        (
            &["plain", "--group", "none"],
            3,
            "`plain` has no dependency group `none`; there are none",
            spelling,
        ),
        (
            &["plain", "--python", "3.9"],
            3,
            "the lock does not cover python 3.9; it requires `>=3.11`",
            "choose another Python, or widen `requires-python` in every member and run `uv lock`",
        ),
        (
            &["plain", "--python", "three"],
            2,
            "invalid value 'three' for '--python <VERSION>': `three` is not a Python version",
            "write it as `3.13` or `3.13.2`",
        ),
        (
            &["plain", "--platform", "windows"],
            2,
            "`windows` is not a platform",
            "use `linux/amd64` or `linux/arm64`",
        ),
        (
            &["plain", "--format", "yaml"],
            2,
            "invalid value 'yaml' for '--format <FORMAT>'",
            "requirements, pylock, json",
        ),
    ] {
        let refused = site.pymono(&[&["export"], more].concat()).run();
        assert_eq!(refused.code, Some(code), "{refused:?}");
        assert_eq!(refused.stdout, "", "{more:?}");
        assert!(refused.stderr.contains(said) && refused.stderr.contains(hint), "{refused:?}");
    }
}
