//! A store is asked for its images only where something may have happened to them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use camino::Utf8PathBuf;
use pymono_tests::{Repo, Run, Site, classic_host, other_host, projects::unbuilt, registry, until};
use serde_json::Value;

use crate::fleet::fleet;

/// Makes two services whose images stand on no other, so that any engine builds them in no time.
pub(crate) fn repo() -> Repo {
    let repo = Repo::new("remembered", "");
    for name in ["api", "cron"] {
        let project = unbuilt(name, "[tool.pymono]\ndockerfile = \"Dockerfile\"\n");
        repo.write(&format!("services/{name}/pyproject.toml"), &project);
        let dockerfile = "FROM scratch\nCOPY word /word\nCMD [\"/word\"]\n";
        repo.write(&format!("services/{name}/Dockerfile"), dockerfile);
        repo.write(&format!("services/{name}/word"), &format!("{name} {}", repo.unique()));
    }
    repo.lock(&[]);
    repo.commit();
    repo
}

fn lists(asked: &[String]) -> bool {
    asked.iter().any(|line| line.starts_with("image ls "))
}

/// Builds until the store need not be asked any more: other tests of this engine may let it forget.
fn settle(site: &Site, args: &[&str]) -> Run {
    until("a build that asks for no images", || {
        let (run, asked) = site.noted(args);
        if lists(&asked) { Err(format!("{asked:?}")) } else { Ok(run) }
    })
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_store_in_which_nothing_happened_is_not_asked_for_its_images() {
    let site = Site::new(repo());
    site.build(&["--all"]);
    let run = settle(&site, &["--all"]);
    assert_eq!(run.outcomes(), [("api", "skipped"), ("cron", "skipped")].into());
    // Where one is built anew, what happened tells which image it is.
    let mut times = 0;
    until("a build after which no image is asked for", || {
        times += 1;
        site.repo.write("services/api/word", &format!("{times} {}", site.repo.unique()));
        assert_eq!(site.build(&["--all"]).outcomes()["api"], "built");
        let (run, asked) = site.noted(&["--all"]);
        assert_eq!(run.outcomes(), [("api", "skipped"), ("cron", "skipped")].into());
        if lists(&asked) { Err(format!("{asked:?}")) } else { Ok(()) }
    });
    let run = settle(&site, &["--all"]);
    assert_eq!(run.outcomes(), [("api", "skipped"), ("cron", "skipped")].into());

    // What cannot be read is nothing.
    let file = site.cache().join("pymono/store.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() / 2]).unwrap();
    site.docker.tool(&["image", "rm", &site.repo.image("api")]).read();
    let (run, asked) = site.noted(&["--all"]);
    assert!(lists(&asked), "{asked:?}");
    assert_ne!(run.outcomes()["api"], "skipped");
    assert_eq!(run.outcomes()["cron"], "skipped");
}

/// Returns whether what the images stand on was built before them.
fn builds_a_base(run: &Run) -> bool {
    let is_base =
        |event: &Value| event["service"].as_str().is_some_and(|it| it.starts_with("base-"));
    run.events.iter().any(is_base)
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_one_image_stands_on_is_not_looked_for_where_it_was_built() {
    let site = fleet("ground", &["a", "b"]);
    let run = site.build(&["--all"]);
    assert!(builds_a_base(&run), "{run:?}");
    assert_eq!(run.outcomes(), [("a", "built"), ("b", "built")].into());
    // Several images wait for what they stand on, whatever is known.
    let write = |value: u32| {
        site.repo.write("libs/core/src/core/__init__.py", &format!("VALUE = {value}\n"));
    };
    write(2);
    assert!(builds_a_base(&site.build(&["--all"])));
    let mut times = 2;
    until("a build that does not look for a base", || {
        times += 1;
        write(times);
        let run = site.build(&["a"]);
        assert_eq!(run.outcomes(), [("a", "built")].into());
        assert_eq!(run.stages(), ["pkg-core"]);
        if builds_a_base(&run) { Err(format!("{run:?}")) } else { Ok(()) }
    });
    assert_eq!(site.answer("a"), times.to_string());
}

/// Somebody who works in the same engine, and the names that they take.
struct Somebody<'a> {
    site: &'a Site,
    /// Where images are called after.
    place: &'a str,
    /// The name of the image of `api`, and of `cron`.
    api: &'a str,
    cron: &'a str,
    /// Where they keep what they need.
    folder: Utf8PathBuf,
}

impl Drop for Somebody<'_> {
    fn drop(&mut self) {
        self.site.docker.remove_images(&format!("{}/", self.place));
    }
}

/// What somebody does, and how.
type Way = (&'static str, fn(&Somebody<'_>));

