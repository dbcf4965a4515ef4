//! What `cargo xtask test` tells the tests about where they run.
#![expect(clippy::disallowed_methods, reason = "a test is told by its environment what it may use")]

use std::env;

use camino::Utf8PathBuf;

/// What child processes get of the environment; the rest is of one machine and would show.
const KEPT: &[&str] = &[
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "PATH",
    "SSL_CERT_FILE",
    "TMPDIR",
];

/// Returns the path of the binary under test.
pub fn pymono() -> Utf8PathBuf {
    told("PYMONO_TEST_BIN").into()
}

/// Returns the address of a registry that may be pushed to, such as `127.0.0.1:5000`.
pub fn registry() -> String {
    told("PYMONO_TEST_REGISTRY")
}

/// Returns where an engine with the classic image store listens, such as `unix:///run/classic.sock`.
pub fn classic_host() -> String {
    told("PYMONO_TEST_CLASSIC_HOST")
}

/// Returns where another engine of the same kind listens, which has nothing in common with the main one.
pub fn other_host() -> String {
    told("PYMONO_TEST_OTHER_HOST")
}

/// Returns the short list of variables that child processes get.
pub(crate) fn environment() -> impl Iterator<Item = (&'static str, String)> {
    let kept = KEPT.iter().filter_map(|name| Some((*name, env::var(name).ok()?)));
    kept.chain([("LANG", "C.UTF-8".to_owned())])
}

fn told(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("`{name}` is not set; run `cargo xtask test`"))
}
