//! Edits of a repository, each held against the images that are built without any cache before and
//! after it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
};

use pymono_tests::{
    Repo, Site,
    projects::{hatchling, sources},
};
use serde_json::Value;

use crate::rebuild::stand_on_a_new_base;

const EVERYTHING: &str = include_str!("edits/everything.py");

/// Something that somebody does to a repository.
struct Edit {
    what: &'static str,
    /// Whether nobody may be affected by it whose image is the same.
    promised: bool,
    make: fn(&Repo),
}

/// An edit after which exactly those services are affected whose images differ.
const fn exact(what: &'static str, make: fn(&Repo)) -> Edit {
    Edit { what, promised: true, make }
}

/// The edits, one after the other. `api` stands on `core` and that on `base`; `cron` stands on nothing.
const EDITS: [Edit; 19] = [
    exact("a line in a library", |repo| {
        repo.write("libs/base/src/base/__init__.py", "X = 1\n");
    }),
    exact("a new module", |repo| repo.write("services/cron/src/cron/new.py", "Y = 1\n")),
    exact("a mode", |repo| {
        let file = repo.root().join("services/cron/src/cron/new.py");
        fs::set_permissions(file, Permissions::from_mode(0o755)).unwrap();
    }),
    exact("a removed module", |repo| {
        repo.git(&["rm", "--quiet", "services/cron/src/cron/new.py"]);
    }),
    exact("data with the line ends of another system", |repo| {
        repo.write("libs/core/src/core/.gitattributes", "*.csv text eol=crlf\n");
        repo.write("libs/core/src/core/data.csv", "a,b\r\n");
    }),
    exact("the line ends alone", |repo| {
        repo.write("libs/core/src/core/.gitattributes", "*.csv text eol=lf\n");
        repo.write("libs/core/src/core/data.csv", "a,b\n");
    }),
    exact("a link", |repo| {
        let link = repo.root().join("services/cron/src/cron/link.py");
        symlink("__init__.py", link).unwrap();
    }),
    exact("a README outside of packages", |repo| repo.write("docs/README.md", "Read me\n")),
    Edit {
        what: "a test inside of a project",
        promised: false,
        make: |repo| repo.write("libs/core/tests/test_core.py", "import core\n"),
    },
    exact("a group for development", |repo| {
        repo.replace("libs/core/pyproject.toml", "dev = []", "dev = [\"iniconfig\"]");
        repo.lock(&[]);
    }),
    exact("another tool's table", |repo| {
        let manifest = repo.read("libs/core/pyproject.toml");
        repo.write("libs/core/pyproject.toml", &format!("{manifest}[tool.ruff]\nfix = true\n"));
    }),
    exact("how the lock is written", |repo| {
        let lock = repo.read("uv.lock");
        repo.write("uv.lock", &format!("# By nobody.\n{}", lock.replace("    { ", "        { ")));
    }),
    exact("a bump that one service sees", |repo| {
        repo.replace("services/cron/pyproject.toml", "six==1.16.0", "six==1.17.0");
        repo.lock(&[]);
    }),
    exact("a requirement of a library", |repo| {
        repo.replace("libs/base/pyproject.toml", "dependencies = []", "dependencies = [\"six\"]");
        repo.lock(&[]);
    }),
    exact("a member that nobody needs, and its pins", |repo| {
        library(repo, "spare", "dependencies = [\"tomli-w\"]\n");
        repo.lock(&[]);
    }),
    exact("a service that groups the others' pins anew", |repo| {
        service(repo, "web", "[\"idna\", \"six\"]", "");
        repo.lock(&[]);
    }),
    exact("a new edge", |repo| {
        repo.replace("services/web/pyproject.toml", "\"six\"]", "\"six\", \"spare\"]");
        let manifest = repo.read("services/web/pyproject.toml");
        repo.write("services/web/pyproject.toml", &(manifest + &sources(&["spare"])));
        repo.lock(&[]);
    }),
    exact("a variable of one service", |repo| {
        repo.replace("services/web/pyproject.toml", "env = {}", "env = { MODE = \"fast\" }");
    }),
    exact("a moved library", |repo| {
        repo.git(&["mv", "libs/spare", "libs/moved"]);
        // uv looks for it where the lock says that it is.
        fs::remove_file(repo.root().join("uv.lock")).unwrap();
        repo.lock(&[]);
    }),
];

