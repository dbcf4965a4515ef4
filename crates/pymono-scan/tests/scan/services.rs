//! Which projects are services, why, and how they are started.

use pymono_workspace::{Kind, Project};

use crate::repo::Repo;

const HATCH: &str =
    "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"";
const FASTAPI: &str = "from fastapi import FastAPI\n\napp: FastAPI = FastAPI(title='x')\n\n@app.get(\"/healthz\")\ndef h(): ...\n";

fn command(project: &Project) -> String {
    project.launch.command.clone().unwrap_or_default().join(" ")
}

fn repo() -> Repo {
    Repo::workspace(
        "[\"services/*\", \"libs/*\", \"examples/*\"]\n[tool.uv.sources]\ncore = { workspace = true }\nweb = { workspace = true }",
    )
}

#[test]
fn an_application_object_and_what_serves_it_make_a_service() {
    let repo = repo();
    repo.project("services/api", "[\"fastapi\", \"uvicorn[standard]>=0.3\"]", HATCH)
        .file("services/api/src/api/main.py", FASTAPI);
    let api = repo.get("services/api");
    assert_eq!(
        (api.kind, &api.why[..]),
        (
            Kind::Service,
            &["depends on uvicorn".to_owned(), "defines app in src/api/main.py".to_owned()][..]
        )
    );
    assert_eq!(command(&api), "uvicorn api.main:app --host 0.0.0.0 --port 8000");
    assert_eq!((api.launch.port, api.launch.health.as_deref()), (Some(8000), Some("/healthz")));
}

#[test]
fn each_kind_of_application_has_its_server() {
    let cases = [
        (
            "[\"fastapi[standard]\"]",
            "api/__init__.py",
            "app = fastapi.FastAPI()\n",
            "uvicorn api:app --host 0.0.0.0 --port 8000",
        ),
        (
            "[\"starlette\", \"uvicorn\"]",
            "src/api/web/asgi.py",
            "application = Starlette(routes=[])\n",
            "uvicorn api.web.asgi:application --host 0.0.0.0 --port 8000",
        ),
        (
            "[\"flask\", \"gunicorn\"]",
            "api/app.py",
            "app = Flask(__name__)\n",
            "gunicorn --bind 0.0.0.0:8000 api.app:app",
        ),
        (
            "[\"flask\", \"gunicorn\"]",
            "api/app.py",
            "def create_app(test=None):\n    app = Flask(__name__)\n",
            "gunicorn --bind 0.0.0.0:8000 api.app:create_app()",
        ),
        (
            "[\"fastapi\", \"uvicorn\"]",
            "api/app.py",
            "def create_app():\n    return FastAPI()\n",
            "uvicorn api.app:create_app --host 0.0.0.0 --port 8000 --factory",
        ),
        (
            "[\"django\", \"gunicorn\"]",
            "shop/wsgi.py",
            "application = get_wsgi_application()\n",
            "gunicorn --bind 0.0.0.0:8000 shop.wsgi:application",
        ),
        (
            "[\"celery\"]",
            "src/worker/tasks.py",
            "app = Celery('x')\n",
            "celery --app worker.tasks:app worker",
        ),
    ];
    for (dependencies, file, text, expected) in cases {
        let repo = repo();
        repo.project("services/api", dependencies, HATCH)
            .file(&format!("services/api/{file}"), text);
        let api = repo.get("services/api");
        assert_eq!((api.kind, command(&api).as_str()), (Kind::Service, expected), "{file}");
        assert_eq!(api.launch.port.is_some(), !expected.starts_with("celery"));
    }
}

