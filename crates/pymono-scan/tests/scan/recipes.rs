//! Hand-written recipes as signals, as images that are built as they are, and as edges.

use pymono_names::TreePath;
use pymono_workspace::{Handwritten, Kind, NamedContext, Project};

use crate::repo::Repo;

const RUN: &str = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install .\nCMD [\"python\", \"-m\", \"api\"]\n";
const HATCH: &str =
    "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"";

/// Returns a project's images, each as `name dockerfile#target context`.
fn images(project: &Project) -> Vec<String> {
    let show = |Handwritten { name, build, .. }: &Handwritten| {
        let target = build.target.as_ref().map(|it| format!("#{it}")).unwrap_or_default();
        format!("{name} {}{target} {}", build.dockerfile, build.context)
    };
    project.images.iter().map(show).collect()
}

fn command(project: &Project) -> String {
    project.launch.command.clone().unwrap_or_default().join(" ")
}

fn texts<'a>(paths: impl IntoIterator<Item = &'a TreePath>) -> Vec<&'a str> {
    paths.into_iter().map(TreePath::as_str).collect()
}

#[test]
fn a_dockerfile_without_configuration_is_built_as_it_is() {
    let repo = Repo::new();
    let text = RUN.replace("RUN", "RUN apt-get install -y libpq5\nEXPOSE 80\nRUN");
    repo.project("api", "[]", HATCH)
        .file("api/Dockerfile", &text)
        .file("api/Dockerfile.dockerignore", "x\n")
        .file("api/.dockerignore", "y\n");
    let api = repo.get("api");
    assert_eq!(api.kind, Kind::Service);
    assert_eq!(api.why, ["`api/Dockerfile` runs it: its Dockerfile is there"]);
    assert_eq!(images(&api), ["api api/Dockerfile api"]);
    assert_eq!((command(&api).as_str(), api.launch.port), ("python -m api", Some(80)));
    assert_eq!(api.python.to_string(), "3.12");
    let image = &api.images[0];
    assert_eq!(image.base.as_deref(), Some("python:3.12-slim"));
    assert_eq!(image.apt.iter().collect::<Vec<_>>(), ["libpq5"]);
    assert_eq!(
        image.build.ignore.as_ref().map(TreePath::as_str),
        Some("api/Dockerfile.dockerignore")
    );
    assert_eq!(texts(&image.sources), ["api", "api/Dockerfile", "api/Dockerfile.dockerignore"]);
}

#[test]
fn what_an_ignore_file_keeps_from_a_build_is_not_copied() {
    let repo = Repo::new();
    let text = "FROM python:3.12-slim\nCOPY api config ./\nCOPY libs libs\nCMD [\"python\", \"-m\", \"api\"]\n";
    repo.project("libs/core", "[]", HATCH).project("libs/other", "[]", HATCH);
    repo.file("libs/core/core.py", "").file("libs/other/other.py", "").file("config/a.toml", "");
    repo.file(
        "compose.yaml",
        "services:\n  api: { build: { context: ., dockerfile: api/Dockerfile } }\n",
    )
    .file(".dockerignore", "*\n!api\n!libs/core\n**/notes.md\n")
    .file("api/requirements.txt", "")
    .file("api/api.py", "")
    .file("api/notes.md", "")
    .file("api/Dockerfile", text);
    let api = repo.get("api");
    assert_eq!(texts(&api.needs), ["libs/core"]);
    let image = &api.images[0];
    let left_out = ["api/notes.md", "config", "config/a.toml"];
    let others = ["libs/other/other.py", "libs/other/pyproject.toml"];
    assert_eq!(texts(&image.left_out), [&left_out[..], &others].concat());
    let missing: Vec<_> = image.missing.iter().map(|it| (it.source.as_str(), it.line)).collect();
    assert_eq!(missing, [("config", 2)]);
}

