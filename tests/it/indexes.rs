//! Several indexes, logins to them, and names that somebody else has taken.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, process::Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_tests::{
    FileServer, Repo, Site, Tool,
    projects::{BACKEND, built_by, in_tree},
    uv::uv,
};

/// What is given for no other purpose, and must be found nowhere.
const PASSWORD: &str = "correct-horse-battery";

/// An index of our own, and the folder with its files.
struct Shop {
    server: FileServer,
    folder: Utf8PathBuf,
}

impl Shop {
    fn open(site: &Site, name: &str, login: Option<(&str, &str)>) -> Self {
        let folder = site.repo.outside().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { server: FileServer::start(&site.docker, &folder, login), folder }
    }

    /// Offers a distribution whose module says `word`; `needs` are its dependencies.
    fn offer(&self, name: &str, version: &str, needs: &str, word: &str) {
        let source = self.folder.with_extension("source").join(format!("{name}-{version}"));
        let manifest = in_tree(name, &format!("dependencies = [{needs}]\n"));
        let manifest = manifest.replace("version = \"1.0\"", &format!("version = \"{version}\""));
        write(&source.join("pyproject.toml"), &manifest);
        write(&source.join("_build/backend.py"), BACKEND);
        write(
            &source.join(format!("src/{name}.py")),
            &format!("WORD = \"{word}\"\n{}", backend(word)),
        );
        let out = self.folder.join("simple").join(name);
        let build = ["build", "--quiet", "--wheel", "--out-dir", out.as_str(), source.as_str()];
        Tool::new(uv()).args(build).env("UV_PYTHON_DOWNLOADS", "never").read();
        fs::remove_file(out.join(".gitignore")).unwrap();
    }

    /// Offers a source distribution that `backend` builds; its module says `word`.
    fn offer_source(&self, name: &str, backend: &str, word: &str) {
        let folder = self.folder.with_extension("source");
        let source = folder.join(format!("{name}-1.0"));
        let system = format!("requires = [\"{backend}\"]\nbuild-backend = \"{backend}\"");
        write(&source.join("pyproject.toml"), &built_by(&system, name, ""));
        let metadata = format!("Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n");
        write(&source.join("PKG-INFO"), &metadata);
        write(&source.join(format!("src/{name}.py")), &format!("WORD = \"{word}\"\n"));
        let out = self.folder.join("simple").join(name);
        fs::create_dir_all(&out).unwrap();
        let archive = out.join(format!("{name}-1.0.tar.gz"));
        let tar = ["czf", archive.as_str(), &format!("{name}-1.0")];
        Tool::new("tar").args(tar).cwd(&folder).read();
    }

    fn url(&self) -> String {
        self.server.url("simple")
    }

    /// Returns the entry of this index in a manifest.
    fn entry(&self, name: &str, more: &str) -> String {
        format!("[[tool.uv.index]]\nname = \"{name}\"\nurl = \"{}\"\n{more}\n\n", self.url())
    }
}

/// Returns a build backend that signs what it builds.
fn backend(word: &str) -> String {
    let signed = BACKEND.replace("Generator: in-tree", &format!("Generator: {word}"));
    assert_ne!(signed, BACKEND);
    signed
}

