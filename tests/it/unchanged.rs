//! What happens elsewhere leaves a service's pins as they are, to the byte.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use pymono_tests::{
    Repo, Site,
    projects::{hatchling, sources},
    tools::UVS,
};

/// All that is generated for one service, by what it is.
type Generated = BTreeMap<String, String>;

fn repo() -> Repo {
    let repo = Repo::new("unchanged", "");
    let api = format!(
        "dependencies = [\"flask==3.1.1\", \"core\", \"docopt==0.6.2\"]\n\
         [project.optional-dependencies]\nextra = [\"orjson==3.10.18\"]\n\
         [dependency-groups]\ntest = [\"pytest==8.3.4\"]\n{}\n\
         [tool.pymono]\ncommand = [\"python\"]\n",
        sources(&["core"])
    );
    repo.write("services/api/pyproject.toml", &hatchling("api", &api));
    let ui = "dependencies = [\"six\"]\n[tool.pymono]\ncommand = [\"python\"]\n";
    repo.write("services/ui/pyproject.toml", &hatchling("ui", ui));
    let core = "dependencies = [\"numpy==2.2.6\"]\n";
    repo.write("libs/core/pyproject.toml", &hatchling("core", core));
    for package in ["services/api/src/api", "services/ui/src/ui", "libs/core/src/core"] {
        repo.write(&format!("{package}/__init__.py"), "");
    }
    repo.lock(&[]);
    repo
}

/// Exports the service in every form for both platforms, and bakes it.
fn generated(site: &Site) -> Generated {
    let mut all = Generated::new();
    for format in ["requirements", "pylock", "json"] {
        for platform in ["linux/amd64", "linux/arm64"] {
            for more in [&[][..], &["--extra", "extra", "--group", "test"]] {
                let args = [&["export", "api", "--format", format, "--platform", platform], more];
                let name = args.concat().join(" ");
                let text = site.pymono(&args.concat()).read();
                assert!(!text.contains(site.repo.outside().as_str()), "{name}: {text}");
                all.insert(name, text);
            }
        }
    }
    all.extend(baked(site, "api"));
    all
}

/// Returns the stages that a service's image is made of, and the files of pins that they read.
fn baked(site: &Site, service: &str) -> Generated {
    site.bake();
    let dockerfile = site.repo.read(".pymono/Dockerfile");
    let name = |stage: &str| stage.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    // What a comment above the next stage says belongs to that one.
    let own = |stage: &str| stage.split("\n\n#").next().unwrap().to_owned();
    let stages = dockerfile.split("\nFROM ").skip(1);
    let stages: BTreeMap<_, _> = stages.map(|stage| (name(stage), own(stage))).collect();
    let mut open = vec![service.to_owned()];
    let mut found = Generated::new();
    while let Some(stage) = open.pop() {
        let Some(text) = stages.get(&stage) else { continue };
        let words: BTreeSet<&str> = text.split([' ', ',', '=', '\n', '/']).collect();
        for word in words {
            let pins = site.repo.root().join(".pymono/pins").join(word);
            if pins.is_file() {
                found.insert(word.to_owned(), std::fs::read_to_string(pins).unwrap());
            }
            if word != stage && stages.contains_key(word) && !found.contains_key(word) {
                open.push(word.to_owned());
            }
        }
        found.insert(stage, text.clone());
    }
    found
}

/// Changes something and returns all that is generated afterwards; the lock must have changed.
fn after(site: &Site, change: &str, path: &str, old: &str, new: &str) -> Generated {
    let before = site.repo.read("uv.lock");
    site.repo.replace(path, old, new);
    site.repo.lock(&[]);
    assert_ne!(site.repo.read("uv.lock"), before, "{change} changes the lock");
    generated(site)
}

fn assert_same(change: &str, found: &Generated, expected: &Generated) {
    assert!(found.keys().eq(expected.keys()), "{change}: {:?}", found.keys());
    for (name, text) in found {
        assert_eq!(text, &expected[name], "{change} changes {name}");
    }
}

#[test]
#[ignore = "needs the binary and uv: cargo xtask test"]
fn a_change_elsewhere_leaves_what_is_generated_for_a_service_as_it_was() {
    let site = Site::new(repo());
    let before = generated(&site);
    assert_same("nothing", &generated(&site), &before);
    let kinds = ["deps-", "sdist-", "pkg-core", "pkg-api", "base-", "runtime-", "api", ".txt"];
    for kind in kinds {
        assert!(before.keys().any(|name| name.contains(kind)), "{kind}: {:?}", before.keys());
    }
    let (ui, api, core) =
        ("services/ui/pyproject.toml", "services/api/pyproject.toml", "libs/core/pyproject.toml");
    for (change, path, old, new) in [
        ("a dependency of another member", ui, "\"six\"", "\"six\", \"rich\", \"httpx\""),
        ("a range of Python elsewhere", ui, ">=3.11", ">=3.11, <3.14"),
        ("a version of a member", core, "version = \"1.0\"", "version = \"2.0\""),
    ] {
        assert_same(change, &after(&site, change, path, old, new), &before);
    }
    // Of a bump for development, only what is asked for with its group may change.
    let found = after(&site, "a bump for development", api, "pytest==8.3.4", "pytest==8.3.5");
    for (name, text) in &before {
        let with_group = name.contains("--group");
        assert_eq!(found[name] != *text, with_group, "a bump for development changes {name}");
    }
    for (uv, _) in UVS {
        std::fs::remove_file(site.repo.root().join("uv.lock")).unwrap();
        let _ = uv.read(&site.repo.root(), &["lock", "--quiet"]);
        assert_same(&format!("a lock by {uv:?}"), &generated(&site), &found);
    }
}