#[test]
fn what_is_configured_is_generated_with_what_the_dockerfile_knows() {
    let repo = Repo::new();
    let text = "FROM python:3.12-slim\nARG MORE\nRUN apt-get update && apt-get install -y gcc libpq5 ${MORE}\nCOPY . .\nCMD [\"poetry\", \"run\", \"gunicorn\", \"-b\", \"0.0.0.0:9000\", \"api.app:app\"]\n";
    let own = format!("{HATCH}\n[tool.pymono]\nenv = {{ A = \"1\" }}");
    repo.project("api", "[\"gunicorn\"]", &own)
        .file("api/Dockerfile", text)
        .file("api/src/api/app.py", "");
    let api = repo.get("api");
    assert!(api.images.is_empty());
    assert_eq!(command(&api), "gunicorn -b 0.0.0.0:9000 api.app:app");
    assert_eq!(api.launch.port, Some(9000));
    assert_eq!(api.settings.apt.iter().collect::<Vec<_>>(), ["libpq5"]);
    assert_eq!(api.settings.build_apt.iter().collect::<Vec<_>>(), ["gcc"]);
    assert_eq!(api.python.to_string(), "3.12");

    let own = format!("{own}\nport = 80\napt = [\"ffmpeg\"]\npython = \"3.13\"");
    repo.project("api", "[\"gunicorn\"]", &own);
    let api = repo.get("api");
    assert_eq!(command(&api), "gunicorn -b 0.0.0.0:80 api.app:app");
    assert_eq!(api.settings.apt.iter().collect::<Vec<_>>(), ["ffmpeg"]);
    assert_eq!(api.python.to_string(), "3.13");
}

#[test]
fn a_command_that_only_its_own_image_can_start_is_not_taken_over() {
    for (cmd, expected) in [
        ("[\"/start.sh\"]", "python -m api"),
        ("[\"python\", \"src/api/__main__.py\"]", "python -m api"),
        ("[\"uvicorn\", \"gone:app\"]", "python -m api"),
        ("gunicorn $WORKERS api:app", "python -m api"),
        ("[\"python\", \"-m\", \"api\", \"--serve\"]", "python -m api --serve"),
        ("gunicorn -b :${PORT:-7000} api:app", "gunicorn -b :7000 api:app"),
        (
            "python -m api migrate && exec gunicorn api:app",
            "/bin/sh -c python -m api migrate && exec gunicorn api:app",
        ),
    ] {
        let repo = Repo::new();
        repo.project("api", "[]", &format!("{HATCH}\n[tool.pymono]\nuser = 5"))
            .file("api/Dockerfile", &format!("FROM python:3.12\nCOPY . .\nCMD {cmd}\n"))
            .file("api/src/api/__init__.py", "")
            .file("api/src/api/__main__.py", "");
        assert_eq!(command(&repo.get("api")), expected, "{cmd}");
    }
}

#[test]
fn several_dockerfiles_and_targets_of_a_folder_are_several_images() {
    let repo = Repo::new();
    let two = "FROM python:3.12 AS base\nCOPY . .\nFROM base AS web\nCMD [\"python\", \"web.py\"]\nFROM base AS worker\nCMD [\"python\", \"worker.py\"]\n";
    repo.project("shop", "[]", "")
        .file("shop/Dockerfile", two)
        .file("shop/slim.Dockerfile", RUN)
        .file("shop/Dockerfile.dev", RUN)
        .file("shop/Dockerfile.test", RUN);
    assert_eq!(
        images(&repo.get("shop")),
        [
            "web shop/Dockerfile#web shop",
            "worker shop/Dockerfile#worker shop",
            "shop-slim shop/slim.Dockerfile shop"
        ]
    );
}

#[test]
fn the_targets_of_a_dockerfile_at_the_root_are_images_of_the_folders_that_they_copy() {
    let repo = Repo::new();
    let text = "ARG V=3.12\nFROM python:$V AS common\nCOPY libs/core /libs/core\nFROM common AS api\nCOPY services/api /api\nWORKDIR /api\nCMD [\"python\", \"-m\", \"api\"]\nFROM common AS jobs\nCOPY services/jobs /jobs\nWORKDIR /jobs\nCMD [\"python\", \"-m\", \"jobs\"]\n";
    repo.file("Dockerfile", text)
        .project("libs/core", "[]", HATCH)
        .project("services/api", "[]", HATCH)
        .project("services/jobs", "[]", HATCH);
    for name in ["api", "jobs"] {
        let project = repo.get(&format!("services/{name}"));
        assert_eq!(images(&project), [format!("{name} Dockerfile#{name} .")]);
        assert_eq!(texts(&project.needs), ["libs/core"]);
        assert_eq!(project.images[0].base.as_deref(), Some("python:3.12"));
    }
    assert_eq!(repo.get("libs/core").why, ["services/api depends on it"]);
}

