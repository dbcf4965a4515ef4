//! Programs that are known to be Python, or not.

use crate::{
    Starts,
    launcher::{base_name, is_assignment},
};

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

/// Commands that only prepare for others, or do nothing that lasts.
const IDLE: &[&str] = &[
    ".", "[", "[[", "cat", "cd", "chmod", "chown", "cp", "echo", "export", "ls", "mkdir", "mv",
    "printf", "pwd", "rm", "set", "sleep", "source", "tail", "test", "touch", "true", "ulimit",
    "umask", "wait",
];

/// Returns what a command without launchers starts; nothing where it only prepares, or waits.
pub(crate) fn kind(words: &[&str]) -> Option<Starts> {
    let program = base_name(words.first()?);
    let shell = ["ash", "bash", "dash", "sh"].contains(&program) && words.len() == 1;
    if shell || IDLE.contains(&program) || is_assignment(program) {
        return None;
    }
    let versioned = program.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
    let is_file = |it: &&str| it.rsplit_once('.').is_some_and(|(_, extension)| extension == "py");
    let is_module = ["-m", "--module"].contains(&program);
    if words.iter().any(is_file) || versioned == "python" || is_module || PYTHON.contains(&program)
    {
        Some(Starts::Python)
    } else if OTHER.contains(&program) {
        Some(Starts::Other)
    } else {
        Some(Starts::Unknown)
    }
}