/// Requirements, a file with a text, and the command that it is started by.
const FRAMEWORKS: [(&str, &str, &str, &str); 20] = [
    ("sanic", "web.py", "app = Sanic(\"x\")\n", "sanic api.web:app --host 0.0.0.0 --port 8000"),
    (
        "aiohttp\", \"gunicorn",
        "app.py",
        "async def create_app():\n    app = web.Application()\n    return app\n",
        "gunicorn --worker-class aiohttp.GunicornWebWorker --bind 0.0.0.0:8080 api.app:create_app",
    ),
    (
        "aiohttp",
        "serve.py",
        "from aiohttp import web\ndef main():\n    web.run_app(make(), port=9100)\nmain()\n",
        "python -m api.serve",
    ),
    (
        "dash\", \"gunicorn",
        "board.py",
        "app = dash.Dash(__name__)\n",
        "gunicorn --bind 0.0.0.0:8050 api.board:app.server",
    ),
    (
        "falcon\", \"waitress",
        "wsgi.py",
        "application = falcon.App()\n",
        "waitress-serve --listen=0.0.0.0:8000 api.wsgi:application",
    ),
    (
        "daphne\", \"django",
        "asgi.py",
        "application = get_asgi_application()\n",
        "daphne -b 0.0.0.0 -p 8000 api.asgi:application",
    ),
    (
        "functions-framework",
        "main.py",
        "import functions_framework\n\n@functions_framework.http\ndef greet(request):\n    pass\n",
        "functions-framework --target greet --source /app/.venv/lib/python3.13/site-packages/api/main.py --port 8080",
    ),
    (
        "streamlit",
        "board.py",
        "import streamlit as st\n",
        "streamlit run /app/.venv/lib/python3.13/site-packages/api/board.py --server.address 0.0.0.0 --server.port 8501 --server.headless true",
    ),
    (
        "chainlit",
        "chat.py",
        "import chainlit as cl\n\n@cl.on_message\nasync def main(m): ...\n",
        "chainlit run /app/.venv/lib/python3.13/site-packages/api/chat.py --host 0.0.0.0 --port 8000 --headless",
    ),
    (
        "gradio",
        "ui.py",
        "import gradio as gr\ngr.Interface(f).launch()\n",
        "env GRADIO_SERVER_NAME=0.0.0.0 python -m api.ui",
    ),
    ("nicegui", "ui.py", "from nicegui import ui\nui.run(port=8090)\n", "python -m api.ui"),
    (
        "tornado",
        "serve.py",
        "import tornado\napp.listen(8889)\ntornado.ioloop.IOLoop.current().start()\n",
        "python -m api.serve",
    ),
    (
        "dramatiq",
        "tasks.py",
        "import dramatiq\n\n@dramatiq.actor\ndef send(): ...\n",
        "dramatiq api.tasks",
    ),
    (
        "rq",
        "tasks.py",
        "from rq.decorators import job\n\n@job('low')\ndef send(): ...\n",
        "rq worker",
    ),
    (
        "arq",
        "tasks.py",
        "class WorkerSettings:\n    functions = []\n",
        "arq api.tasks.WorkerSettings",
    ),
    (
        "taskiq",
        "tasks.py",
        "import taskiq\nbroker = ListQueueBroker(url)\n",
        "taskiq worker api.tasks:broker",
    ),
    ("huey", "tasks.py", "huey = RedisHuey()\n", "huey_consumer api.tasks.huey"),
    ("faststream", "serve.py", "app = FastStream(broker)\n", "faststream run api.serve:app"),
    (
        "awslambdaric",
        "core.py",
        "def handler(_event: dict, _context: dict) -> dict: ...\n",
        "python -m awslambdaric api.core.handler",
    ),
    ("apache-airflow", "flow.py", "import airflow\n\n@dag\ndef f(): ...\n", "airflow standalone"),
];

#[test]
fn each_framework_has_what_runs_it() {
    for (dependencies, file, text, expected) in FRAMEWORKS {
        let repo = repo();
        repo.project("services/api", &format!("[\"{dependencies}\"]"), HATCH)
            .file("services/api/src/api/__init__.py", "")
            .file(&format!("services/api/src/api/{file}"), text);
        let api = repo.get("services/api");
        assert_eq!((api.kind, command(&api).as_str()), (Kind::Service, expected), "{dependencies}");
        let distribution = dependencies.split('"').next().unwrap();
        assert!(api.why[0].starts_with("depends on "), "{distribution}: {:?}", api.why);
    }
}

#[test]
fn a_port_and_a_path_of_health_are_those_that_the_code_names() {
    let cases = [
        (
            "fastapi\", \"uvicorn",
            "app = FastAPI()\nif x:\n    uvicorn.run(app, host='::', port=9001)\n@app.get('/api/health/')\n",
            9001,
            Some("/api/health"),
        ),
        (
            "flask",
            "app = Flask(__name__)\nport = int(os.environ.get('PORT', 5050))\n@app.route(\"/ready\")\n",
            5050,
            Some("/ready"),
        ),
        ("aiohttp", "from aiohttp import web\nweb.run_app(app, port=9100)\n", 9100, None),
        ("streamlit", "import streamlit as st\n", 8501, Some("/_stcore/health")),
        ("grpcio", "s = grpc.server(pool)\ns.add_insecure_port('[::]:50061')\n", 50061, None),
        (
            "starlette\", \"uvicorn",
            "app = Starlette()\ndb.connect(dbport=5432)\nsock.listen(128)\n",
            8000,
            None,
        ),
    ];
    for (dependencies, text, port, health) in cases {
        let repo = repo();
        repo.project("services/api", &format!("[\"{dependencies}\"]"), HATCH)
            .file("services/api/src/api/__init__.py", "")
            .file("services/api/src/api/main.py", text);
        let launch = repo.get("services/api").launch;
        assert_eq!((launch.port, launch.health.as_deref()), (Some(port), health), "{text}");
    }
}