#[test]
fn an_image_of_the_repository_below_another_is_a_build_and_an_edge() {
    let repo = Repo::new();
    repo.file("compose.yaml", "services: {base: {image: 'acme/base:1', build: libs/base}}")
        .project("libs/base", "[]", HATCH)
        .file(
            "libs/base/Dockerfile",
            "FROM python:3.11\nRUN apt-get install -y curl\nCOPY . /base\n",
        )
        .project("api", "[]", HATCH)
        .file("api/Dockerfile", "FROM acme/base:1\nCOPY . .\nCMD [\"python\", \"-m\", \"api\"]\n");
    let api = repo.get("api");
    assert_eq!(texts(&api.needs), ["libs/base"]);
    let image = &api.images[0];
    let (name, context) = image.build.contexts.first_key_value().unwrap();
    let NamedContext::Build(called, below) = context else { panic!("{context:?}") };
    assert_eq!((name.as_str(), called.as_str()), ("acme/base:1", "base"));
    assert_eq!(below.dockerfile.as_str(), "libs/base/Dockerfile");
    assert_eq!(
        texts(&image.sources),
        ["api", "api/Dockerfile", "libs/base", "libs/base/Dockerfile"]
    );
    assert_eq!((api.python.to_string().as_str(), image.apt.len()), ("3.11", 1));
    // The image below runs nothing.
    assert_eq!(repo.get("libs/base").kind, Kind::Library);
}

#[test]
fn a_procfile_makes_a_service_whose_image_is_generated() {
    let repo = Repo::new();
    repo.file("shop/requirements.txt", "gunicorn==23.0.0\n")
        .file("shop/Procfile", "worker: rq worker\nweb: gunicorn shop:app --bind :$PORT\n")
        .file("shop/shop.py", "");
    let shop = repo.get("shop");
    assert_eq!(shop.kind, Kind::Service);
    assert_eq!(
        shop.why,
        ["`shop/Procfile` starts it as `web`", "`shop/Procfile` starts it as `worker`"]
    );
    assert!(shop.images.is_empty());
    assert_eq!(
        (command(&shop).as_str(), shop.launch.port),
        ("gunicorn shop:app --bind :8000", Some(8000))
    );
}

#[test]
fn a_compose_file_that_mounts_a_folder_tells_its_command() {
    let repo = Repo::new();
    let compose = "services:\n  bot:\n    image: python:3.12\n    volumes: ['./bot:/app']\n    command: python -m bot\n    ports: ['80:8080']\n";
    repo.file("compose.yaml", compose).project("bot", "[]", "").file("bot/bot.py", "");
    let bot = repo.get("bot");
    assert_eq!((bot.kind, command(&bot).as_str()), (Kind::Service, "python -m bot"));
    assert_eq!((bot.launch.port, images(&bot).len()), (Some(8080), 0));
}

#[test]
fn what_is_for_development_is_weak_evidence() {
    let repo = Repo::new();
    repo.file("docker-compose.dev.yml", "services: {tool: {build: tool}, core: {build: core}}")
        .project("tool", "[]", HATCH)
        .file("tool/Dockerfile.dev", RUN)
        .file(
            "docker-compose.override.yml",
            "services: {tool: {build: {context: tool, dockerfile: Dockerfile.dev}}}",
        )
        .project("libs/core", "[]", HATCH)
        .file("libs/core/Dockerfile.dev", RUN);
    let tool = repo.get("tool");
    assert_eq!((tool.kind, images(&tool).len()), (Kind::Service, 0));
    assert_eq!(tool.why.last().unwrap(), "nothing else depends on it");
    assert_eq!(repo.get("libs/core").kind, Kind::Library);
}

