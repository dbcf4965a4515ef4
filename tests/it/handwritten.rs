//! Dockerfiles that people wrote, built as they are beside images that are generated.

use std::collections::BTreeMap;

use pymono_tests::{Finished, Repo, Run, Site, projects::hatchling};
use serde_json::{Value, json};

use crate::fleet::write_service;

const WEB: &str = "FROM team/ground AS web
WORKDIR /app
COPY --from=words /word.txt word.txt
COPY web.py .
ARG WHO=nobody
ENV WHO=$WHO
CMD [\"python\", \"web.py\"]
FROM web AS worker
RUN --mount=type=secret,id=TOKEN,env=TOKEN test \"$TOKEN\" = hidden && echo \"$TOKEN\" | wc -c > length
CMD [\"python\", \"-c\", \"print('worker', open('length').read().strip())\"]
";

const COMPOSE: &str = "services:
  ground:
    image: team/ground
    build: { context: ., dockerfile: docker/ground.Dockerfile, args: { WORD: 'a $$b' } }
  web:
    build:
      context: services/web
      target: web
      args: { WHO: compose }
      additional_contexts: { words: ./words }
";

/// Makes a service with two targets that stand on another image of the repository, beside one that is generated.
fn site(topic: &str) -> Site {
    let repo = Repo::new(topic, "");
    let unique = repo.unique().to_owned();
    repo.write("compose.yaml", COMPOSE);
    repo.write("words/word.txt", "word\n");
    let ground =
        format!("ARG V=3.13\nFROM python:${{V}}-slim\nARG WORD\nENV GROUND=\"$WORD {unique}\"\n");
    repo.write("docker/ground.Dockerfile", &ground);
    repo.write("services/web/Dockerfile", WEB);
    let program = "import os\nprint(os.environ['GROUND'], os.environ['WHO'], open('word.txt').read().strip())\n";
    repo.write("services/web/web.py", program);
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    // Steps that other tests have too could be theirs, and these start them and stop them when they like.
    repo.write("libs/core/src/core/__init__.py", &format!("VALUE = 1  # {unique}\n"));
    write_service(&repo, "made", "print(core.VALUE)");
    let manifest = repo.read("pyproject.toml").replace(
        "members = [\"libs/*\", \"services/*\"]",
        "members = [\"libs/*\", \"services/made\"]",
    );
    repo.write(
        "pyproject.toml",
        &format!("{manifest}secrets = [\"TOKEN\"]\nlabels = {{ team = \"a ${{b}}\" }}\n"),
    );
    repo.lock(&[]);
    Site::new(repo)
}

fn build(site: &Site, args: &[&str]) -> Finished {
    site.pymono(&[&["build"], args].concat()).env("TOKEN", "hidden").run()
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn dockerfiles_are_built_as_they_are_beside_generated_ones() {
    let site = site("byhand");
    let listed = site.pymono(&["list", "--json"]).run().succeeded().stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let web = listed["projects"].as_array().unwrap().iter().find(|it| it["path"] == "services/web");
    let images: Vec<_> = web.unwrap()["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| [&it["name"], &it["dockerfile"], &it["target"], &it["base"]].map(Value::clone))
        .collect();
    let row = |name, target| {
        [json!(name), json!("services/web/Dockerfile"), json!(target), json!("python:3.13-slim")]
    };
    assert_eq!(images, [row("web", "web"), row("web-worker", "worker")]);

    let _ = build(&site, &["--all"]).succeeded();
    answers(&site);
    let labels = &site.docker.inspect(&site.repo.image("web"))["Config"]["Labels"];
    assert_eq!(labels["team"], "a ${b}");
    let again = build(&site, &["--all", "--progress", "json"]).succeeded();
    // What only others are built from is not even looked at where these exist.
    let skipped = ["made", "web", "web-worker"].map(|name| (name, "skipped"));
    assert_eq!(Run::read(&again.stdout).outcomes(), BTreeMap::from(skipped));
    let again = build(&site, &["--all", "--force", "--progress", "json"]).succeeded();
    let run = Run::read(&again.stdout);
    let cached = ["ground", "made", "web", "web-worker"].map(|name| (name, "cached"));
    assert_eq!(run.outcomes(), BTreeMap::from(cached), "{:?}", run.ran(""));
}

fn answers(site: &Site) {
    let ground = format!("a $b {}", site.repo.unique());
    assert_eq!(site.answer("web"), format!("{ground} compose word"));
    assert_eq!(site.answer("web-worker"), "worker 7");
    assert_eq!(site.answer("made"), "1");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn plain_bake_builds_hand_written_images_too() {
    let site = site("bakehand");
    site.bake();
    let root = site.repo.root();
    // Without a file's name, bake would read the compose file too.
    let bake = |args: &[&str]| {
        let file = ["buildx", "bake", "--file", "docker-bake.json"];
        site.docker.tool(&file).args(args).cwd(&root).env("TOKEN", "hidden")
    };
    let printed: Value = serde_json::from_str(&bake(&["--print"]).read()).unwrap();
    let web = &printed["target"]["web"];
    assert_eq!(web["contexts"], json!({ "team/ground": "target:ground", "words": "./words" }));
    assert_eq!((&web["args"], &web["target"]), (&json!({ "WHO": "compose" }), &json!("web")));
    assert_eq!(printed["group"]["default"]["targets"], json!(["made", "web", "web-worker"]));
    let _ = bake(&[]).run().succeeded();
    answers(&site);
    // The folder's name stands for all of its images. Bake has them stand on the ground's steps and
    // not on its image, so some run again.
    let again = build(&site, &["web", "--progress", "json"]).succeeded();
    let run = Run::read(&again.stdout);
    assert_eq!(run.outcomes().into_keys().collect::<Vec<_>>(), ["ground", "web", "web-worker"]);
    assert_eq!(run.outcomes()["ground"], "cached");
    answers(&site);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_failed_dockerfile_is_reported_like_any_other_and_nothing_is_built_on_it() {
    let site = site("badhand");
    site.repo.replace(
        "docker/ground.Dockerfile",
        "ENV GROUND",
        "RUN echo no moon && exit 3\nENV GROUND",
    );
    let finished = build(&site, &["--all", "--progress", "json"]).ended_with(1);
    let run = Run::read(&finished.stdout);
    let outcomes = [
        ("ground", "failed"),
        ("made", "built"),
        ("web", "cancelled"),
        ("web-worker", "cancelled"),
    ];
    assert_eq!(run.outcomes(), BTreeMap::from(outcomes));
    let failure = &run.report("ground")["failure"];
    assert!(failure["step"].as_str().unwrap().contains("RUN echo no moon"), "{failure}");
    assert_eq!(failure["log"], json!(["no moon"]));
    let skipped = &run.report("web")["failure"]["message"];
    assert_eq!(skipped, "`ground`, which it is built from, was not built");
    assert_eq!(site.answer("made"), "1");
    assert!(!site.docker.has(&site.repo.image("web")));
}
