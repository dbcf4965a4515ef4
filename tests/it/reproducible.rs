//! The same inputs give the same image, whichever engine builds them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    time::{Duration, SystemTime},
};

use camino::Utf8Path;
use pymono_tests::{
    Docker, Repo, Site, other_host,
    projects::{hatchling, sources, unbuilt},
    registry,
};
use serde_json::Value;

/// Pushes base images for `repo` alone, lets it name them, and returns where they are.
pub(crate) fn own_images(docker: &Docker, repo: &Repo) -> String {
    let place = format!("{}/{}", registry(), repo.unique());
    for (image, name) in
        [("python:3.13-slim", "python:3.13-slim"), ("ghcr.io/astral-sh/uv:0.13.9", "uv:0.13.9")]
    {
        publish(docker, image, &format!("{place}/{name}"));
    }
    let settings = format!(
        "base-image = \"{place}/python:3.13-slim\"\nuv-image = \"{place}/uv:0.13.9\"\nlibc = \"glibc\"\n"
    );
    let manifest = repo.read("pyproject.toml");
    repo.write("pyproject.toml", &format!("{manifest}{settings}"));
    place
}

/// Pushes an image under another name.
pub(crate) fn publish(docker: &Docker, image: &str, reference: &str) {
    docker.tool(&["image", "tag", image, reference]).read();
    docker.tool(&["image", "push", "--quiet", reference]).read();
}

/// A service that is installed, with a library and system packages; and one that is copied, with
/// further files and a build step.
fn repo() -> Repo {
    let repo = Repo::new("same", "");
    repo.write("libs/core/pyproject.toml", &hatchling("core", "dependencies = [\"idna==3.10\"]\n"));
    repo.write("libs/core/src/core/__init__.py", "WORD = 'same'\n");
    let api = format!(
        "dependencies = [\"core\", \"click==8.1.8\"]\n{}\n[tool.pymono]\napt = [\"tini\"]\n\
         command = [\"python\", \"-m\", \"api\"]\n",
        sources(&["core"])
    );
    repo.write("services/api/pyproject.toml", &hatchling("api", &api));
    repo.write("services/api/src/api/__init__.py", "");
    repo.write("services/api/src/api/__main__.py", "import click, core\nprint(core.WORD)\n");
    let web = "dependencies = [\"core\"]\n[tool.uv]\npackage = false\n[tool.uv.sources]\ncore = { workspace = true }\n\
         [tool.pymono]\ncommand = [\"python\", \"main.py\"]\ninclude = [\"more\"]\n\
         build-steps = [\"mkdir made && date +%Y >made/year && touch made/now\"]\n";
    repo.write("services/web/pyproject.toml", &unbuilt("web", web));
    repo.write("services/web/main.py", "import core\nprint(core.WORD)\n");
    repo.write("services/web/more/a.txt", "a");
    repo.write("services/web/more/b.txt", "b");
    repo.lock(&[]);
    repo
}

/// Makes the files of a checkout as old as nobody's else.
fn age(root: &Utf8Path, seconds: u64) {
    let old = SystemTime::now() - Duration::from_secs(seconds);
    for path in
        ["libs/core/src/core/__init__.py", "services/web/main.py", "services/web/more/a.txt"]
    {
        File::options().write(true).open(root.join(path)).unwrap().set_modified(old).unwrap();
    }
}

/// Builds all services and returns the digest of each.
fn build(site: &Site, args: &[&str]) -> BTreeMap<String, String> {
    let run = site.build(&[&["--all", "--push", "--force"], args].concat());
    run.digests().into_iter().map(|(name, it)| (name.to_owned(), it.to_owned())).collect()
}

/// Returns something of each layer of an image in the registry.
fn manifest(docker: &Docker, reference: &str, field: &str) -> Vec<String> {
    let inspect = ["buildx", "imagetools", "inspect", "--raw", reference];
    let text = docker.tool(&inspect).read();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let layers = manifest["layers"].as_array().unwrap().iter();
    layers.map(|layer| layer[field].as_str().unwrap().to_owned()).collect()
}

fn layers(docker: &Docker, reference: &str) -> Vec<String> {
    manifest(docker, reference, "digest")
}

