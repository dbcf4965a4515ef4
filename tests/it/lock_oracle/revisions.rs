//! Locks that other versions of uv have written.

use std::fs;

use pymono_tests::tools::UVS;

use super::{oracle::Count, workspace::Workspace};

/// A workspace that every uv can lock, in which each finds the same versions.
fn workspace() -> Workspace {
    Workspace::of_members(
        r#"[dependency-groups]
lint = ["ruff==0.9.0"]
[tool.uv]
override-dependencies = ["certifi==2024.8.30"]
"#,
    )
    .member(
        "api",
        r#"dependencies = ["core", "uvicorn[standard]==0.34.0", "requests==2.32.3"]
[project.optional-dependencies]
data = ["db[pg]"]
[dependency-groups]
test = ["pytest==8.3.4"]
[tool.uv.sources]
core = { workspace = true }
db = { workspace = true }
"#,
    )
    .member("core", r#"dependencies = ["numpy==2.2.0; python_version < '3.13'", "numpy==2.2.1; python_version >= '3.13'", "greenlet==3.1.1; platform_machine == 'x86_64'"]
"#)
    .member(
        "db",
        r#"dependencies = ["sqlalchemy==2.0.36"]
[project.optional-dependencies]
pg = ["psycopg2-binary==2.9.10"]
cache = ["redis[hiredis]==5.2.1"]
[tool.uv]
conflicts = [[{ extra = "pg" }, { extra = "cache" }]]
"#,
    )
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn locks_of_every_revision_are_closed_alike() {
    let workspace = workspace();
    workspace.lock();
    let newest = workspace.oracle();
    let expected = newest.closures();
    let mut count = newest.compare();
    for (uv, revision) in UVS {
        let lock = workspace.lock_by(uv);
        let table: toml::Table = lock.parse().unwrap();
        assert_eq!(table.get("revision").and_then(toml::Value::as_integer), revision, "{uv:?}");
        let oracle = workspace.oracle();
        let closures = oracle.closures();
        assert!(closures.keys().eq(expected.keys()), "{uv:?}");
        for (asked, closure) in closures {
            assert_eq!(closure, expected[&asked], "{asked} in a lock of {uv:?}");
        }
        count += oracle.compare();
    }
    assert_eq!(count, Count { equal: 864, refused: 42 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_without_metadata_is_closed_as_the_whole_one() {
    let workspace = Workspace::of_members("").member(
        "api",
        r#"dependencies = ["idna"]
[project.optional-dependencies]
none = []
all = ["api[fast]", "api[none]"]
fast = ["orjson"]
[dependency-groups]
empty = []
test = ["iniconfig", {include-group = "empty"}]
"#,
    );
    workspace.lock();
    let whole = workspace.oracle().closures();
    fs::remove_file(workspace.root().join("uv.lock")).unwrap();
    let lock = workspace.lock_with(&["--preview-features", "lock-without-metadata"]);
    assert!(!lock.contains("requires-dist"), "{lock}");
    let oracle = workspace.oracle();
    assert_eq!(oracle.closures(), whole);
    let mut count = oracle.compare();

    // What a revision means to a reader is nothing: 4 is the first that may lack metadata.
    let path = workspace.root().join("uv.lock");
    fs::write(&path, lock.replace("revision = 5", "revision = 4")).unwrap();
    let oracle = workspace.oracle();
    assert_eq!(oracle.closures(), whole);
    count += oracle.compare();
    assert_eq!(count, Count { equal: 168, refused: 4 });
}
