//! A workspace of many services, made from nothing but numbers, and locked by uv.

use std::fs;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};

use crate::process::Tool;
use crate::progress::Progress;

/// How many services there are.
pub(super) const SERVICES: usize = 200;

/// How many libraries they share.
const LIBRARIES: usize = 20;

/// What services of all kinds use. Locked on [`THAT_DAY`] they are 400 packages.
const USED: &str = "fastapi uvicorn[standard] django celery[redis] flask sqlalchemy alembic \
    pydantic-settings httpx requests boto3 google-cloud-storage google-cloud-bigquery \
    google-cloud-pubsub numpy pandas scipy scikit-learn matplotlib pillow opentelemetry-sdk \
    opentelemetry-exporter-otlp opentelemetry-instrumentation-fastapi sentry-sdk structlog typer \
    aiohttp psycopg[binary] asyncpg pymongo elasticsearch confluent-kafka grpcio-tools \
    cryptography pyjwt passlib bcrypt lxml beautifulsoup4 scrapy selenium playwright openpyxl \
    xlsxwriter reportlab pyarrow polars duckdb distributed tokenizers huggingface-hub openai \
    tiktoken streamlit jupyterlab sphinx mkdocs-material black mypy pytest hypothesis tox \
    pre-commit fabric docker stripe twilio slack-sdk tornado gunicorn gevent networkx sympy \
    statsmodels geopandas pyproj arq dramatiq apscheduler pendulum loguru orjson msgpack \
    zstandard lz4 pyyaml watchfiles numba xarray seaborn feedparser markdown nbconvert sqlmodel \
    peewee motor aiokafka kombu djangorestframework django-filter django-cors-headers \
    drf-spectacular channels daphne falcon bottle aiofiles anyio trio";

/// Nothing newer is locked, so that the workspace is the same tomorrow.
const THAT_DAY: &str = "2026-11-20T00:00:00Z";

/// The workspace, locked.
pub(super) struct LockedWorkspace {
    pub(super) root: Utf8PathBuf,
    pub(super) services: Vec<String>,
    /// The path of the interpreter that uv is told to take.
    pub(super) python: String,
    /// How many packages of others the lock has.
    pub(super) packages: usize,
}

impl LockedWorkspace {
    /// Makes the workspace in `root`, and locks it unless that was done before.
    pub(super) fn make(root: &Utf8Path, uv: &Utf8Path, progress: &Progress) -> Result<Self> {
        let root = root.to_owned();
        let python =
            Tool::new("python3").args(["-c", "import sys; print(sys.executable)"]).read()?;
        let python = python.trim().to_owned();
        let is_changed = write_manifests(&root)?;
        let lock = root.join("uv.lock");
        if is_changed || !lock.is_file() {
            progress.say("locking a workspace of 200 services, once");
            Tool::new(uv).args(["lock", "--quiet", "--python", &python]).cwd(&root).quiet()?;
        }
        let text = fs::read_to_string(&lock).with_context(|| format!("failed to read `{lock}`"))?;
        let packages = text.matches("[[package]]").count() - SERVICES - LIBRARIES;
        let services = (0..SERVICES).map(|ix| format!("service-{ix}")).collect();
        Ok(Self { root, services, python, packages })
    }
}

/// Writes every manifest; whether one is not as it was.
fn write_manifests(root: &Utf8Path) -> Result<bool> {
    let workspace = format!(
        "[tool.uv]\nexclude-newer = \"{THAT_DAY}\"\n\n[tool.uv.workspace]\n\
         members = [\"libs/*\", \"services/*\"]\n"
    );
    let libraries = (0..LIBRARIES).map(|ix| (format!("libs/lib-{ix}"), library(ix)));
    let services = (0..SERVICES).map(|ix| (format!("services/service-{ix}"), service(ix)));
    let mut is_changed = write(root, &workspace)?;
    for (folder, manifest) in libraries.chain(services) {
        is_changed |= write(&root.join(folder), &manifest)?;
    }
    Ok(is_changed)
}

fn write(folder: &Utf8Path, manifest: &str) -> Result<bool> {
    let path = folder.join("pyproject.toml");
    if fs::read_to_string(&path).is_ok_and(|text| text == manifest) {
        return Ok(false);
    }
    fs::create_dir_all(folder).with_context(|| format!("failed to make `{folder}`"))?;
    fs::write(&path, manifest).with_context(|| format!("failed to write `{path}`"))?;
    Ok(true)
}

/// A library, which stands on a few of those with lower numbers.
fn library(ix: usize) -> String {
    let below = (0..ix)
        .filter(|other| (ix * 7 + other).is_multiple_of(5))
        .map(|other| format!("lib-{other}"));
    manifest(&format!("lib-{ix}"), &below.collect::<Vec<_>>(), &used(ix, 2))
}

/// A service, which needs two libraries and up to twelve packages of others.
fn service(ix: usize) -> String {
    let libraries =
        [format!("lib-{}", ix % LIBRARIES), format!("lib-{}", (ix * 3 + 1) % LIBRARIES)];
    manifest(&format!("service-{ix}"), &libraries, &used(ix * 5, 4 + ix % 9))
}

/// Some of what is used, in steps that lead through all of it.
fn used(from: usize, count: usize) -> Vec<String> {
    let all: Vec<_> = USED.split_whitespace().collect();
    (0..count).map(|step| all[(from + step * 37) % all.len()].to_owned()).collect()
}

fn manifest(name: &str, libraries: &[String], used: &[String]) -> String {
    let mut libraries = libraries.to_vec();
    libraries.dedup();
    let needs = libraries.iter().chain(used).map(|need| format!("    \"{need}\",\n"));
    let sources = libraries.iter().map(|library| format!("{library} = {{ workspace = true }}\n"));
    format!(
        "[project]\nname = \"{name}\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\n\
         dependencies = [\n{}]\n\n[tool.uv.sources]\n{}",
        needs.collect::<String>(),
        sources.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everything_is_used_by_some_service() {
        let all: BTreeSet<_> = USED.split_whitespace().map(str::to_owned).collect();
        let needed: BTreeSet<_> = (0..SERVICES).flat_map(|ix| used(ix * 5, 4 + ix % 9)).collect();
        assert_eq!(needed, all);
    }
}