#[test]
fn django_is_served_by_what_is_there_and_by_itself_if_nothing_is() {
    for (dependencies, expected) in [
        ("\"django\", \"gunicorn\"", "gunicorn --bind 0.0.0.0:8000 shop.wsgi:application"),
        ("\"django\"", "python manage.py runserver --noreload 0.0.0.0:8000"),
    ] {
        let repo = repo();
        repo.project("services/shop", &format!("[{dependencies}]"), "")
            .file("services/shop/manage.py", "")
            .file("services/shop/shop/wsgi.py", "application = get_wsgi_application()\n")
            .file("services/shop/shop/urls.py", "urlpatterns = [path(\"healthz/\", ok)]\n");
        let shop = repo.get("services/shop");
        assert_eq!((shop.kind, command(&shop).as_str()), (Kind::Service, expected));
        assert_eq!(shop.launch.health.as_deref(), Some("/healthz/"));
    }
}

#[test]
fn what_answers_comes_before_what_works_even_if_it_is_a_factory() {
    let repo = repo();
    repo.project("services/api", "[\"flask\", \"gunicorn\", \"celery\"]", HATCH);
    repo.file("services/api/src/api/app.py", "def create_app():\n    return Flask('x')\n")
        .file("services/api/src/api/tasks.py", "celery = Celery()\n");
    assert_eq!(
        command(&repo.get("services/api")),
        "gunicorn --bind 0.0.0.0:8000 api.app:create_app()"
    );
}

#[test]
fn an_application_within_a_block_or_a_test_is_none() {
    let repo = repo();
    repo.project("services/api", "[\"fastapi\"]", HATCH);
    repo.file("services/api/src/api/x.py", "if True:\n    app = FastAPI()\n# app = FastAPI()\n")
        .file("services/api/tests/main.py", FASTAPI);
    let api = repo.get("services/api");
    assert_eq!(
        (api.kind, &api.why[..]),
        (Kind::Library, &["there is nothing in it to start".to_owned()][..])
    );
}

#[test]
fn the_main_module_comes_before_others_and_a_web_service_before_its_worker() {
    let repo = repo();
    repo.project("services/api", "[\"fastapi\", \"uvicorn\", \"celery\"]", HATCH);
    repo.file("services/api/src/api/admin.py", FASTAPI)
        .file("services/api/src/api/main.py", FASTAPI)
        .file("services/api/src/api/app.py", "app = Celery()\n");
    assert_eq!(
        command(&repo.get("services/api")),
        "uvicorn api.main:app --host 0.0.0.0 --port 8000"
    );
}

#[test]
fn a_server_that_comes_with_a_library_serves() {
    let repo = repo();
    repo.project("libs/web", "[\"uvicorn\"]", HATCH)
        .project("services/api", "[\"fastapi\", \"web\"]", HATCH)
        .file("services/api/src/api/main.py", FASTAPI);
    assert_eq!(
        command(&repo.get("services/api")),
        "uvicorn api.main:app --host 0.0.0.0 --port 8000"
    );
    repo.project("libs/web", "[]", HATCH);
    assert_eq!(repo.get("services/api").launch.command, None);
    assert_eq!(
        repo.warnings(),
        [
            "`services/api` defines `app` in `src/api/main.py` but depends on no server that pymono knows"
        ]
    );
}

#[test]
fn what_others_need_or_lies_among_libraries_is_a_library() {
    let repo = repo();
    repo.project("services/api", "[\"core\"]", HATCH).project(
        "libs/core",
        "[]",
        &format!("[project.scripts]\ncore = 'core:main'\n{HATCH}"),
    );
    repo.project("libs/lone", "[]", &format!("[project.scripts]\nlone = 'lone:main'\n{HATCH}"));
    repo.project("examples/demo", "[\"fastapi\", \"uvicorn\"]", HATCH)
        .file("examples/demo/main.py", FASTAPI);
    let graph = "python/test_resources/graph";
    repo.project(graph, "[\"uvicorn\"]", HATCH).file(&format!("{graph}/main.py"), FASTAPI);
    let why = |path: &str| {
        let project = repo.get(path);
        assert_eq!(project.kind, Kind::Library, "{path}");
        project.why.join(", ")
    };
    assert_eq!(why("libs/core"), "services/api depends on it");
    assert_eq!(why("libs/lone"), "lies below libs");
    assert_eq!(why("examples/demo"), "lies below examples");
    assert_eq!(why(graph), "lies below test_resources");
}

