mod ground;
mod owner;

use proptest::prelude::*;

use super::*;
use crate::{Arguments, RecipeKind};

/// Reads a tree of files: recipes by their names, a project wherever a `pyproject.toml` is.
fn read(tree: &[(&str, &str)]) -> Services {
    let mut files: Vec<TreePath> = tree.iter().map(|(path, _)| path.parse().unwrap()).collect();
    files.sort();
    let mut recipes = BTreeMap::new();
    let mut projects = BTreeMap::new();
    for (path, text) in tree {
        let path: TreePath = path.parse().unwrap();
        if path.file_name() == Some("pyproject.toml") {
            projects.insert(path.parent().unwrap(), (*text).to_owned());
        }
        if let Some(kind) = RecipeKind::of(&path)
            && let Ok(recipe) = Recipe::parse(kind, text, &Arguments::new())
        {
            recipes.insert(path, recipe);
        }
    }
    services(&recipes, &Surroundings { files: &files, projects: &projects })
}

/// Returns the images, each as `folder name dockerfile#target [command]`; `~` before one for development.
fn shown(tree: &[(&str, &str)]) -> Vec<String> {
    let show = |it: &Image| {
        let mark = if it.purpose == Purpose::Development { "~" } else { "" };
        let target = it.build.target.as_ref().map(|it| format!("#{it}")).unwrap_or_default();
        let command = it.command.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{mark}{} {} {}{target} [{command}]", it.folder, it.name, it.build.dockerfile)
    };
    read(tree).images.iter().map(show).collect()
}

fn check(tree: &[(&str, &str)], want: &[&str]) {
    assert_eq!(shown(tree), want);
}

