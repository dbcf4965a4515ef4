//! What runs applications, and by what an application is known.

/// What runs an application object, or a file that makes one when it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Runner {
    /// An ASGI server, such as uvicorn.
    Asgi,
    /// A WSGI server, such as gunicorn.
    Wsgi,
    /// A WSGI server, for the server inside of a Dash application.
    Dash,
    /// Sanic's own server.
    Sanic,
    /// A server for an application of aiohttp.
    Aiohttp,
    /// The framework of Google's functions.
    Function,
    /// Python: the file serves aiohttp when it is started.
    AiohttpFile,
    /// Python: the file serves Tornado when it is started.
    TornadoFile,
    /// Streamlit, which reads a file.
    Streamlit,
    /// Chainlit, which reads a file.
    Chainlit,
    /// Python: the file serves Gradio when it is started.
    GradioFile,
    /// Python: the file serves `NiceGUI` when it is started.
    NiceGuiFile,
    /// `FastStream`'s consumer.
    FastStream,
    /// Celery's worker.
    Celery,
    /// Dramatiq's worker.
    Dramatiq,
    /// RQ's worker.
    Rq,
    /// arq's worker.
    Arq,
    /// Taskiq's worker.
    Taskiq,
    /// Huey's consumer.
    Huey,
    /// The client of AWS Lambda's runtime.
    Lambda,
    /// Airflow.
    Airflow,
}

/// What a runner is for; the first is what a service with several is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// It answers requests.
    Web,
    /// It shows pages to people.
    Interface,
    /// It takes tasks from a queue.
    Worker,
}

impl Runner {
    /// All of them.
    const ALL: [Self; 21] = [
        Self::Asgi,
        Self::Wsgi,
        Self::Dash,
        Self::Sanic,
        Self::Aiohttp,
        Self::Function,
        Self::AiohttpFile,
        Self::TornadoFile,
        Self::Streamlit,
        Self::Chainlit,
        Self::GradioFile,
        Self::NiceGuiFile,
        Self::FastStream,
        Self::Celery,
        Self::Dramatiq,
        Self::Rq,
        Self::Arq,
        Self::Taskiq,
        Self::Huey,
        Self::Lambda,
        Self::Airflow,
    ];

    /// Returns the distributions of which one must be there, the likeliest first.
    pub(crate) fn distributions(self) -> &'static [&'static str] {
        match self {
            Self::Asgi => &[
                "uvicorn",
                "hypercorn",
                "granian",
                "daphne",
                "gunicorn",
                "fastapi",
                "fastapi-slim",
                "starlette",
                "litestar",
                "quart",
                "django",
                "falcon",
                "python-socketio",
            ],
            Self::Wsgi => {
                &["gunicorn", "waitress", "granian", "flask", "django", "bottle", "falcon"]
            }
            Self::Dash => &["gunicorn", "waitress", "dash"],
            Self::Sanic => &["sanic"],
            Self::Aiohttp | Self::AiohttpFile => &["aiohttp"],
            Self::Function => &["functions-framework"],
            Self::TornadoFile => &["tornado"],
            Self::Streamlit => &["streamlit"],
            Self::Chainlit => &["chainlit"],
            Self::GradioFile => &["gradio"],
            Self::NiceGuiFile => &["nicegui"],
            Self::FastStream => &["faststream"],
            Self::Celery => &["celery"],
            Self::Dramatiq => &["dramatiq"],
            Self::Rq => &["rq"],
            Self::Arq => &["arq"],
            Self::Taskiq => &["taskiq"],
            Self::Huey => &["huey"],
            Self::Lambda => &["awslambdaric"],
            Self::Airflow => &["apache-airflow"],
        }
    }

    /// Returns whether one of the distributions that make or run applications has this name.
    pub(crate) fn knows(distribution: &str) -> bool {
        Self::ALL.iter().any(|runner| runner.distributions().contains(&distribution))
    }

    /// Returns what it is for.
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Asgi
            | Self::Wsgi
            | Self::Sanic
            | Self::Aiohttp
            | Self::Function
            | Self::AiohttpFile
            | Self::TornadoFile => Role::Web,
            Self::Dash
            | Self::Streamlit
            | Self::Chainlit
            | Self::GradioFile
            | Self::NiceGuiFile
            | Self::Airflow => Role::Interface,
            Self::FastStream
            | Self::Celery
            | Self::Dramatiq
            | Self::Rq
            | Self::Arq
            | Self::Taskiq
            | Self::Huey
            | Self::Lambda => Role::Worker,
        }
    }

    /// Returns the port that it listens on where nobody says another one; `None` for a worker.
    pub(crate) fn port(self) -> Option<u16> {
        match self {
            Self::Function
            | Self::Aiohttp
            | Self::AiohttpFile
            | Self::NiceGuiFile
            | Self::Airflow => Some(8080),
            Self::TornadoFile => Some(8888),
            Self::Dash => Some(8050),
            Self::Streamlit => Some(8501),
            Self::GradioFile => Some(7860),
            _ => (self.role() != Role::Worker).then_some(8000),
        }
    }

    /// Returns the path that it answers itself when the service is well.
    pub(crate) fn health(self) -> Option<&'static str> {
        match self {
            Self::Streamlit => Some("/_stcore/health"),
            _ => None,
        }
    }

    /// Returns what runs the object that a constructor makes, by the constructor's dotted name.
    pub(crate) fn of_constructor(name: &str) -> Option<Self> {
        let made = |(constructor, _): &&(&str, Self)| {
            name.strip_suffix(constructor)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        CONSTRUCTORS.iter().find(made).map(|(_, runner)| *runner)
    }
}