#[test]
fn a_folder_without_a_manifest_is_a_service_if_its_image_runs_python() {
    let repo = Repo::new();
    repo.file(
        "seed/Dockerfile",
        "FROM python:3.9\nCOPY seed.py .\nCMD [\"python\", \"seed.py\"]\n",
    )
    .file("seed/seed.py", "")
    .file("front/Dockerfile", "FROM node:22\nCMD [\"npm\", \"start\"]\n")
    .file("tests/Dockerfile", RUN);
    assert_eq!(repo.paths(), ["seed"]);
    let seed = repo.get("seed");
    assert_eq!(
        (seed.name.as_ref(), seed.manager, seed.manifest.as_str()),
        ("seed", None, "seed/Dockerfile")
    );
    assert_eq!(images(&seed), ["seed seed/Dockerfile seed"]);
}

#[test]
fn a_dockerfile_of_the_whole_repository_makes_no_service_of_its_root() {
    let repo = Repo::new();
    repo.file("Dockerfile", "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"-m\", \"nobody\"]\n")
        .project("services/api", "[]", HATCH)
        .project("services/web", "[]", HATCH);
    assert_eq!(repo.paths(), ["services/api", "services/web"]);
}

#[test]
fn the_configuration_names_a_dockerfile_by_path_or_table() {
    let repo = Repo::new();
    let own = |value: &str| format!("{HATCH}\n[tool.pymono]\ndockerfile = {value}\n");
    repo.file("docker/image.txt", "FROM alpine AS one\nFROM python:3.12 AS two\nCOPY lib /x\n")
        .file("lib/x", "");
    let named = |value: &str| {
        repo.project("api", "[]", &own(value));
        repo.get("api")
    };
    assert_eq!(images(&named("\"../docker/image.txt\"")), ["two docker/image.txt#two ."]);
    let table = named(
        "{ path = \"../docker/image.txt\", target = \"one\", context = \"..\", args = { A = \"1\" } }",
    );
    assert_eq!(images(&table), ["one docker/image.txt#one ."]);
    assert_eq!(table.images[0].build.args["A"], "1");
    assert_eq!(table.why, ["has settings in api/pyproject.toml"]);
    let both = "[{ path = \"../docker/image.txt\", name = \"a\" }, { path = \"../docker/image.txt\", target = \"one\", name = \"b\" }]";
    assert_eq!(images(&named(both)), ["a docker/image.txt#two .", "b docker/image.txt#one ."]);
}

#[test]
fn a_dockerfile_that_cannot_be_built_is_told_with_its_place() {
    let repo = Repo::new();
    let failing = |value: &str| {
        let own = format!("[tool.pymono]\ndockerfile = {value}\n");
        repo.project("api", "[]", &own).file("api/Dockerfile", "FROM python:3.12 AS one\n");
        repo.error()
    };
    assert_eq!(
        failing("\"gone\""),
        "`api/pyproject.toml`, line 6, key `tool.pymono.dockerfile`: there is no file `api/gone`\nhint: the path is seen from the service's folder, `api`"
    );
    assert_eq!(
        failing("{ target = \"two\" }"),
        "`api/pyproject.toml`, line 6, key `tool.pymono.dockerfile`: `api/Dockerfile` has no stage `two`\nhint: its stages are `one`"
    );
    assert!(failing("\"../../x\"").contains("leads out of the repository"));
    assert!(failing("{ context = \"gone\" }").contains("the context `api/gone` is no folder"));
    assert!(failing("{ file = \"x\" }").contains("unknown field `file`"));
}

#[test]
fn false_at_the_root_has_all_images_generated() {
    let repo = Repo::new();
    repo.project("api", "[]", HATCH)
        .file("api/Dockerfile", RUN)
        .file("pymono.toml", "dockerfile = false\n");
    let api = repo.get("api");
    assert_eq!((api.kind, images(&api).len()), (Kind::Service, 0));
    repo.file("pymono.toml", "registry = \"acme\"\n");
    // One project has the repository's settings for its own, but only what is for a service counts.
    assert_eq!(images(&repo.get("api")).len(), 1);
}

