//! An image that exists is not built again.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeMap, fs};

use camino::Utf8PathBuf;
use pymono_tests::{Repo, Run, Site, Tool, classic_host, projects::hatchling, registry};
use serde_json::Value;

/// Two services that say a word.
fn site() -> Site {
    Site::new(repo())
}

fn repo() -> Repo {
    let repo = Repo::new("reuse", "");
    for name in ["api", "cron"] {
        let command = format!("[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n");
        repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &command));
        // Equal images are one image, and a test that removes its own would remove another's.
        let own = format!("# {}\n", repo.unique());
        repo.write(&format!("services/{name}/src/{name}/__init__.py"), &own);
        repo.write(&format!("services/{name}/src/{name}/__main__.py"), "print('one')\n");
    }
    repo.lock(&[]);
    repo.commit();
    repo
}

fn id(site: &Site, image: &str) -> String {
    site.docker.inspect(image)["Id"].as_str().unwrap().to_owned()
}

fn label(site: &Site, image: &str) -> String {
    site.docker.inspect(image)["Config"]["Labels"]["pymono.fingerprint"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Gives the image of `api` a second name: one that has lost its only name is gone from the containerd store.
fn keep(site: &Site) {
    let (image, kept) = (site.repo.image("api"), site.repo.image("kept"));
    site.docker.tool(&["image", "tag", &image, &kept]).read();
}

const MODULE: &str = "services/api/src/api/__main__.py";

fn both(outcome: &str) -> BTreeMap<&str, &str> {
    [("api", outcome), ("cron", outcome)].into()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_the_store_has_is_not_built() {
    let site = site();
    site.build(&["--all"]);
    let (run, asked) = site.noted(&["--all"]);
    assert_eq!(run.outcomes(), both("skipped"));
    assert!(!asked.iter().any(|line| line.starts_with("buildx")), "{asked:?}");

    // What is built for another branch takes the name, and the first gets it back without being built.
    let first = id(&site, &site.repo.image("api"));
    keep(&site);
    site.repo.write(MODULE, "print('two')\n");
    let run = site.build(&["--all"]);
    assert_ne!(run.outcomes()["api"], "skipped");
    assert_eq!((run.outcomes()["cron"], site.answer("api").as_str()), ("skipped", "two"));
    site.repo.write(MODULE, "print('one')\n");
    let (run, asked) = site.noted(&["--all"]);
    assert_eq!(run.outcomes(), both("skipped"));
    assert!(!asked.iter().any(|line| line.starts_with("buildx")), "{asked:?}");
    assert_eq!((site.answer("api"), id(&site, &site.repo.image("api"))), ("one".into(), first));

    // What reaches no image is nothing to build for, and who wants a build gets one.
    site.repo.write("README.md", "Hello");
    assert_eq!(site.build(&["--all"]).outcomes(), both("skipped"));
    assert_eq!(site.build(&["--all", "--force"]).outcomes(), both("cached"));
}

/// Clones the repository to a folder beside it, under another branch.
fn clone(site: &Site) -> Utf8PathBuf {
    let other = site.repo.outside().join("elsewhere");
    site.repo.git(&["clone", "--quiet", ".", other.as_str()]);
    site.repo.git(&["-C", other.as_str(), "checkout", "--quiet", "-b", "other"]);
    other
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_clone_at_another_place_takes_what_the_first_has_built() {
    let site = site();
    site.build(&["--all"]);
    keep(&site);
    let elsewhere = clone(&site);
    let build = || {
        let args = ["build", "--all", "--progress", "json"];
        let run = site.pymono(&args).args(["-C", elsewhere.as_str()]).run().succeeded();
        Run::read(&run.stdout)
    };
    assert_eq!(build().outcomes(), both("skipped"));
    // It is what they hold that counts, and not that they are clones.
    fs::write(elsewhere.join(MODULE), "print('two')\n").unwrap();
    let run = build();
    assert_ne!(run.outcomes()["api"], "skipped");
    assert_eq!(run.outcomes()["cron"], "skipped");
    // And the first has its image again, which the other's has taken the name of.
    assert_eq!(site.build(&["--all"]).outcomes(), both("skipped"));
    assert_eq!(site.answer("api"), "one");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_summary_tells_what_was_built_and_how_large_it_is_against_the_base() {
    let site = site();
    let place = format!("{}/{}", registry(), site.repo.unique());
    let summary = site.repo.outside().join("summary.md");
    fs::write(&summary, "before\n").unwrap();
    let read = || fs::read_to_string(&summary).unwrap();
    let push = ["--push", "--registry", place.as_str()];
    site.build(&[&["--all"], &push[..]].concat());
    site.build(&["--all"]);
    let base = label(&site, &site.repo.image("api"));
    // Bytes that no compression makes less.
    let noise = Tool::new("sh").args(["-c", "head -c 60000 /dev/urandom | base64 -w 0"]);
    site.repo.write(MODULE, &format!("NOISE = '{}'\nprint('two')\n", noise.read()));
    let file = ["--summary", summary.as_str()];
    for more in [&push[..], &[]] {
        let _ = site.build(&[&["--changed=main"], &file[..], more].concat());
        let text = read();
        let text = text.strip_prefix("before\n").unwrap();
        assert!(text.contains("**1 of 2 services is affected** since"), "{text}");
        assert!(text.contains("| services/api | services/api/src/api/&#95;&#95;main"), "{text}");
        let row = text.lines().find(|line| line.starts_with("| api |")).unwrap();
        assert!(row.contains(" kB, from ") && row.contains("| +"), "{row}");
        fs::write(&summary, "before\n").unwrap();
    }
    // The base's tag tells no size once it was put onto another image.
    let (tag, other) = (format!("{place}/api:fp-{}", &base[..32]), format!("{place}/cron:latest"));
    site.docker.tool(&["buildx", "imagetools", "create", "--tag", &tag, &other]).read();
    site.build(&[&["--changed=main"], &file[..], &push[..]].concat());
    let text = read();
    let row = text.lines().find(|line| line.starts_with("| api |") && line.contains("skipped"));
    assert!(row.unwrap().contains("unknown"), "{text}");
    fs::write(&summary, "before\n").unwrap();
    // A shard names its services, and tells of these alone; what it takes as it is has its size, too.
    site.build(&[&["cron", "--base", "main"], &file[..], &push[..]].concat());
    let text = read();
    assert!(text.contains("**0 of 1 service are affected**"), "{text}");
    let row = text.lines().find(|line| line.starts_with("| cron |")).unwrap();
    assert!(row.contains("skipped: exists") && row.contains(" MB | same |"), "{row}");
    // Who is not on GitHub has no file to name.
    site.build(&["--all", "--summary", ""]);
    assert_eq!(read(), text);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_image_that_merely_says_so_is_not_taken() {
    let site = site();
    site.build(&["--all"]);
    let image = site.repo.image("api");
    let forged = label(&site, &image);
    let own = id(&site, &image);
    site.docker.remove_images(&image);
    // Somebody's image with the label, under the name.
    let forge = site.repo.outside().join("forge");
    fs::create_dir(&forge).unwrap();
    let cron = site.repo.image("cron");
    fs::write(
        forge.join("Dockerfile"),
        format!("FROM {cron}\nLABEL pymono.fingerprint={forged}\n"),
    )
    .unwrap();
    let build = ["buildx", "build", "--quiet", "--load", "--tag", &image, forge.as_str()];
    site.docker.tool(&build).read();
    assert_eq!(label(&site, &image), forged);
    let run = site.build(&["--all"]);
    assert_eq!((run.outcomes()["cron"], id(&site, &image)), ("skipped", own.clone()));

    // Where nothing is known of what was built here, no label is believed.
    site.docker.tool(&build).read();
    fs::remove_file(site.cache().join("pymono/images.json")).unwrap();
    assert_eq!(site.build(&["--all"]).outcomes(), both("cached"));
    assert_eq!(id(&site, &image), own);
}

/// There the client pushes, after the builds.
#[test]
#[ignore = "needs an engine with the classic store: cargo xtask test"]
fn what_is_built_together_on_the_classic_store_is_pushed() {
    let site = Site::on(repo(), classic_host());
    let place = format!("{}/{}", registry(), site.repo.unique());
    let push = ["--all", "--push", "--registry", place.as_str()];
    let first = site.build(&push);
    assert_eq!(first.outcomes(), both("built"));
    let again = site.build(&push);
    assert_eq!((again.outcomes(), again.digests()), (both("skipped"), first.digests()));
    site.docker.remove_images(&format!("{place}/"));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_a_registry_has_is_not_built_and_gets_the_wanted_tags() {
    let site = site();
    let place = format!("{}/{}", registry(), site.repo.unique());
    let push = |tag: &'static str| {
        ["--all", "--push", "--registry", place.as_str(), "--tag", tag].map(str::to_owned)
    };
    let build = |args: &[String]| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        site.try_build(&args)
    };
    let (finished, first) = build(&push("v1"));
    let _ = finished.succeeded();
    assert_eq!(first.outcomes().len(), 2);
    let published = |reference: &str| {
        let inspect = ["buildx", "imagetools", "inspect", "--format", "{{json .}}", reference];
        serde_json::from_str::<Value>(&site.docker.tool(&inspect).read()).unwrap()
    };
    let digest = |tag: &str| published(&format!("{place}/api:{tag}"))["manifest"]["digest"].clone();
    // Another machine knows nothing of the first, and the registry tells all the same.
    let elsewhere = clone(&site);
    let args =
        [&["build".to_owned(), "--progress".into(), "json".into()], &push("v2")[..]].concat();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let cache = site.repo.outside().join("other cache");
    let finished = site.pymono(&args).args(["-C", elsewhere.as_str()]).env("XDG_CACHE_HOME", cache);
    let finished = finished.run();
    let again = Run::read(&finished.stdout);
    let finished = finished.succeeded();
    assert_eq!(again.outcomes(), both("skipped"), "{finished:?}");
    assert_eq!(digest("v2"), digest("v1"));

    // A tag that was put onto another image is not believed.
    let image = published(&format!("{place}/api:v1"));
    let fingerprint = image["image"]["config"]["Labels"]["pymono.fingerprint"].as_str().unwrap();
    let tag = format!("fp-{}", &fingerprint[..32]);
    assert_eq!(digest(&tag), digest("v1"));
    let (to, from) = (format!("{place}/api:{tag}"), format!("{place}/cron:v1"));
    site.docker.tool(&["buildx", "imagetools", "create", "--tag", &to, &from]).read();
    let (finished, run) = build(&push("v3"));
    let finished = finished.succeeded();
    assert!(finished.stderr.contains("was not built from this"), "{}", finished.stderr);
    assert_ne!(run.outcomes()["api"], "skipped");
    assert_eq!(run.outcomes()["cron"], "skipped");
    assert_eq!(digest("v3"), digest("v1"));

    // A registry that does not answer is not one without the image; the configuration names it.
    let manifest = site.repo.read("pyproject.toml");
    let elsewhere = "\n[tool.pymono]\nreuse-from = [\"127.0.0.1:1/nobody\"]\n";
    site.repo.write("pyproject.toml", &manifest.replacen("\n[tool.pymono]\n", elsewhere, 1));
    let (finished, run) = build(&push("v4"));
    let finished = finished.succeeded();
    assert!(
        finished.stderr.contains("`api` is built: the registry does not say"),
        "{}",
        finished.stderr
    );
    assert_eq!(run.outcomes(), both("cached"));
    // The command line has the last word.
    let told = [&push("v5")[..], &["--reuse-from".to_owned(), place.clone()]].concat();
    let (finished, run) = build(&told);
    let finished = finished.succeeded();
    assert_eq!(run.outcomes(), both("skipped"), "{}", finished.stderr);
}