#[test]
fn a_command_that_nothing_depends_on_is_a_service() {
    let script = |scripts: &str| format!("[project.scripts]\n{scripts}\n{HATCH}");
    for (more, expected) in [
        (script("job = 'x:main'"), "job"),
        (script("other = 'x:main'\nservices-a = 'x:main'\na = 'x:main'"), "a"),
        (script("one = 'x:main'\nserve = 'x:main'"), "serve"),
    ] {
        let repo = repo();
        let job = repo.project("services/a", "[]", &more).get("services/a");
        assert_eq!((job.kind, command(&job).as_str()), (Kind::Service, expected));
        assert_eq!(job.why.last().unwrap(), "nothing else depends on it");
    }
}

#[test]
fn a_project_that_is_not_installed_starts_from_its_folder() {
    for (file, expected) in [
        ("main.py", "python main.py"),
        ("job/__main__.py", "python -m job"),
        ("src/job/__main__.py", "python src/job"),
    ] {
        let repo = repo();
        repo.project("services/job", "[]", "[project.scripts]\njob = 'x:y'")
            .file(&format!("services/job/{file}"), "");
        let job = repo.get("services/job");
        assert_eq!((job.kind, command(&job).as_str()), (Kind::Service, expected));
    }
    let repo = repo();
    repo.project("services/api", "[\"fastapi\", \"uvicorn\"]", "")
        .file("services/api/src/main.py", FASTAPI);
    assert_eq!(
        command(&repo.get("services/api")),
        "uvicorn main:app --host 0.0.0.0 --port 8000 --app-dir src"
    );
}

#[test]
fn what_the_configuration_says_comes_first() {
    let repo = repo();
    let fastapi = "[\"fastapi\", \"uvicorn\"]";
    repo.project("services/api", fastapi, &format!("{HATCH}\n[tool.pymono]\nport = 9000"))
        .file("services/api/src/api/main.py", FASTAPI);
    repo.project("services/off", fastapi, "[tool.pymono]\nskip = true")
        .file("services/off/main.py", FASTAPI);
    repo.project("libs/tool", "[]", "[tool.pymono]\ncommand = [\"python\", \"-c\", \"pass\"]");
    repo.project("libs/native", "[]", "[tool.pymono]\nbuild-apt = [\"libpq-dev\"]");
    let api = repo.get("services/api");
    assert_eq!(command(&api), "uvicorn api.main:app --host 0.0.0.0 --port 9000");
    assert_eq!(api.launch.port, Some(9000));
    assert_eq!(repo.get("services/off").kind, Kind::Library);
    assert_eq!(repo.get("services/off").why, ["`skip` in services/off/pyproject.toml"]);
    let tool = repo.get("libs/tool");
    assert_eq!((tool.kind, command(&tool).as_str()), (Kind::Service, "python -c pass"));
    assert_eq!(repo.get("libs/native").kind, Kind::Library);
}

#[test]
fn a_root_that_only_gathers_its_members_is_no_service_and_no_user() {
    let repo = Repo::new();
    repo.project(
        ".",
        "[\"job\"]",
        "[tool.uv.workspace]\nmembers = [\"job\"]\n[tool.uv.sources]\njob = { workspace = true }",
    )
    .file("uv.lock", "")
    .file("main.py", "");
    repo.project("job", "[]", &format!("[project.scripts]\njob = 'job:main'\n{HATCH}"));
    assert_eq!(repo.get(".").kind, Kind::Library);
    assert_eq!(repo.get("job").kind, Kind::Service);
}

#[test]
fn a_service_may_be_called_docs_but_a_skeleton_is_none() {
    let repo = repo();
    for path in ["services/docs", "services/_template"] {
        repo.project(path, "[\"fastapi\", \"uvicorn\"]", HATCH)
            .file(&format!("{path}/app.py"), FASTAPI);
    }
    let name = "services/_template/pyproject.toml";
    repo.file(name, "[project]\nname = \"skeleton\"\ndependencies = [\"fastapi\", \"uvicorn\"]");
    assert_eq!(repo.get("services/docs").kind, Kind::Service);
    assert_eq!(repo.get("services/_template").kind, Kind::Library);
}
