//! Programs that are known to be Python, or not.

use crate::{Starts, launcher::base_name};

/// Programs that are written in Python, and what runs applications that are.
const PYTHON: &[&str] = &[
    "airflow",
    "alembic",
    "arq",
    "bentoml",
    "celery",
    "chainlit",
    "daphne",
    "dagster",
    "django-admin",
    "dramatiq",
    "fastapi",
    "faust",
    "flask",
    "functions-framework",
    "gradio",
    "granian",
    "gunicorn",
    "huey_consumer",
    "hypercorn",
    "ipython",
    "jupyter",
    "litestar",
    "locust",
    "mlflow",
    "panel",
    "pypy",
    "pypy3",
    "pytest",
    "rq",
    "sanic",
    "streamlit",
    "supervisord",
    "uv",
    "uvicorn",
    "uwsgi",
    "waitress-serve",
];

/// Programs that are not, and those that launch others, for when nothing follows them.
const OTHER: &[&str] = &[
    "apache2",
    "apachectl",
    "bun",
    "bundle",
    "caddy",
    "cargo",
    "catalina.sh",
    "catatonit",
    "dumb-init",
    "consul",
    "cypress",
    "deno",
    "dotnet",
    "envoy",
    "go",
    "gosu",
    "gradle",
    "haproxy",
    "httpd",
    "java",
    "java-jar",
    "kong",
    "minio",
    "mix",
    "mongod",
    "mvn",
    "mysqld",
    "next",
    "nginx",
    "node",
    "nodemon",
    "npm",
    "npx",
    "php",
    "php-fpm",
    "pnpm",
    "postgres",
    "puma",
    "rails",
    "redis-server",
    "ruby",
    "serve",
    "su-exec",
    "tini",
    "ts-node",
    "tsx",
    "vite",
    "yarn",
    "traefik",
];

/// Returns what a command without launchers starts.
pub(crate) fn kind(words: &[&str]) -> Starts {
    let Some(program) = words.first().map(|it| base_name(it)) else { return Starts::Unknown };
    let versioned = program.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
    let is_file = |it: &&str| it.rsplit_once('.').is_some_and(|(_, extension)| extension == "py");
    let is_module = ["-m", "--module"].contains(&program);
    if words.iter().any(is_file) || versioned == "python" || is_module || PYTHON.contains(&program)
    {
        Starts::Python
    } else if OTHER.contains(&program) {
        Starts::Other
    } else {
        Starts::Unknown
    }
}