#[test]
fn what_does_not_reach_an_image_that_is_built_as_it_is_is_told() {
    let repo = Repo::new();
    let own = format!("{HATCH}\n[tool.pymono]\ndockerfile = true\nuser = 5\nimage = \"x\"");
    repo.file("pymono.toml", "env = { A = \"1\" }\napt = [\"curl\"]\nregistry = \"acme\"\n")
        .project("api", "[]", &own)
        .file("api/Dockerfile", RUN)
        .project("web", "[]", HATCH)
        .file("web/Dockerfile", RUN);
    let end = "the Dockerfile is built as it is; `dockerfile = false` has the image generated";
    assert_eq!(
        repo.warnings(),
        [
            format!("`apt`, `env` in `pymono.toml` does not reach `api`, `web`: {end}"),
            format!("`user` in `api/pyproject.toml` does not reach `api`: {end}"),
        ]
    );
}

#[test]
fn a_recipe_that_cannot_be_understood_is_a_warning() {
    let repo = Repo::new();
    repo.project("api", "[]", HATCH)
        .file("api/Dockerfile", "FROM python:3.12\nNONSENSE\n")
        .file("api/Procfile", "nonsense\n")
        .file("k8s/chart.yaml", "a: {{ .Values.a }}\n")
        .file("node_modules/x/Dockerfile", "NONSENSE\n");
    let warnings = repo.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("`api/Dockerfile` is not understood: line 2"), "{warnings:?}");
    assert!(warnings[1].starts_with("`api/Procfile` is not understood: line 1"), "{warnings:?}");
}

#[test]
fn recipes_of_a_revision_are_read_as_those_on_disk() {
    let repo = Repo::new();
    repo.project("api", "[]", HATCH)
        .file("api/Dockerfile", RUN)
        .file("compose.yaml", "services: {web: {build: {context: '${HOME_OF}'}}}\n")
        .file(".env", "HOME_OF=api\n");
    let commit = repo.committed();
    let on_disk = repo.scan();
    assert_eq!(images(&repo.get("api")), ["web api/Dockerfile api"]);
    repo.file("api/Dockerfile", "FROM scratch\n");
    let scan = repo.at(&commit).unwrap();
    assert_eq!(scan.workspace.projects, on_disk.projects);
}

#[test]
fn a_copy_of_a_folder_of_projects_needs_those_that_nothing_chooses_from() {
    let repo = Repo::new();
    let text = "FROM python:3.12\nCOPY shop shop\nCOPY plugins plugins\nCOPY tests tests\nRUN pip install . plugins/*\nCMD [\"python\", \"-m\", \"shop\"]\n";
    repo.project(".", "[]", HATCH).file("Dockerfile", text).file("shop/__main__.py", "");
    for plugin in ["plugins/cards", "plugins/cash", "tests/fake"] {
        repo.project(plugin, "[]", HATCH).file(&format!("{plugin}/a.py"), "");
    }
    assert_eq!(texts(&repo.get(".").needs), ["plugins/cards", "plugins/cash"]);
    let choosing = text.replace("COPY tests tests\n", "COPY plugins/cash plugins/cash\n");
    repo.file("Dockerfile", &choosing);
    assert_eq!(texts(&repo.get(".").needs), ["plugins/cash"]);
}

#[test]
fn an_application_that_serves_inside_of_others_images_is_a_library() {
    let repo = Repo::new();
    let app = "from fastapi import FastAPI\napp = FastAPI()\n";
    repo.project("engine", "[\"uvicorn\", \"fastapi\"]", HATCH)
        .file("engine/engine/server.py", app);
    assert_eq!(repo.get("engine").kind, Kind::Service);
    let text = "FROM python:3.12\nCOPY engine engine\nCOPY ranker ranker\nCMD [\"python\", \"-m\", \"ranker\"]\n";
    repo.project("ranker", "[]", HATCH).file("ranker/ranker/__main__.py", "");
    repo.file("ranker.Dockerfile", text);
    let engine = repo.get("engine");
    assert_eq!((engine.kind, engine.why), (Kind::Library, vec!["ranker depends on it".to_owned()]));
    repo.project(
        "engine",
        "[\"uvicorn\"]",
        &format!("[project.scripts]\nengine = \"engine.server:run\"\n{HATCH}"),
    );
    assert_eq!(repo.get("engine").kind, Kind::Service);
}