/// What makes an application object, with as much of its module as tells it from others.
pub(crate) const CONSTRUCTORS: [(&str, Runner); 19] = [
    ("FastAPI", Runner::Asgi),
    ("Starlette", Runner::Asgi),
    ("Litestar", Runner::Asgi),
    ("Quart", Runner::Asgi),
    ("ASGIApp", Runner::Asgi),
    ("falcon.asgi.App", Runner::Asgi),
    ("get_asgi_application", Runner::Asgi),
    ("Flask", Runner::Wsgi),
    ("Bottle", Runner::Wsgi),
    ("falcon.App", Runner::Wsgi),
    ("get_wsgi_application", Runner::Wsgi),
    ("Dash", Runner::Dash),
    ("Sanic", Runner::Sanic),
    ("web.Application", Runner::Aiohttp),
    ("FastStream", Runner::FastStream),
    ("Celery", Runner::Celery),
    ("RedisHuey", Runner::Huey),
    ("SqliteHuey", Runner::Huey),
    ("PriorityRedisHuey", Runner::Huey),
];

/// What shows without an object that a file is run by something: a word that is in it, and a form.
pub(crate) const MARKS: [(Runner, &str, &str); 13] = [
    (Runner::AiohttpFile, "aiohttp", r"(?m)^[ \t]*(?:\w+\.)*run_app\("),
    (Runner::TornadoFile, "tornado", r"\bIOLoop\b|(?m)^[ \t]*asyncio\.run\("),
    (
        Runner::Function,
        "functions_framework",
        r"(?m)^@functions_framework\.(?:http|cloud_event)\b.*\n(?:async[ \t]+)?def[ \t]+(?P<object>\w+)",
    ),
    (Runner::Streamlit, "streamlit", r"(?m)^(?:import|from)[ \t]+streamlit\b"),
    (Runner::Chainlit, "chainlit", r"(?m)^@(?:cl\.|chainlit\.)?on_(?:message|chat_start)\b"),
    (Runner::GradioFile, "gradio", r"\.launch\("),
    (Runner::NiceGuiFile, "nicegui", r"(?m)^[ \t]*ui\.run\("),
    (Runner::Dramatiq, "dramatiq", r"(?m)^@(?:dramatiq\.)?actor\b"),
    (Runner::Rq, "rq", r"(?m)^from[ \t]+rq\.decorators[ \t]+import\b"),
    (Runner::Arq, "WorkerSettings", r"(?m)^class[ \t]+(?P<object>\w*WorkerSettings)\b"),
    (
        Runner::Taskiq,
        "taskiq",
        r"(?m)^(?P<object>\w*broker)\b[ \t]*(?::[^=\n]+)?=[ \t]*\(?[\w.\n\t ]*Broker\(",
    ),
    (
        Runner::Lambda,
        "handler",
        r"(?m)^def[ \t]+(?P<object>\w*handler)\([ \t]*_?event\b[^,)]*,[ \t]*_?(?:context|ctx)\b",
    ),
    (Runner::Airflow, "airflow", r"(?m)^@dag\b|\bDAG\("),
];