impl Somebody<'_> {
    fn docker(&self, args: &[&str]) -> String {
        self.site.docker.tool(args).read()
    }

    fn inspect(&self, format: &str) -> String {
        self.docker(&["image", "inspect", "--format", format, self.api]).trim().to_owned()
    }

    /// Builds an image of their own under the name of `api`.
    fn build(&self) {
        let folder = self.folder.as_str();
        self.docker(&["buildx", "build", "--quiet", "--load", "--tag", self.api, folder]);
    }

    fn removes(&self) {
        self.docker(&["image", "rm", self.api]);
    }

    fn removes_by_id(&self) {
        let id = self.inspect("{{.Id}}");
        self.docker(&["image", "rm", "--force", &id]);
    }

    fn prunes(&self) {
        let label = self.inspect("{{index .Config.Labels \"pymono.fingerprint\"}}");
        let filter = format!("label=pymono.fingerprint={label}");
        self.docker(&["image", "prune", "--all", "--force", "--filter", &filter]);
    }

    fn tags(&self) {
        self.docker(&["image", "tag", self.cron, self.api]);
    }

    fn bakes(&self) {
        let file = self.folder.join("bake.json");
        let folder = &self.folder;
        let bake = format!(
            r#"{{"target":{{"default":{{"context":"{folder}","tags":["{}"],"output":["type=docker"]}}}}}}"#,
            self.api
        );
        fs::write(&file, bake).unwrap();
        let allow = format!("--allow=fs={folder}");
        self.docker(&["buildx", "bake", "--file", file.as_str(), &allow]);
    }

    fn commits(&self) {
        let container = self.docker(&["container", "create", self.cron]);
        self.docker(&["container", "commit", container.trim(), self.api]);
        self.docker(&["container", "rm", container.trim()]);
    }

    fn imports(&self) {
        let saved = self.folder.join("saved.tar");
        self.docker(&["image", "import", saved.as_str(), self.api]);
    }

    fn loads(&self) {
        self.docker(&["image", "load", "--input", self.folder.join("saved.tar").as_str()]);
    }

    fn pulls(&self) {
        self.docker(&["image", "pull", "--quiet", self.api]);
    }
}

/// Lets somebody do all that may happen to an image, and looks at what the next build makes of it.
fn see_all(site: &Site) {
    let place = format!("{}/{}", registry(), site.repo.unique());
    let args = ["--all", "--registry", &place];
    let (api, cron) = (format!("{place}/api:latest"), format!("{place}/cron:latest"));
    let folder = site.repo.outside().join("somebody");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY Dockerfile /own\n").unwrap();
    let somebody = Somebody { site, place: &place, api: &api, cron: &cron, folder };
    somebody.build();
    let saved = somebody.folder.join("saved.tar");
    somebody.docker(&["image", "save", "--output", saved.as_str(), &api]);
    somebody.docker(&["image", "push", "--quiet", &api]);
    site.build(&args);
    let identity = || -> (Value, Value) {
        let mut image = site.docker.inspect(&api);
        (image["RootFS"].take(), image["Config"].take())
    };
    let own = identity();
    let ways: [Way; 10] = [
        ("removes", |it| it.removes()),
        ("removes by id", |it| it.removes_by_id()),
        ("prunes", |it| it.prunes()),
        ("tags", |it| it.tags()),
        ("builds", |it| it.build()),
        ("bakes", |it| it.bakes()),
        ("commits", |it| it.commits()),
        ("imports", |it| it.imports()),
        ("loads", |it| it.loads()),
        ("pulls", |it| it.pulls()),
    ];
    for (way, happens) in ways {
        let run = settle(site, &args);
        assert_eq!(run.outcomes()["api"], "skipped", "before somebody {way}");
        happens(&somebody);
        assert!(!site.docker.has(&api) || identity() != own, "somebody {way}");
        let run = site.build(&args);
        assert!(site.docker.has(&api), "after somebody {way}: {:?}", run.outcomes());
        assert_eq!(identity(), own, "after somebody {way}");
        assert_eq!(run.outcomes()["cron"], "skipped", "after somebody {way}");
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn whatever_happens_to_an_image_is_seen() {
    see_all(&Site::new(repo()));
}

#[test]
#[ignore = "needs an engine with the classic store: cargo xtask test"]
fn whatever_happens_to_an_image_of_the_classic_store_is_seen() {
    see_all(&Site::on(repo(), classic_host()));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_engine_that_has_forgotten_what_happened_is_asked() {
    let site = Site::new(repo());
    site.build(&["--all"]);
    settle(&site, &["--all"]);
    let image = site.repo.image("api");
    site.docker.tool(&["image", "rm", &image]).read();
    // An engine remembers 256 events: each of these names comes and goes.
    let names: Vec<String> =
        (0..130).map(|it| format!("{}/many:v{it}", site.repo.unique())).collect();
    let folder = site.repo.root().join("services/cron");
    let tags = names.iter().map(|it| format!("--tag={it}"));
    let build = ["buildx", "build", "--quiet", "--load"];
    site.docker.tool(&build).args(tags).args([folder]).read();
    site.docker.tool(&["image", "rm"]).args(&names).read();
    let (run, asked) = site.noted(&["--all"]);
    assert!(lists(&asked), "{asked:?}");
    assert_ne!(run.outcomes()["api"], "skipped");
    assert_eq!(run.outcomes()["cron"], "skipped");
    assert!(site.docker.has(&image));
    settle(&site, &["--all"]);
}

#[test]
#[ignore = "needs two engines: cargo xtask test"]
fn what_is_known_of_one_engine_is_not_believed_of_another() {
    let here = Site::new(repo());
    here.build(&["--all"]);
    settle(&here, &["--all"]);
    let there = Site::on(Repo::copy("remembered", &here.repo.root()), other_host());
    let build = || {
        let build = there.pymono(&["build", "--all", "--progress", "json"]);
        let finished = build.env("XDG_CACHE_HOME", here.cache()).run().succeeded();
        Run::read(&finished.stdout)
    };
    assert_eq!(build().outcomes(), [("api", "built"), ("cron", "built")].into());
    assert_eq!(build().outcomes(), [("api", "skipped"), ("cron", "skipped")].into());
    let image = here.repo.image("api");
    here.docker.tool(&["image", "rm", &image]).read();
    assert_ne!(here.build(&["--all"]).outcomes()["api"], "skipped");
    assert!(here.docker.has(&image));
    there.docker.remove_images(&format!("{}/", here.repo.unique()));
}
