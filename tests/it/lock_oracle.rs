//! `Lock::close` gives what `uv export` gives.
//!
//! The tests make workspaces, lock them with the real uv, and ask both for the
//! same selections. They need the package index but no Docker. Each counts its
//! comparisons, so that a test that compares nothing cannot pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fit;
mod oracle;
mod table;
mod workspace;

use camino::Utf8Path;
use pymono_lock::{Closure, Lock, Selection};
use pymono_names::{Libc, Platform, Target};
use pymono_tests::uv::run_uv;
use tempfile::TempDir;

use self::{
    oracle::{Count, Oracle},
    workspace::{Workspace, project},
};

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_plain_workspace_is_closed_as_uv_does() {
    let workspace = Workspace::of_members(
        r#"[dependency-groups]
lint = ["ruff==0.9.0"]
dev = ["pytest", {include-group = "lint"}]
"#,
    )
    .member(
        "api",
        r#"dependencies = ["core", "db[pg]", "uvicorn[standard]", "fastapi"]
[project.optional-dependencies]
metrics = ["prometheus-client"]
nothing = []
[dependency-groups]
empty = []
test = ["httpx", {include-group = "empty"}]
lint = ["rich"]
newer = ["attrs"]
[tool.uv.dependency-groups]
newer = { requires-python = ">=3.12" }
[tool.uv.sources]
core = { workspace = true }
db = { workspace = true }
"#,
    )
    .member(
        "worker",
        r#"dependencies = ["celery[redis]", "My_Lib", "tools"]
[tool.uv.sources]
my-lib = { workspace = true }
tools = { workspace = true }
"#,
    )
    .member(
        "core",
        r#"dependencies = ["pydantic", "my.lib"]
[tool.uv.sources]
my-lib = { workspace = true }
"#,
    )
    .member(
        "db",
        r#"dependencies = ["sqlalchemy"]
[project.optional-dependencies]
pg = ["psycopg[binary]"]
all = ["db[pg]", "db[cache]"]
cache = ["redis[hiredis]"]
"#,
    )
    .member("My_Lib", r#"dependencies = ["click"]"#)
    .file(
        "members/tools/pyproject.toml",
        r#"[project]
name = "tools"
version = "0"
dependencies = ["requests", "tomli; python_version < '3.12'"]
requires-python = ">=3.11"
[tool.uv]
package = false
"#,
    );
    assert_eq!(workspace.compare(), Count { equal: 384, refused: 12 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_fork_is_taken_by_the_target() {
    let workspace = Workspace::of_members("")
        .member("science", r#"dependencies = ["numpy", "pandas", "redis"]
"#)
        .member("pinned", r#"dependencies = ["pluggy==1.4.0; python_version < '3.12'", "pluggy==1.5.0; python_version >= '3.12'", "six==1.15.0; platform_machine == 'aarch64'", "six==1.16.0; platform_machine != 'aarch64'"]
[dependency-groups]
test = ["pytest"]
"#)
        .member("both", r#"dependencies = ["science", "pinned"]
[tool.uv.sources]
science = { workspace = true }
pinned = { workspace = true }
"#);
    assert_eq!(workspace.compare(), Count { equal: 84, refused: 6 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn groups_of_a_root_follow_the_forks() {
    let workspace = Workspace::of_members(r#"[dependency-groups]
test = ["pluggy", "colorama; sys_platform == 'win32'", "sphinx[docs]; python_version >= '3.12'"]
empty = []
[tool.uv]
environments = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]
override-dependencies = ["certifi==2024.8.30"]
constraint-dependencies = ["urllib3<2.4"]
"#)
        .member("pinned", r#"dependencies = ["pluggy==1.4.0; python_version < '3.12'", "pluggy==1.5.0; python_version >= '3.12'", "requests", "click"]
"#);
    assert_eq!(workspace.compare(), Count { equal: 48, refused: 2 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_root_with_a_project_is_a_member() {
    let root = r#"[tool.uv.workspace]
members = ["members/*"]
[tool.uv]
package = false
[tool.uv.sources]
lib = { workspace = true, editable = false }
[dependency-groups]
docs = ["mkdocs"]
dev = ["pytest"]
"#;
    let workspace = Workspace::new(&format!(
        "{}{root}",
        project(
            "root",
            r#"dependencies = ["lib", "rich"]
"#
        )
    ))
    .member(
        "lib",
        r#"dependencies = ["click"]
[dependency-groups]
docs = ["sphinx"]
"#,
    )
    .file(
        "members/dynamic/pyproject.toml",
        &project(
            "dynamic",
            r#"dependencies = ["lib"]
dynamic = ["version"]
[tool.hatch.version]
path = "about.py"
"#,
        )
        .replace(
            r#"version = "1.0"
"#,
            "",
        ),
    )
    .file("members/dynamic/about.py", "__version__ = '3.2'\n");
    assert_eq!(workspace.compare(), Count { equal: 144, refused: 6 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_single_project_has_no_manifest() {
    let workspace = Workspace::new(&project(
        "alone",
        r#"dependencies = ["flask"]
[project.optional-dependencies]
fast = ["gevent"]
[dependency-groups]
dev = ["alone[fast]", "pytest"]
"#,
    ));
    assert_eq!(workspace.compare(), Count { equal: 48, refused: 2 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn conflicting_extras_and_groups_pick_their_side() {
    let workspace = Workspace::of_members(r#"[tool.uv]
conflicts = [[{ package = "a", extra = "new" }, { package = "a", extra = "old" }], [{ package = "b", group = "g1" }, { package = "b", group = "g2" }]]
"#)
        .member("a", r#"dependencies = ["iniconfig"]
[project.optional-dependencies]
new = ["pluggy==1.5.0"]
old = ["pluggy==1.4.0"]
other = ["pluggy"]
"#)
        .member("b", r#"dependencies = ["a", "pytest"]
[dependency-groups]
g1 = ["packaging==24.0"]
g2 = ["packaging==24.1"]
[tool.uv.sources]
a = { workspace = true }
"#)
        .member("c", r#"dependencies = ["a[new]", "b"]
[tool.uv.sources]
a = { workspace = true }
b = { workspace = true }
"#);
    assert_eq!(workspace.compare(), Count { equal: 108, refused: 8 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn conflicting_projects_pick_their_side() {
    let workspace = Workspace::of_members(r#"[tool.uv]
conflicts = [[{ package = "x", extra = "cpu" }, { package = "x", extra = "gpu" }], [{ package = "one" }, { package = "two" }]]
"#)
        .member("x", r#"dependencies = ["iniconfig"]
[project.optional-dependencies]
cpu = ["pluggy==1.5.0"]
gpu = ["pluggy==1.4.0"]
"#)
        .member("one", r#"dependencies = ["x[cpu]", "pytest"]
[tool.uv.sources]
x = { workspace = true }
"#)
        .member("two", r#"dependencies = ["x[gpu]"]
[tool.uv.sources]
x = { workspace = true }
"#)
        .member("three", r#"dependencies = ["x", "pytest"]
[tool.uv.sources]
x = { workspace = true }
"#)
        .member(
            "four",
            r#"dependencies = ["one", "six"]
[tool.uv.sources]
one = { workspace = true }
"#,
        );
    assert_eq!(workspace.compare(), Count { equal: 132, refused: 11 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn every_kind_of_source_is_followed() {
    let six = sdist_of(
        "six",
        &Workspace::new(&project(
            "taken",
            r#"dependencies = ["six"]
"#,
        ))
        .lock(),
    );
    let workspace = Workspace::of_members("")
        .file("../plugin/nested/pyproject.toml", &project("plugin", r#"dependencies = ["click"]"#))
        .git("../plugin", "v0.3")
        .file(
            "../outside/shared/pyproject.toml",
            &project(
                "shared",
                r#"dependencies = ["rich", "deep"]
[tool.uv.sources]
deep = { path = "../deep" }
"#,
            ),
        )
        .file(
            "../outside/deep/pyproject.toml",
            &project(
                "deep",
                r#"dependencies = ["idna"]
"#,
            ),
        )
        .file(
            "../wheel/pyproject.toml",
            &project(
                "boxed",
                r#"dependencies = ["packaging"]
"#,
            ),
        )
        .file("../wheel/boxed/__init__.py", "");
    let plugin = workspace.outside().join("plugin");
    for index in ["wheels", "one", "two"] {
        let out = workspace.root().join(index);
        run_uv(
            &workspace.outside().join("wheel"),
            &["build", "--wheel", "--quiet", "--out-dir", out.as_str()],
        )
        .unwrap();
    }
    let workspace = workspace.member(
        "app",
        &format!(
            r#"dependencies = ["plugin", "six", "shared", "boxed"]
[tool.uv.sources]
plugin = {{ git = "file://{plugin}", tag = "v0.3", subdirectory = "nested" }}
six = {{ url = "{six}" }}
shared = {{ path = "../../../outside/shared" }}
boxed = {{ path = "../../wheels/boxed-1.0-py3-none-any.whl" }}
"#
        ),
    );
    assert_eq!(workspace.compare(), Count { equal: 24, refused: 2 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn one_name_from_two_indexes_is_told_apart() {
    let workspace = Workspace::of_members(
        r#"[[tool.uv.index]]
name = "one"
url = "one"
format = "flat"
explicit = true
[[tool.uv.index]]
name = "two"
url = "two"
format = "flat"
explicit = true
"#,
    )
    .file(
        "../wheel/pyproject.toml",
        &project(
            "boxed",
            r#"dependencies = ["packaging"]
"#,
        ),
    )
    .file("../wheel/boxed/__init__.py", "")
    .member(
        "app",
        r#"dependencies = ["boxed"]
[[tool.uv.sources.boxed]]
index = "one"
marker = "platform_machine == 'x86_64'"
[[tool.uv.sources.boxed]]
index = "two"
marker = "platform_machine != 'x86_64'"
"#,
    );
    for index in ["one", "two"] {
        let out = workspace.root().join(index);
        run_uv(
            &workspace.outside().join("wheel"),
            &["build", "--wheel", "--quiet", "--out-dir", out.as_str()],
        )
        .unwrap();
    }
    assert_eq!(workspace.compare(), Count { equal: 24, refused: 2 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn the_example_is_closed_as_uv_does() {
    let shop = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop");
    let scratch = TempDir::new().unwrap();
    let count = Oracle::new(&shop, Utf8Path::from_path(scratch.path()).unwrap()).compare();
    assert!(count.equal >= 72, "{count:?}");
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_change_elsewhere_leaves_a_closure_as_it_was() {
    let workspace = Workspace::of_members("")
        .member(
            "api",
            r#"dependencies = ["flask", "core"]
[dependency-groups]
test = ["pytest<8"]
[tool.uv.sources]
core = { workspace = true }
"#,
        )
        .member("core", r#"dependencies = ["numpy<2.3"]"#)
        .member("ui", "dependencies = []");
    let first = workspace.lock();
    let mut locks = vec![first.clone()];
    let mut relock = |workspace: Workspace| {
        locks.push(workspace.lock());
        workspace
    };

    let workspace = relock(workspace.member("ui", r#"dependencies = ["httpx", "rich"]"#));
    let workspace = relock(workspace.member("ui", "dependencies = []").replace(
        "members/api",
        "pytest<8",
        "pytest>=8",
    ));
    let workspace =
        relock(workspace.replace("members/core", r#"version = "1.0""#, r#"version = "2.0""#));
    relock(workspace.replace("members/ui", ">=3.11", ">=3.11, <3.20"));

    let expected = production("api", &first);
    for (changed, lock) in ["another member", "a group", "a member's version", "a range of Python"]
        .iter()
        .zip(&locks[1..])
    {
        assert_ne!(*lock, first, "{changed} changes the lock");
        assert_eq!(production("api", lock), expected, "{changed} changes no closure");
    }
}

fn production(package: &str, lock: &str) -> Closure {
    let target =
        Target { python: "3.12".parse().unwrap(), platform: Platform::Amd64, libc: Libc::Glibc };
    Lock::parse("uv.lock", lock)
        .unwrap()
        .close(&Selection::production(package.parse().unwrap()), &target)
        .unwrap()
}

/// Returns where a lock has the source distribution of `package`.
fn sdist_of(package: &str, lock: &str) -> String {
    let closure = production("taken", lock);
    let pin = closure.pins.into_iter().find(|pin| pin.name.as_ref() == package).unwrap();
    pin.sdist.unwrap().url.unwrap()
}
