//! What the services and libraries of a fleet are like.
//!
//! Fixed before anything was measured, so that nothing can be tuned to suit: a change here makes
//! figures that no others can be compared with.

/// What every choice of a fleet follows from.
pub(super) const SEED: u64 = 0x70_79_6d_6f_6e_6f;

/// Nothing newer is locked, so that a fleet is the same tomorrow.
pub(super) const THAT_DAY: &str = "2026-11-20T00:00:00Z";

/// A kind of service.
pub(super) struct Profile {
    /// What it is, as part of the names of its services.
    pub(super) name: &'static str,
    /// How many of twenty services are of this kind.
    pub(super) of_twenty: usize,
    /// What it needs from an index.
    pub(super) needs: &'static [&'static str],
}

/// The kinds, with `of_twenty` adding up to twenty.
pub(super) const PROFILES: [Profile; 11] = [
    Profile {
        name: "http-api",
        of_twenty: 5,
        needs: &["fastapi", "uvicorn", "pydantic-settings", "httpx"],
    },
    Profile {
        name: "db-api",
        of_twenty: 3,
        needs: &["fastapi", "uvicorn[standard]", "sqlalchemy", "alembic", "asyncpg"],
    },
    Profile { name: "site", of_twenty: 2, needs: &["flask", "gunicorn", "requests"] },
    Profile {
        name: "admin",
        of_twenty: 1,
        needs: &["django", "gunicorn", "whitenoise", "psycopg[binary]"],
    },
    Profile { name: "worker", of_twenty: 2, needs: &["celery[redis]", "sqlalchemy", "httpx"] },
    Profile { name: "queue", of_twenty: 1, needs: &["dramatiq[redis]", "requests"] },
    Profile { name: "job", of_twenty: 2, needs: &["click", "rich", "httpx"] },
    Profile { name: "rpc", of_twenty: 1, needs: &["grpcio", "grpcio-health-checking", "protobuf"] },
    Profile { name: "stream", of_twenty: 1, needs: &["aiohttp", "aiokafka", "orjson"] },
    Profile { name: "bucket", of_twenty: 1, needs: &["boto3", "click"] },
    Profile { name: "table", of_twenty: 1, needs: &["numpy", "openpyxl", "click"] },
];

/// Each service takes some of these as well, whatever it is.
pub(super) const MORE: [&str; 14] = [
    "sentry-sdk",
    "prometheus-client",
    "tenacity",
    "orjson",
    "python-json-logger",
    "pyjwt",
    "python-dateutil",
    "cachetools",
    "jinja2",
    "email-validator",
    "python-multipart",
    "cryptography",
    "pyyaml",
    "aiofiles",
];

/// Up to so many of them.
pub(super) const MOST_MORE: usize = 4;

/// What libraries need from an index, in turn; the first is the one that all services use.
pub(super) const LIBRARIES: [&[&str]; 10] = [
    &["structlog", "pydantic"],
    &["sqlalchemy"],
    &["httpx", "tenacity"],
    &["opentelemetry-sdk"],
    &["redis"],
    &["pyjwt", "cryptography"],
    &[],
    &["jinja2", "markdown"],
    &["python-dateutil"],
    &["attrs"],
];

/// Each service uses up to so many libraries beside the first.
pub(super) const MOST_LIBRARIES: usize = 3;

/// What services need that share nothing at all, one after the other; that no two of these
/// have anything in common is checked where they are locked.
pub(super) const APART: [&[&str]; 12] = [
    &["flask", "gunicorn"],
    &["django"],
    &["tornado"],
    &["bottle", "waitress"],
    &["sqlalchemy"],
    &["numpy"],
    &["lxml"],
    &["cryptography"],
    &["protobuf"],
    &["uvloop", "httptools", "websockets"],
    &["redis", "hiredis"],
    &["pillow"],
];

/// A distribution that one service alone uses, and its pin before and after.
pub(super) const PIN: (&str, [&str; 2]) = ("humanize", ["4.12.2", "4.12.3"]);

/// A distribution that one service is only developed with, and its pin before and after.
pub(super) const DEVELOPMENT_PIN: (&str, [&str; 2]) = ("ruff", ["0.14.0", "0.14.1"]);