#[test]
#[ignore = "needs engines and a registry: cargo xtask test"]
fn two_engines_push_equal_manifests_and_only_with_the_flag() {
    let main = Docker::main();
    let here = Site::new(repo());
    let place = own_images(&main, &here.repo);
    let refused =
        here.pymono(&["build", "--all", "--reproducible", "--dry-run"]).run().ended_with(3);
    assert!(refused.stderr.contains("`pymono lock`"), "{}", refused.stderr);
    let _ = here.pymono(&["lock"]).run().succeeded();
    here.repo.commit();

    // Another checkout, of another time, on an engine that has nothing of the first.
    let there = Site::on(Repo::copy("same", &here.repo.root()), other_host());
    assert_eq!(there.repo.read("pymono.lock"), here.repo.read("pymono.lock"));
    age(&here.repo.root(), 1_000);
    age(&there.repo.root(), 2_000_000);
    let at = |name: &str| format!("{place}/{name}");
    let build = |site: &Site, place: &str, more: &[&str]| {
        build(site, &[&["--registry", place, "--tag", "v1"], more].concat())
    };
    let one = build(&here, &at("one"), &["--reproducible"]);
    let two = build(&there, &at("two"), &["--reproducible"]);
    assert_eq!(one, two);

    // A day later nothing that was made is there any more.
    let three = build(&there, &at("three"), &["--reproducible", "--no-cache"]);
    assert_eq!(one, three);

    // Without it, an image says when it was made; what is installed is the same all the same.
    let four = build(&here, &at("four"), &[]);
    let five = build(&there, &at("five"), &[]);
    assert!(four.iter().all(|(name, digest)| five[name] != *digest), "{four:?}");
    let api = |place: &str| layers(&main, &format!("{place}/api:v1"));
    assert_eq!(api(&at("four")), api(&at("five")));
    assert_eq!(api(&at("one")), api(&at("four")));
    let web = |place: &str| layers(&main, &format!("{place}/web:v1"));
    assert_ne!(web(&at("four")), web(&at("five")));

    // Nor does it matter how the engine has compressed the same layers for somebody else.
    build(&there, &at("small"), &["--compression", "zstd", "--no-cache"]);
    let kinds = manifest(&main, &format!("{}/api:v1", at("small")), "mediaType");
    let is_zstd = |kind: &String| kind.ends_with("+zstd");
    assert!(kinds.last().is_some_and(is_zstd) && !kinds.first().is_some_and(is_zstd), "{kinds:?}");
    assert_eq!(one, build(&there, &at("again"), &["--reproducible"]));

    let image = format!("{}/api:v1", at("one"));
    main.tool(&["image", "pull", "--quiet", &image]).read();
    assert_eq!(main.run(&image, &[]).trim(), "same");
    let newest = "import os\nprint(max(os.lstat(os.path.join(path, name)).st_mtime for path, folders, files in os.walk('/app') for name in folders + files))";
    let newest = main.python(&image, newest).succeeded().stdout;
    assert_eq!(newest.trim(), "315532800.0");
    for docker in [&main, &there.docker] {
        docker.remove_images(&place);
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn system_packages_are_asked_of_the_archive_as_it_was() {
    let repo = Repo::new("snapshot", "apt = [\"tini\"]\napt-snapshot = \"20260131T000000Z\"\n");
    let command = "[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n\
        build-apt = [\"tree\"]\nbuild-steps = [\"true\"]\n";
    repo.write("services/api/pyproject.toml", &hatchling("api", command));
    repo.write("services/api/src/api/__main__.py", "");
    repo.lock(&[]);
    let site = Site::new(repo);
    let folder = site.bake();
    let dockerfile = site.repo.read(".pymono/Dockerfile");
    let asks = "export APT_CONFIG=\"$(sh /tmp/snapshot.sh 20260131T000000Z)\"";
    assert_eq!(dockerfile.matches(asks).count(), 3, "{dockerfile}");
    // What leads there is with the builds of compilers, too, which come before those of images.
    let printed = site.pymono(&["build", "--all", "--dry-run"]).run().succeeded().stdout;
    let builds: Vec<&str> = printed.lines().filter(|it| it.contains("toolchain-")).collect();
    assert_eq!(builds.len(), 2, "{printed}");
    for build in builds {
        assert!(build.contains("--build-context 'pymono-pins="), "{build}");
    }
    let script = site.repo.outside().join("snapshot.sh");
    fs::copy(folder.join("pins/snapshot.sh"), &script).unwrap();

    // The archive itself need not be there: apt tells what it would ask for.
    let deb822 = "Types: deb\nURIs: http://deb.debian.org/debian-security/\nSuites: trixie-security\nComponents: main\n";
    let mount = format!("{script}:/tmp/snapshot.sh:ro");
    let told = format!(
        "printf '{deb822}' >/etc/apt/sources.list.d/debian.sources; {asks}; apt-get update --print-uris"
    );
    let run = ["run", "--rm", "--volume", &mount, "python:3.13-slim", "sh", "-c", &told];
    let uris = site.docker.tool(&run).read();
    let hosts =
        uris.lines().filter_map(|line| line.trim_start_matches('\'').split("/dists/").next());
    let hosts: BTreeSet<&str> = hosts.collect();
    let archive = "http://snapshot.debian.org/archive";
    let expected =
        ["debian-security", "debian"].map(|it| format!("{archive}/{it}/20260131T000000Z"));
    assert_eq!(hosts.into_iter().collect::<Vec<_>>(), expected, "{uris}");
}