const SIMPLE: &str = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install .\nCMD [\"python\", \"main.py\"]";

#[test]
fn a_dockerfile_in_a_project_is_an_image_of_it() {
    let tree = [
        ("services/api/Dockerfile", SIMPLE),
        ("services/api/pyproject.toml", "api"),
        ("services/api/main.py", ""),
    ];
    check(&tree, &["services/api api services/api/Dockerfile [python main.py]"]);
    let image = &read(&tree).images[0];
    assert_eq!(image.why, ["`services/api/Dockerfile` runs it: its Dockerfile is there"]);
    assert_eq!(
        (image.base.as_deref(), image.python.as_deref()),
        (Some("python:3.12-slim"), Some("3.12"))
    );
    assert_eq!(image.build.context.as_str(), "services/api");
}

#[test]
fn several_dockerfiles_of_a_folder_are_several_images() {
    let standalone = "FROM ghcr.io/astral-sh/uv:bookworm-slim AS builder\nRUN uv python install 3.12\nCOPY . /app\nFROM debian:bookworm-slim\nCOPY --from=builder /app /app\nCMD [\"fastapi\", \"run\"]";
    let tree = [
        ("pyproject.toml", "demo"),
        ("Dockerfile", SIMPLE),
        ("standalone.Dockerfile", standalone),
        ("Dockerfile.dev", SIMPLE),
        ("Dockerfile.test", SIMPLE),
        ("main.py", ""),
    ];
    check(
        &tree,
        &[
            ". demo Dockerfile [python main.py]",
            ". demo-standalone standalone.Dockerfile [fastapi run]",
            "~. demo-dev Dockerfile.dev [python main.py]",
        ],
    );
    let images = read(&tree).images;
    assert_eq!(
        (images[1].base.as_deref(), images[1].python.as_deref()),
        (Some("debian:bookworm-slim"), Some("3.12"))
    );
}

const FLEET: &str = "ARG V=3.13\nFROM python:$V-slim AS native\nCOPY libs/native /src/libs/native\nRUN apt-get install -y gcc\nFROM python:$V-slim AS common\nRUN apt-get install -y ffmpeg\nCOPY libs/common/pyproject.toml /src/libs/common/\nCOPY libs/common /src/libs/common\nFROM common AS api\nCOPY services/api /src/services/api\nWORKDIR /src/services/api\nCOPY --from=native /tmp/dist /tmp/dist\nCMD [\"python\", \"src/api/main.py\"]\nFROM common AS nightly\nCOPY jobs/clean_up /src/jobs/clean_up\nWORKDIR /src/jobs/clean_up\nCMD [\"python\", \"-m\", \"clean_up\"]";

const FLEET_TREE: [(&str, &str); 8] = [
    ("Dockerfile", FLEET),
    (
        "docker-compose.yml",
        "services:\n  web:\n    build: {context: ., target: api}\n    ports: ['8080:80']\n",
    ),
    ("libs/common/pyproject.toml", "common"),
    ("libs/common/common.py", ""),
    ("libs/native/pyproject.toml", "native"),
    ("services/api/pyproject.toml", "api"),
    ("services/api/src/api/main.py", ""),
    ("jobs/clean_up/pyproject.toml", "clean-up"),
];

#[test]
fn the_targets_of_one_dockerfile_are_told_by_what_they_copy() {
    check(
        &FLEET_TREE,
        &[
            "jobs/clean_up nightly Dockerfile#nightly [python -m clean_up]",
            "services/api web Dockerfile#api [python src/api/main.py]",
        ],
    );
    let images = read(&FLEET_TREE).images;
    assert_eq!(
        images[0].why,
        ["target `nightly` of `Dockerfile` runs it: its working directory is a copy of it"]
    );
    assert_eq!(images[1].why[0], "`docker-compose.yml` builds it as `web`");
    assert_eq!(images[1].apt, ["ffmpeg"]);
    assert_eq!(images[1].port, Some(80));
}

#[test]
fn a_copy_of_a_sibling_is_told_with_its_line() {
    let images = read(&FLEET_TREE).images;
    let copies = |image: &Image| {
        image.copies.iter().map(|(path, line)| format!("{path}:{line}")).collect::<Vec<_>>()
    };
    assert_eq!(copies(&images[0]), ["libs/common:8"]);
    assert_eq!(copies(&images[1]), ["libs/common:8", "libs/native:3"]);
    let sources: Vec<&str> = images[0].sources.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(sources, ["jobs/clean_up", "libs/common", "libs/common/pyproject.toml"]);
}

#[test]
fn a_copy_of_all_or_of_a_manifest_is_no_dependency() {
    let text = "FROM python:3.12\nCOPY pyproject.toml uv.lock ./\nCOPY libs/core/pyproject.toml libs/core/\nCOPY . /w\nCMD [\"python\", \"/w/apps/api/run.py\"]";
    let tree = [
        ("pyproject.toml", "root"),
        ("uv.lock", ""),
        ("apps/api/Dockerfile", text),
        ("apps/api/pyproject.toml", "api"),
        ("apps/api/run.py", ""),
        ("libs/core/pyproject.toml", "core"),
    ];
    check(&tree, &["apps/api api apps/api/Dockerfile [python /w/apps/api/run.py]"]);
    let image = &read(&tree).images[0];
    // The lock is at the root, so that is where it is built.
    assert_eq!(
        (image.build.context.as_str(), image.copies.len(), image.missing.len()),
        (".", 0, 0)
    );
}

#[test]
fn dockerfiles_in_a_folder_of_their_own_are_told_by_what_they_build() {
    let api = "FROM python:3.12\nCOPY services/api /app\nCMD [\"uvicorn\", \"api:app\"]";
    let tree = [
        ("docker/api.Dockerfile", api),
        (
            "docker/worker/Dockerfile",
            "FROM python:3.12\nCOPY . .\nCMD celery -A worker.tasks worker",
        ),
        (
            "docker/scheduler.Dockerfile",
            "FROM python:3.12\nCOPY . .\nRUN uv sync --package acme-cron\nCMD cron-main",
        ),
        ("docker/nobody.Dockerfile", SIMPLE),
        ("services/api/pyproject.toml", "api"),
        ("services/worker/pyproject.toml", "acme-worker"),
        ("services/cron/pyproject.toml", "acme-cron"),
    ];
    check(
        &tree,
        &[
            "services/api api docker/api.Dockerfile [uvicorn api:app]",
            "services/cron acme-cron-scheduler docker/scheduler.Dockerfile [cron-main]",
            "services/worker acme-worker docker/worker/Dockerfile [celery -A worker.tasks worker]",
        ],
    );
}

#[test]
fn a_project_at_the_root_takes_no_image_from_the_folder_whose_file_it_starts() {
    let text = "FROM python:3.12\nCOPY comps /home/comps\nWORKDIR /home/comps/tts/src\nENTRYPOINT [\"python\", \"serve.py\"]";
    let tree = [
        ("pyproject.toml", "all"),
        ("comps/tts/src/Dockerfile", text),
        ("comps/tts/src/serve.py", ""),
        (
            "deploy/docker/Dockerfile",
            "FROM python:3.12\nCOPY . /x\nCMD [\"python\", \"/x/comps/tts/src/serve.py\"]",
        ),
    ];
    check(
        &tree,
        &[
            ". all deploy/docker/Dockerfile [python /x/comps/tts/src/serve.py]",
            "comps/tts/src tts comps/tts/src/Dockerfile [python serve.py]",
        ],
    );
}

#[test]
fn a_module_that_two_projects_have_is_that_of_the_dockerfile_s_own() {
    let text = "FROM python:3.12\nCOPY . /app\nWORKDIR /app\nCMD gunicorn main:app";
    let tree = [
        ("shop/pyproject.toml", "shop"),
        ("shop/main.py", ""),
        ("shop/Dockerfile", text),
        ("shop/clients/pyproject.toml", "clients"),
        ("shop/clients/main.py", ""),
    ];
    check(&tree, &["shop shop shop/Dockerfile [gunicorn main:app]"]);
}

#[test]
fn a_target_that_is_called_like_a_project_below_is_that_project() {
    let text = "FROM python:3.12 AS base\nCOPY workspaces workspaces/\nFROM base AS app\nCMD [\"python\", \"workspaces/cli/gone.py\"]\nFROM base AS cli\nCMD [\"python\", \"workspaces/cli/main.py\"]";
    let tree = [
        ("pyproject.toml", "all"),
        ("Dockerfile", text),
        ("workspaces/app/pyproject.toml", "app"),
        ("workspaces/cli/pyproject.toml", "cli"),
        ("workspaces/cli/main.py", ""),
        ("workspaces/lib/pyproject.toml", "lib"),
    ];
    check(
        &tree,
        &[
            "workspaces/app app Dockerfile#app [python workspaces/cli/gone.py]",
            "workspaces/cli cli Dockerfile#cli [python workspaces/cli/main.py]",
        ],
    );
}

#[test]
fn a_build_argument_that_names_a_folder_stands_for_each_that_can_be_built() {
    let text = "FROM python:3.12 AS builder\nWORKDIR /app\nARG APP\nCOPY apps/${APP}/pyproject.toml ./\nCOPY . .\nFROM python:3.12\nARG APP\nCOPY --from=builder /app/apps/${APP}/src /app\nENV APP=${APP}\nCMD exec uvicorn \"$APP.main:app\" --port 8000";
    let tree = [
        ("Dockerfile", text),
        ("apps/one/pyproject.toml", "one"),
        ("apps/one/src/one/main.py", ""),
        ("apps/stub/pyproject.toml", "stub"),
        ("apps/stub/hello.py", ""),
    ];
    check(&tree, &["apps/one one Dockerfile [exec uvicorn \"$APP.main:app\" --port 8000]"]);
    assert_eq!(read(&tree).images[0].build.args, Arguments::from([("APP".into(), "one".into())]));
}

#[test]
fn what_is_no_python_is_no_image() {
    let node = "FROM node:20\nRUN apk add python3 make g++\nCOPY . .\nCMD [\"npm\", \"start\"]";
    let go = "FROM golang:1.22 AS build\nRUN go build\nFROM scratch\nCOPY --from=build /app /app\nENTRYPOINT [\"/app\"]";
    let docs = "FROM python:3.12 AS build\nRUN pip install mkdocs\nFROM nginx\nCOPY --from=build /site /usr/share/nginx/html";
    let tree = [
        ("front/Dockerfile", node),
        ("gateway/Dockerfile", go),
        ("db/Dockerfile", "FROM postgres:16\nCOPY init.sql /docker-entrypoint-initdb.d/"),
        ("site/Dockerfile", docs),
        ("java/Dockerfile", "FROM eclipse-temurin\nCMD java -jar x.jar"),
        ("base/Dockerfile", "FROM python:3.12\nRUN apt-get install -y libpq5"),
        ("idle/Dockerfile", "FROM python:3.12\nRUN pip install x\nCMD set && ls -la"),
        ("checks/Dockerfile", "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"-m\", \"pytest\"]"),
        (".devcontainer/Dockerfile", SIMPLE),
        (".github/actions/x/Dockerfile", SIMPLE),
        ("docs/Dockerfile", SIMPLE),
        ("api/tests/Dockerfile", SIMPLE),
        ("api/broken/Dockerfile", "FROM python\nNONSENSE"),
    ];
    check(&tree, &[]);
}

#[test]
fn a_stage_for_development_does_not_hide_the_one_for_production() {
    let text = "FROM python:3.12 AS base\nFROM base AS dev\nCMD [\"python\", \"app.py\"]\nFROM base AS final\nCOPY . .\nEXPOSE 80\nCMD [\"gunicorn\", \"app:app\"]";
    let reversed = "FROM python:3.12 AS builder\nCOPY . .\nENTRYPOINT [\"python3\"]\nCMD [\"app.py\"]\nFROM builder AS dev-envs\nRUN apt-get install -y git";
    let tree = [
        (
            "compose.yaml",
            "services:\n  vote:\n    build: {context: vote, target: dev}\n  web:\n    build: {context: web, target: builder}\n",
        ),
        ("vote/Dockerfile", text),
        ("web/Dockerfile", reversed),
        ("other/src/Dockerfile", reversed),
        ("tool/Dockerfile", "FROM python:3.12 AS devel\nCMD python tool.py"),
    ];
    check(
        &tree,
        &[
            "other/src other other/src/Dockerfile#builder [python3 app.py]",
            "tool tool tool/Dockerfile#devel [python tool.py]",
            "vote vote vote/Dockerfile#final [gunicorn app:app]",
            "~vote vote vote/Dockerfile#dev [python app.py]",
            "web web web/Dockerfile#builder [python3 app.py]",
        ],
    );
}

#[test]
fn a_compose_file_for_development_does_not_start_production() {
    let compose = "services: {shop: {build: shop, command: python main.py --reload}}";
    let tree = [
        ("docker-compose.dev.yml", compose),
        ("shop/Dockerfile", SIMPLE),
        ("shop/pyproject.toml", "shop"),
    ];
    check(
        &tree,
        &[
            "shop shop shop/Dockerfile [python main.py]",
            "~shop shop shop/Dockerfile [python main.py --reload]",
        ],
    );
}

#[test]
fn services_that_share_an_image_are_images_of_one_folder() {
    let compose = "services:\n  web:\n    image: acme/shop\n    build: ./shop\n    command: gunicorn shop.wsgi -b 0.0.0.0:9000\n    healthcheck: {test: curl -f http://localhost:9000/up}\n  worker:\n    image: acme/shop\n    command: celery -A shop worker\n  again: {build: shop, command: celery -A shop worker}\n";
    let tree =
        [("compose.yaml", compose), ("shop/Dockerfile", SIMPLE), ("shop/pyproject.toml", "shop")];
    check(
        &tree,
        &[
            "shop again shop/Dockerfile [celery -A shop worker]",
            "shop web shop/Dockerfile [gunicorn shop.wsgi -b 0.0.0.0:9000]",
        ],
    );
    let images = read(&tree).images;
    assert_eq!((images[1].port, images[1].health.as_deref()), (Some(9000), Some("/up")));
    assert_eq!(images[0].why.len(), 3);
}

const BASE: &str = "FROM python:3.12-slim\nRUN apt-get install -y libpq5\nCOPY libs/core /core\nENTRYPOINT [\"tini\", \"--\"]\nUSER app";

#[test]
fn skaffold_and_clusters_say_port_and_health() {
    let tree = [
        (
            "api/skaffold.yaml",
            "build:\n  artifacts:\n  - image: acme/api\n    docker: {dockerfile: deploy.dockerfile}\n",
        ),
        ("api/deploy.dockerfile", "FROM python:3.12\nCOPY . .\nCMD gunicorn -b :$PORT app:app"),
        (
            "api/k8s/api.yaml",
            "spec: {template: {spec: {containers: [{name: x, image: 'reg/api:1', env: [{name: PORT, value: '8080'}], readinessProbe: {httpGet: {path: /ready}}}]}}}\n",
        ),
    ];
    let image = &read(&tree).images[0];
    assert_eq!(
        (image.name.as_str(), image.port, image.health.as_deref()),
        ("api", Some(8080), Some("/ready"))
    );
    assert_eq!(image.why[0], "`api/skaffold.yaml` builds it as `acme/api`");
}

#[test]
fn processes_without_an_image_are_told_by_folder() {
    let tree = [
        (
            "Procfile",
            "web: cd shop && gunicorn shop.wsgi\nrelease: python manage.py migrate\nfront: npm start\n",
        ),
        ("shop/pyproject.toml", "shop"),
        ("bot/app.yaml", "runtime: python312\nentrypoint: python bot.py\n"),
        (
            "render.yaml",
            "services:\n- {type: web, name: site, runtime: python, rootDir: site, startCommand: uvicorn site:app, healthCheckPath: /up}\n",
        ),
        ("site/main.py", ""),
        (
            "dev/compose.yaml",
            "services:\n  x: {image: 'python:3.12', volumes: ['../tool:/app'], command: python /app/run.py}\n  db: {image: postgres, volumes: ['../tool:/x'], command: python x}\n",
        ),
        ("tool/run.py", ""),
        (
            "hosted/fly.toml",
            "app = 'hosted'\n[processes]\nweb = 'gunicorn a:a'\njobs = 'rq worker'\n[http_service]\ninternal_port = 8080\n",
        ),
        ("hosted/Dockerfile", SIMPLE),
    ];
    let services = read(&tree);
    let shown: Vec<String> = services
        .processes
        .iter()
        .map(|it| format!("{} {} [{}]", it.folder, it.name, it.command))
        .collect();
    assert_eq!(
        shown,
        [
            "bot web [python bot.py]",
            "shop web [cd shop && gunicorn shop.wsgi]",
            "site site [uvicorn site:app]",
            "tool x [python /app/run.py]",
        ]
    );
    let images: Vec<String> =
        services.images.iter().map(|it| format!("{} {:?}", it.name, it.port)).collect();
    assert_eq!(images, ["hosted Some(8080)", "hosted-jobs Some(8080)"]);
}

#[test]
fn dockerfiles_with_any_name_are_found_by_what_builds_them() {
    let compose = Recipe::parse(
        RecipeKind::Compose,
        "services: {a: {build: {context: a, dockerfile: ../build/image.txt}}}",
        &Arguments::new(),
    );
    let recipes = BTreeMap::from([("x/compose.yaml".parse().unwrap(), compose.unwrap())]);
    let named: Vec<String> = named_dockerfiles(&recipes).iter().map(ToString::to_string).collect();
    assert_eq!(named, ["x/build/image.txt"]);
}

proptest! {
    #[test]
    fn the_order_of_files_and_what_is_missing_change_nothing_else(keep in prop::collection::vec(any::<bool>(), 8)) {
        let kept: Vec<_> = FLEET_TREE.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(it, _)| *it).collect();
        let mut reversed = kept.clone();
        reversed.reverse();
        prop_assert_eq!(read(&kept), read(&reversed));
    }

    #[test]
    fn no_mangled_tree_makes_it_panic(at in 0..FLEET.len(), cut in 0..40_usize, put in "(?s)[$\\{\\}./* \\na-z]{0,10}") {
        let text = format!("{}{put}{}", &FLEET[..at], &FLEET[(at + cut).min(FLEET.len())..]);
        let mut tree = FLEET_TREE;
        tree[0].1 = &text;
        let _ = read(&tree);
    }
}