fn library(repo: &Repo, name: &str, rest: &str) {
    repo.write(&format!("libs/{name}/pyproject.toml"), &hatchling(name, rest));
    repo.write(&format!("libs/{name}/src/{name}/__init__.py"), "");
}

fn service(repo: &Repo, name: &str, dependencies: &str, more: &str) {
    let settings = format!("command = [\"python\", \"-m\", \"{name}\"]\nenv = {{}}\n");
    let rest = format!("dependencies = {dependencies}\n[tool.pymono]\n{settings}{more}");
    repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &rest));
    for module in ["__init__", "__main__"] {
        repo.write(&format!("services/{name}/src/{name}/{module}.py"), "");
    }
}

fn site() -> Site {
    let repo = Repo::new("edits", "");
    service(&repo, "api", "[\"core\"]", &sources(&["core"]));
    service(&repo, "cron", "[\"six==1.16.0\"]", "");
    let needs = format!(
        "dependencies = [\"base\", \"idna\"]\n{}[dependency-groups]\ndev = []\n",
        sources(&["base"])
    );
    library(&repo, "core", &needs);
    library(&repo, "base", "dependencies = []\n");
    repo.lock(&[]);
    let site = Site::new(repo);
    // What is built anew without a cache is new to every other build of the same steps.
    stand_on_a_new_base(&site);
    site.repo.commit();
    site
}

/// What is in an image and what it is told to run.
type Image = (BTreeSet<String>, Value);

/// Builds every image without any cache and returns what each is, by the path of its service.
fn images(site: &Site) -> BTreeMap<String, Image> {
    let run = site.build(&["--all", "--no-cache"]);
    let image = |name: &str| {
        let tag = site.repo.image(name);
        let python = ["run", "--rm", "--user", "0", "--entrypoint", "python", &tag];
        let listed = site.docker.tool(&python).args(["-c", EVERYTHING]).read();
        (listed.lines().map(str::to_owned).collect(), site.docker.identity(&tag).1)
    };
    let names = run.outcomes().into_keys();
    names.map(|name| (format!("services/{name}"), image(name))).collect()
}

/// Returns the services that `pymono affected` names between the last two commits.
fn affected(site: &Site) -> BTreeSet<String> {
    let args = ["affected", "--base", "HEAD~1", "--head", "HEAD", "--json"];
    let output = site.pymono(&args).read();
    let answer: Value = serde_json::from_str(&output).unwrap();
    let paths = answer["services"].as_array().unwrap().iter().map(|it| it["path"].as_str());
    paths.map(|path| path.unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn every_image_that_an_edit_changes_is_affected() {
    let site = site();
    let mut before = images(&site);
    let (mut needless, mut answers) = (0, 0);
    for Edit { what, promised, make } in EDITS {
        make(&site.repo);
        site.repo.commit();
        let said = affected(&site);
        let after = images(&site);
        let changed: BTreeSet<String> = after
            .iter()
            .filter(|(path, image)| before.get(*path) != Some(*image))
            .map(|(path, _)| path.clone())
            .collect();
        println!("{what}: {changed:?} differ, {said:?} affected");
        let differences = || changed.iter().map(|path| difference(path, &before, &after));
        let told = format!("{what}: {:#?}", differences().collect::<Vec<_>>());
        assert!(changed.is_subset(&said), "{told}\nand only {said:?} is affected");
        assert!(!promised || said == changed, "{told}\nand {said:?} is affected");
        needless += said.len() - changed.len();
        answers += after.len();
        before = after;
    }
    println!("{needless} of {answers} answers needless");
}

/// Returns some of what an image has now and had not before.
fn difference<'a>(
    path: &'a str,
    before: &BTreeMap<String, Image>,
    after: &'a BTreeMap<String, Image>,
) -> (&'a str, Vec<&'a String>, &'a Value) {
    const SOME: usize = 10;
    let old = before.get(path).map(|(files, _)| files);
    let new = after[path].0.iter().filter(|line| old.is_none_or(|old| !old.contains(*line)));
    (path, new.take(SOME).collect(), &after[path].1)
}