fn write(path: &Utf8Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Adds indexes to the root manifest of a repository.
fn add_indexes(repo: &Repo, entries: &[String]) {
    let manifest = repo.read("pyproject.toml");
    repo.write("pyproject.toml", &format!("{manifest}\n{}", entries.concat()));
}

/// Writes a service that needs `needs`, and prints the words of the modules.
fn write_service(repo: &Repo, needs: &[&str], rest: &str) {
    let dependencies =
        needs.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let rest = format!(
        "dependencies = [{dependencies}]\n\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n\n{rest}"
    );
    repo.write("services/api/pyproject.toml", &in_tree("api", &rest));
    repo.write("services/api/_build/backend.py", BACKEND);
    let imports: String = needs.iter().map(|name| format!("import {name}\n")).collect();
    let words = needs.iter().map(|name| format!("{name}.WORD")).collect::<Vec<_>>().join(", ");
    let text = format!("# {}\n{imports}\nprint({words})\n", repo.unique());
    repo.write("services/api/src/api/__main__.py", &text);
    repo.write("services/api/src/api/__init__.py", "");
}

/// Locks with the login that the environment names, as a person does.
fn lock(repo: &Repo) {
    let lock = Tool::new(uv()).args(["lock", "--quiet"]).cwd(&repo.root());
    let lock = lock.env("UV_PYTHON_DOWNLOADS", "never");
    lock.env("UV_INDEX_CLOSED_USERNAME", "bob").env("UV_INDEX_CLOSED_PASSWORD", PASSWORD).read();
}

/// A service that needs `plain` of the default index and `hidden` of one that wants a login.
fn with_a_closed_index(topic: &str) -> (Site, Shop, Shop) {
    let site = Site::new(Repo::new(topic, ""));
    let open = Shop::open(&site, "open", None);
    open.offer("plain", "1.0", "", "plain");
    let closed = Shop::open(&site, "closed", Some(("bob", PASSWORD)));
    closed.offer("hidden", "1.0", "", site.repo.unique());
    let entries = [closed.entry("closed", "explicit = true"), open.entry("open", "default = true")];
    add_indexes(&site.repo, &entries);
    let source = "[tool.uv.sources]\nhidden = { index = \"closed\" }\n";
    write_service(&site.repo, &["plain", "hidden"], source);
    lock(&site.repo);
    (site, open, closed)
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn an_index_is_opened_by_variables_and_the_password_is_nowhere() {
    let (site, open, closed) = with_a_closed_index("closed");
    let refused = site.pymono(&["build", "api"]).run().ended_with(1);
    let said = refused.stdout + &refused.stderr;
    let advice = format!(
        "the index closed at {} may want UV_INDEX_CLOSED_PASSWORD, UV_INDEX_CLOSED_USERNAME, NETRC",
        closed.url()
    );
    assert!(said.contains(&advice), "{said}");

    open.server.take_requests();
    let build = site.pymono(&["-v", "build", "api"]).env("UV_INDEX_CLOSED_USERNAME", "bob");
    let built = build.env("UV_INDEX_CLOSED_PASSWORD", PASSWORD).run().succeeded();
    assert_eq!(site.answer("api"), format!("plain {}", site.repo.unique()));
    let asked = open.server.take_requests();
    assert!(
        !asked.iter().any(|path| path.contains("hidden")),
        "the other index was asked: {asked:?}"
    );
    assert_no_password(&site, &(built.stdout + &built.stderr));
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn an_index_is_opened_by_a_file_of_logins_for_a_build_and_for_a_bake() {
    let (site, _open, closed) = with_a_closed_index("netrc");
    let netrc = site.repo.outside().join("logins");
    let line = format!("machine {} login bob password {PASSWORD}\n", closed.server.host());
    fs::write(&netrc, line).unwrap();
    let built = site.pymono(&["-v", "build", "api"]).env("NETRC", &netrc).run().succeeded();
    assert_eq!(site.answer("api"), format!("plain {}", site.repo.unique()));
    assert_no_password(&site, &(built.stdout + &built.stderr));

    // The image of a bake that must install it all again.
    site.bake();
    let bake = ["buildx", "bake", "--load", "--file", "docker-bake.json"];
    let allow = format!("--allow=fs.read={}", site.repo.outside());
    let dockerfile = site.repo.read(".pymono/Dockerfile");
    let stages = dockerfile.lines().filter_map(|line| line.split_once(" AS deps-"));
    let stages: Vec<_> = stages.map(|(_, rest)| format!("deps-{rest}")).collect();
    let again = serde_json::json!({"target": {"api": {"no-cache-filter": stages}}});
    site.repo.write("again.json", &again.to_string());
    let bake = site.docker.tool(&bake).args(["--file=again.json", &allow]);
    let bake = bake.cwd(&site.repo.root()).env("NETRC", &netrc);
    let baked = bake.run().succeeded();
    let installed = baked.stderr.matches("Installed 1 package").count();
    assert_eq!(installed, 2, "one from each index:\n{}", baked.stderr);
    assert_eq!(site.answer("api"), format!("plain {}", site.repo.unique()));
    assert_no_password(&site, &(baked.stdout + &baked.stderr));
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_the_configuration_requires_is_missed_before_anything_is_installed() {
    let (site, _open, _closed) = with_a_closed_index("declared");
    site.repo.replace(
        "services/api/pyproject.toml",
        "[tool.pymono]",
        "[tool.pymono]\nsecrets = [\"pass-of-bob\"]",
    );
    let failed = site.pymono(&["build", "api"]).run().ended_with(1);
    let said = failed.stdout + &failed.stderr;
    assert!(said.contains("pass-of-bob"), "{said}");

    let file = site.repo.outside().join("pass");
    fs::write(&file, PASSWORD).unwrap();
    let secret = format!("id=pass-of-bob,src={file}");
    let build = site.pymono(&["-v", "build", "api", "--secret", &secret]);
    let build = build.env("UV_INDEX_CLOSED_USERNAME", "bob");
    let built = build.env("UV_INDEX_CLOSED_PASSWORD", PASSWORD).run().succeeded();
    assert_eq!(site.answer("api"), format!("plain {}", site.repo.unique()));
    assert_no_password(&site, &(built.stdout + &built.stderr));
}

/// Asserts that nothing that a build leaves has the password.
fn assert_no_password(site: &Site, said: &str) {
    assert!(!said.contains(PASSWORD), "in what is said:\n{said}");
    let image = site.repo.image("api");
    let docker = &site.docker;
    let history = docker.tool(&["history", "--no-trunc", &image]).read();
    assert!(history.contains("/app/.venv"), "{history}");
    assert!(!history.contains(PASSWORD), "in the history:\n{history}");
    assert!(!docker.inspect(&image).to_string().contains(PASSWORD), "in the configuration");
    for (path, content) in pymono_tests::tree(&site.repo.root(), &[".git"]) {
        assert!(!holds(&content), "in `{path}`");
    }
    assert_no_password_in_layers(site, &image);
    assert_no_password_in_stages(site);
    assert_no_password_in_cache(site);
}

fn holds(content: &[u8]) -> bool {
    memchr::memmem::find(content, PASSWORD.as_bytes()).is_some()
}

/// Looks at every layer by itself: what is removed in a later one is still there.
fn assert_no_password_in_layers(site: &Site, image: &str) {
    let folder = site.repo.outside().join("saved");
    fs::create_dir_all(&folder).unwrap();
    let archive = folder.join("image.tar");
    let _ = site.docker.tool(&["save", "--output", archive.as_str(), image]).run().succeeded();
    let untar = Tool::new("tar").args(["xf", "image.tar"]).cwd(&folder).run().succeeded();
    assert_eq!(untar.stderr, "");
    fs::remove_file(archive).unwrap();
    let mut layers = 0;
    for (path, content) in pymono_tests::tree(&folder, &[]) {
        let packed = content.starts_with(&[0x1f, 0x8b]);
        layers += usize::from(packed);
        let content = if packed { unpacked(&folder.join(&path)) } else { content };
        assert!(!holds(&content), "in `{path}`");
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(layers > 3, "{layers} layers");
}

fn unpacked(path: &Utf8Path) -> Vec<u8> {
    let gzip = Tool::new("gzip").args(["-dc", path.as_str()]).start_with(Stdio::null());
    gzip.wait_with_output().unwrap().stdout
}

/// Looks at the stages that had the password, too.
///
/// A step that was run cold may have to run again, so it gets the login once more.
fn assert_no_password_in_stages(site: &Site) {
    let secrets = [
        ("UV_INDEX_CLOSED_USERNAME", "bob"),
        ("UV_INDEX_CLOSED_PASSWORD", PASSWORD),
        ("pass-of-bob", PASSWORD),
    ];
    let secrets = secrets.map(|(id, value)| {
        let file = site.repo.outside().join(id);
        fs::write(&file, value).unwrap();
        format!("--secret=id={id},src={file}")
    });
    let dockerfile = site.repo.read(".pymono/state/Dockerfile");
    assert!(!dockerfile.contains(PASSWORD), "{dockerfile}");
    let stages = dockerfile.lines().filter_map(|line| line.split_once(" AS deps-"));
    let mut seen = 0;
    for (_, rest) in stages {
        let file = format!("--file={}/.pymono/state/Dockerfile", site.repo.root());
        let pins = format!("--build-context=pymono-pins={}/.pymono/state/pins", site.repo.root());
        let out = site.repo.outside().join("stage.tar");
        let output = format!("--output=type=tar,dest={out}");
        let target = format!("--target=deps-{rest}");
        let build = ["buildx", "build", "--progress=plain", &file, &pins, &output, &target];
        let build = site.docker.tool(&build).args(&secrets).args([site.repo.root()]);
        let _ = build.run().succeeded();
        assert!(!holds(&fs::read(&out).unwrap()), "in `deps-{rest}`");
        fs::remove_file(&out).unwrap();
        seen += 1;
    }
    assert!(seen > 1, "{seen} stages");
}

/// Looks through uv's downloads, which stay with the builder.
fn assert_no_password_in_cache(site: &Site) {
    let search = format!("if grep -rq {PASSWORD} /cache; then echo found; fi; ls /cache | head -1");
    let found = site.in_cache("/root/.cache/uv", &search);
    assert!(!found.is_empty() && !found.contains("found"), "{found}");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_name_of_the_repository_is_never_taken_from_a_hostile_index() {
    let site = Site::new(Repo::new("hostile", ""));
    let hostile = Shop::open(&site, "hostile", None);
    for name in ["core", "buildtool"] {
        hostile.offer(name, "99.0", "", "HOSTILE");
    }
    let open = Shop::open(&site, "open", None);
    open.offer("buildtool", "1.0", "", "right");
    open.offer("between", "1.0", "\"core\"", "between");
    add_indexes(&site.repo, &[hostile.entry("hostile", ""), open.entry("open", "default = true")]);
    let core = built_by("requires = [\"buildtool\"]\nbuild-backend = \"buildtool\"", "core", "");
    site.repo.write("libs/core/pyproject.toml", &core);
    let text = format!(
        "from importlib.metadata import version\nWORD = version(\"core\")  # {}\n",
        site.repo.unique()
    );
    site.repo.write("libs/core/src/core.py", &text);
    let manifest = site.repo.read("pyproject.toml");
    let sources = "[tool.uv.sources]\ncore = { workspace = true }\n";
    site.repo.write("pyproject.toml", &format!("{manifest}\n{sources}"));
    // Through `between` alone, and by its own name.
    write_service(&site.repo, &["between", "core"], "");
    lock(&site.repo);
    assert!(!hostile.server.take_requests().is_empty(), "uv asks it, as it is the first");

    site.build(&["api"]);
    assert_eq!(site.answer("api"), "between 1.0");
    let asked = hostile.server.take_requests();
    assert!(asked.is_empty(), "the hostile index was asked for {asked:?}");
    assert!(generator(&site, "core").contains("Generator: right"));
}

/// Returns what the wheel of a distribution says about itself.
fn generator(site: &Site, name: &str) -> String {
    let program = format!(
        "import importlib.metadata as m; print(m.distribution('{name}').read_text('WHEEL'))"
    );
    site.docker.python(&site.repo.image("api"), &program).succeeded().stdout
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_a_closed_index_has_in_source_is_built_with_what_the_default_one_has() {
    let site = Site::new(Repo::new("source", ""));
    let open = Shop::open(&site, "open", None);
    open.offer("buildtool", "1.0", "", "right");
    let closed = Shop::open(&site, "closed", Some(("bob", PASSWORD)));
    closed.offer("buildtool", "99.0", "", "HOSTILE");
    closed.offer_source("hidden", "buildtool", site.repo.unique());
    let entries = [closed.entry("closed", "explicit = true"), open.entry("open", "default = true")];
    add_indexes(&site.repo, &entries);
    let source = "[tool.uv.sources]\nhidden = { index = \"closed\" }\n";
    write_service(&site.repo, &["hidden"], source);
    lock(&site.repo);
    let build = site.pymono(&["build", "api"]).env("UV_INDEX_CLOSED_USERNAME", "bob");
    let _ = build.env("UV_INDEX_CLOSED_PASSWORD", PASSWORD).run().succeeded();
    assert_eq!(site.answer("api"), site.repo.unique());
    assert!(generator(&site, "hidden").contains("Generator: right"));
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_is_not_what_was_locked_is_not_installed() {
    let (site, open, _closed) = with_a_closed_index("hash");
    open.offer("plain", "1.0", "", "something else");
    let build = site.pymono(&["build", "api"]).env("UV_INDEX_CLOSED_USERNAME", "bob");
    let failed = build.env("UV_INDEX_CLOSED_PASSWORD", PASSWORD).run().ended_with(1);
    let said = failed.stdout + &failed.stderr;
    assert!(said.contains("Hash mismatch for `plain==1.0`"), "{said}");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn folders_and_pages_of_files_are_indexes() {
    let site = Site::new(Repo::new("flat", ""));
    let page = Shop::open(&site, "page", Some(("bob", PASSWORD)));
    page.offer("paged", "1.0", "", "paged");
    let folder = Shop::open(&site, "folder", None);
    folder.offer("vendored", "1.0", "", site.repo.unique());
    let wheel = "vendored-1.0-py3-none-any.whl";
    fs::create_dir(site.repo.root().join("wheels")).unwrap();
    fs::copy(
        folder.folder.join("simple/vendored").join(wheel),
        site.repo.root().join("wheels").join(wheel),
    )
    .unwrap();
    let paged = page.entry("closed", "format = \"flat\"\nexplicit = true");
    let paged = paged.replace("/simple\"", "/simple/paged/\"");
    let entry = "[[tool.uv.index]]\nname = \"wheels\"\nurl = \"wheels\"\nformat = \"flat\"\nexplicit = true\n";
    add_indexes(&site.repo, &[paged, entry.to_owned()]);
    let sources =
        "[tool.uv.sources]\npaged = { index = \"closed\" }\nvendored = { index = \"wheels\" }\n";
    write_service(&site.repo, &["paged", "vendored"], sources);
    lock(&site.repo);
    let build = site.pymono(&["build", "api"]).env("UV_INDEX_CLOSED_USERNAME", "bob");
    let _ = build.env("UV_INDEX_CLOSED_PASSWORD", PASSWORD).run().succeeded();
    assert_eq!(site.answer("api"), format!("paged {}", site.repo.unique()));
}
