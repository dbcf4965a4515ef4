//! `poetry.lock` against `poetry export`.

use pymono_lock::PoetryLock;
use pymono_tests::tools::{POETRY, POETRY_1_2, POETRY_1_8, Pinned, default_index};

use super::{
    oracle::{Export, compare, select, wheels_of},
    projects::Projects,
};

const GROUPS: &str = r#"
[tool.poetry.group.dev.dependencies]
pytest = "*"
colorama = { version = "*", markers = "platform_machine == 'aarch64'" }

[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
markdown = "*"
requests = { version = "*", extras = ["socks"] }
"#;

/// Writes the manifest of a project as Poetry has always known it.
fn classic(dependencies: &str, rest: &str) -> String {
    format!(
        r#"[tool.poetry]
name = "svc"
version = "0.1.0"
description = ""
authors = []
[tool.poetry.dependencies]
python = ">=3.11,<3.14"
{dependencies}
{rest}
[[tool.poetry.source]]
name = "index"
url = "{}"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"#,
        default_index()
    )
}

/// Locks, and compares every mix of these extras and groups; returns how many comparisons there were.
fn compared(
    poetry: Pinned,
    version: &str,
    manifest: &str,
    extras: &[&[&str]],
    groups: &[&[&str]],
) -> usize {
    let projects = Projects::new().file("apps/svc/pyproject.toml", manifest);
    let folder = projects.service();
    poetry.read(&folder, &["lock", "--no-interaction"]);
    let text = projects.read("poetry.lock");
    assert!(text.contains(&format!("lock-version = \"{version}\"")), "{text}");
    let lock = PoetryLock::parse("poetry.lock", &text, manifest).unwrap();
    let wheels = wheels_of(&text);
    let mut count = 0;
    for extras in extras {
        for groups in groups {
            let only = [&["main"][..], groups].concat().join(",");
            let mut args = vec!["export", "--only", &only];
            args.extend(extras.iter().flat_map(|extra| ["--extras", extra]));
            let export = Export::read(&folder, &poetry.read(&folder, &args));
            let selection = select(extras, groups);
            count += compare(&export, &wheels, |target| lock.close(&selection, target));
        }
    }
    count
}

/// What is hard about a project of Poetry, as far as all versions can lock it.
const DEPENDENCIES: &str = r#"
core = { path = "../../libs/core", develop = true, extras = ["fancy"] }
requests = "^2.31"
httpx = { version = ">=0.27", extras = ["http2"] }
numpy = [{ version = "1.26.4", python = "<3.12" }, { version = "2.1.3", python = ">=3.12" }]
pandas = "^2.2"
markupsafe = { version = "~3.0", optional = true }
redis = { version = "*", optional = true, extras = ["hiredis"] }
colorama = { version = "*", markers = "sys_platform == 'win32'" }
greenlet = { version = "*", markers = "platform_machine == 'x86_64' or python_version >= '3.13'" }

[tool.poetry.extras]
safe = ["markupsafe"]
all = ["markupsafe", "redis"]
"#;

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_that_tells_who_needs_what_is_read_as_poetry_does() {
    let manifest = classic(DEPENDENCIES, GROUPS);
    let extras: &[&[&str]] = &[&[], &["safe"], &["all"], &["all", "safe"]];
    let groups: &[&[&str]] = &[&[], &["dev"], &["docs"], &["dev", "docs"]];
    assert_eq!(compared(POETRY, "2.1", &manifest, extras, groups), 96);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_that_leaves_it_open_is_walked_as_poetry_does() {
    let manifest = classic(DEPENDENCIES, GROUPS);
    let extras: &[&[&str]] = &[&[], &["safe"], &["all"], &["all", "safe"]];
    let groups: &[&[&str]] = &[&[], &["dev"], &["docs"], &["dev", "docs"]];
    assert_eq!(compared(POETRY_1_8, "2.0", &manifest, extras, groups), 96);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_with_its_files_apart_is_walked_as_poetry_does() {
    let dependencies = r#"
core = { path = "../../libs/core" }
click = "^8"
redis = { version = "<5", optional = true, extras = ["hiredis"] }
colorama = { version = "*", markers = "sys_platform == 'win32'" }
iniconfig = [{ version = "1.1.1", python = "<3.12" }, { version = "2.0.0", python = ">=3.12" }]
[tool.poetry.extras]
fast = ["redis"]
"#;
    let groups = "[tool.poetry.group.dev.dependencies]\npluggy = \"*\"\n";
    let manifest = classic(dependencies, groups);
    let count = compared(POETRY_1_2, "1.1", &manifest, &[&[], &["fast"]], &[&[], &["dev"]]);
    assert_eq!(count, 24);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_project_of_the_standard_is_read_as_poetry_does() {
    let manifest = format!(
        r#"[project]
name = "svc"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["requests[socks]>=2.31", "core[fancy]", "tomli; python_version < '3.12'"]
[project.optional-dependencies]
fast = ["redis[hiredis]"]
all = ["redis[hiredis]", "markupsafe"]
[dependency-groups]
test = ["pytest"]
docs = ["markdown", {{ include-group = "test" }}]
[tool.poetry]
package-mode = false
[tool.poetry.dependencies]
core = {{ path = "../../libs/core", develop = true }}
[[tool.poetry.source]]
name = "index"
url = "{}"
"#,
        default_index()
    );
    let extras: &[&[&str]] = &[&[], &["fast"], &["all"]];
    let groups: &[&[&str]] = &[&[], &["test"], &["docs"]];
    assert_eq!(compared(POETRY, "2.1", &manifest, extras, groups), 54);
}
