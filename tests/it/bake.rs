//! The files of `pymono bake`, and what docker makes of them without pymono.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use camino::Utf8Path;
use pymono_tests::{Repo, Site, Tool, Tree, pymono, tree};
use serde_json::Value;

use crate::fleet::fleet;

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn plain_bake_builds_the_same_images_and_runs_nothing_again() {
    let site = fleet("bake", &["a", "b"]);
    let before = files_of_others(&site);
    site.build(&["--all"]);
    assert_eq!(site.repo.git(&["status", "--porcelain"]), "", "a build leaves no trace for git");
    site.bake();
    assert!(files_of_others(&site) == before, "something else was written");

    let root = site.repo.root();
    let bake = |args: &[&str]| site.docker.tool(&["buildx", "bake"]).args(args).cwd(&root);
    let printed: Value = serde_json::from_str(&bake(&["--print"]).read()).unwrap();
    let targets: Vec<_> = printed["target"].as_object().unwrap().keys().collect();
    assert_eq!(targets, ["a", "b"]);
    for target in targets {
        let tags = &printed["target"][target]["tags"];
        assert_eq!(*tags, serde_json::json!([site.repo.image(target)]));
    }

    let images = ["a", "b"].map(|service| site.repo.image(service));
    let built = images.each_ref().map(|image| site.docker.identity(image));
    site.docker.remove_images(&format!("{}/", site.repo.unique()));
    let baked = bake(&["--progress", "rawjson"]).run().succeeded();
    let (steps, ran) = executed(&baked.stderr);
    assert!(steps.len() >= 4, "{steps:#?}");
    assert!(ran.is_empty(), "{ran:#?}");
    assert_eq!(images.each_ref().map(|image| site.docker.identity(image)), built);
    assert_eq!(site.answer("a"), "1");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_plain_bake_built_is_all_cached_for_pymono() {
    let site = fleet("first", &["a", "b"]);
    site.bake();
    let _ = site.docker.tool(&["buildx", "bake"]).cwd(&site.repo.root()).run().succeeded();
    assert_eq!(site.answer("b"), "1");
    let run = site.build(&["--all"]);
    assert_eq!(run.outcomes(), BTreeMap::from([("a", "cached"), ("b", "cached")]));
}

/// Reads the `RUN` steps off the progress that buildx writes: all, and those that really ran.
fn executed(progress: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let lines = progress.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let vertexes = lines.flat_map(|line| line["vertexes"].as_array().cloned().unwrap_or_default());
    let mut steps = BTreeMap::new();
    for vertex in vertexes.filter(|vertex| vertex["completed"].is_string()) {
        let name = vertex["name"].as_str().unwrap().to_owned();
        if name.contains("] RUN ") {
            // A step may be told several times; the last word counts.
            steps.insert(vertex["digest"].to_string(), (name, vertex["cached"] == true));
        }
    }
    let ran = steps.values().filter(|(_, cached)| !cached).map(|(name, _)| name.clone()).collect();
    (steps.into_values().map(|(name, _)| name).collect(), ran)
}

/// Returns the files that are neither git's nor pymono's.
fn files_of_others(site: &Site) -> Tree {
    let mut files = tree(&site.repo.root(), &[".git", ".pymono"]);
    files.remove(Utf8Path::new("docker-bake.json"));
    files
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn checking_what_was_baked_tells_fresh_from_stale() {
    let site = fleet("check", &["a"]);
    let check = || site.pymono(&["bake", "--check"]).run();
    assert!(check().ended_with(1).stderr.contains("docker-bake.json"));
    site.bake();
    let _ = check().succeeded();

    site.repo.replace("services/a/pyproject.toml", "[tool.pymono]", "[tool.pymono]\nport = 8000");
    let baked = files(&site);
    assert!(check().ended_with(1).stderr.contains("Dockerfile"));
    assert!(files(&site) == baked, "a check writes nothing");
    site.bake();
    let _ = check().succeeded();
    assert!(site.repo.read(".pymono/Dockerfile").contains("EXPOSE 8000"));
}

fn files(site: &Site) -> Tree {
    tree(&site.repo.root(), &[".git"])
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn printing_writes_nothing() {
    let site = fleet("print", &["a"]);
    let before = files(&site);
    let printed = site.pymono(&["bake", "--print"]).run().succeeded().stdout;
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["target"]["a"]["target"], "a");
    assert!(files(&site) == before);
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn two_clones_of_a_repository_bake_the_same_bytes() {
    let site = Site::new(Repo::shop("clones"));
    site.repo.commit();
    let mut baked = Vec::new();
    for place in ["here", "some/where/else"] {
        let clone = site.repo.outside().join(place);
        site.repo.git(&["clone", "--quiet", ".", clone.as_str()]);
        let _ = Tool::new(pymono()).args(["-C", clone.as_str(), "bake"]).run().succeeded();
        let mut files = tree(&clone.join(".pymono"), &[]);
        files.insert("docker-bake.json".into(), fs::read(clone.join("docker-bake.json")).unwrap());
        baked.push(files);
    }
    let names: Vec<&str> = baked[0].keys().map(|path| path.as_str()).collect();
    for name in ["Dockerfile", "Dockerfile.dockerignore", "docker-bake.json"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(names.iter().any(|name| name.starts_with("pins/")), "{names:?}");
    let texts = |files: &Tree| -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        files.iter().map(|(path, bytes)| (path.to_string(), text(bytes))).collect()
    };
    assert_eq!(texts(&baked[0]), texts(&baked[1]));
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn docker_finds_nothing_to_warn_of_in_the_dockerfile() {
    let site = Site::new(Repo::shop("lint"));
    let folder = site.bake();
    let path = folder.join("Dockerfile");
    let text = fs::read_to_string(&path).unwrap();
    let directive = text.lines().find(|line| line.starts_with("# check=")).unwrap();
    fs::write(&path, text.replace(directive, "#")).unwrap();
    let services = ["admin", "catalog", "forecast", "report", "storefront", "worker"];
    for service in services {
        let check: Value = serde_json::from_str(&lint(&site, &path, service).read()).unwrap();
        let warnings = check["warnings"].as_array();
        assert!(warnings.is_none_or(Vec::is_empty), "{service}: {check:#}");
    }
    // A check that sees nothing at all would find nothing either.
    let unclean = format!("{text}\nFROM python:3.13-slim as Unclean\n").replace(directive, "#");
    fs::write(&path, unclean).unwrap();
    let found = lint(&site, &path, "admin").run();
    assert!(found.stdout.contains("FromAsCasing"), "{found:?}");
}

/// Returns the check of one target, whose answer is JSON.
fn lint(site: &Site, dockerfile: &Utf8Path, service: &str) -> Tool {
    let file = format!("--file={dockerfile}");
    let target = format!("--target={service}");
    let check = ["buildx", "build", "--call=check,format=json", &file, &target];
    let pins = ["--build-context=pymono-pins=.pymono/pins", "."];
    site.docker.tool(&check).args(pins).cwd(&site.repo.root())
}
