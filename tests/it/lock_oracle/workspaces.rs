//! What workspaces are made of: members, roots, extras, groups.

use camino::Utf8Path;
use pymono_tests::uv::run_uv;
use tempfile::TempDir;

use super::{
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
fn the_example_is_closed_as_uv_does() {
    let shop = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop");
    let scratch = TempDir::new().unwrap();
    let count = Oracle::new(&shop, Utf8Path::from_path(scratch.path()).unwrap()).compare();
    assert!(count.equal >= 72, "{count:?}");
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn default_groups_are_no_part_of_production() {
    let groups = "[dependency-groups]\ndev = [\"iniconfig\"]\ntest = [\"pytest\"]\n";
    let of = |dependency: &str, default: &str| {
        let default = if default.is_empty() {
            String::new()
        } else {
            format!("[tool.uv]\ndefault-groups = {default}\n")
        };
        format!("dependencies = [\"{dependency}\"]\n{groups}{default}")
    };
    let workspace = Workspace::of_members(
        "[dependency-groups]\nlint = [\"ruff==0.9.0\"]\n[tool.uv]\ndefault-groups = [\"lint\"]\n",
    )
    .member("none", &of("idna", "[]"))
    .member("some", &of("six", "[\"test\"]"))
    .member("all", &of("attrs", "\"all\""))
    .member("usual", &of("click", ""));
    assert_eq!(workspace.compare(), Count { equal: 240, refused: 8 });
    let closures = workspace.oracle().closures();
    let production: Vec<_> =
        closures.iter().filter(|(asked, _)| asked.contains("extras: {}, groups: {}")).collect();
    assert_eq!(production.len(), 4 * 12);
    assert!(production.iter().all(|(_, closure)| closure.pins.len() == 1), "{production:?}");
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn members_may_need_each_other_in_a_circle() {
    let workspace = Workspace::of_members("")
        .member(
            "one",
            r#"dependencies = ["two[more]", "idna"]
[project.optional-dependencies]
back = ["two[again]"]
[tool.uv.sources]
two = { workspace = true }
"#,
        )
        .member(
            "two",
            r#"dependencies = ["three"]
[project.optional-dependencies]
more = ["one[back]", "click"]
again = ["rich", "two[more]"]
[tool.uv.sources]
one = { workspace = true }
three = { workspace = true }
"#,
        )
        .member(
            "three",
            r#"dependencies = ["one"]
[tool.uv.sources]
one = { workspace = true }
"#,
        );
    assert_eq!(workspace.compare(), Count { equal: 108, refused: 6 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn environments_that_are_required_or_excluded_change_nothing_for_the_others() {
    let workspace = Workspace::of_members(
        r#"[tool.uv]
environments = ["sys_platform == 'linux' and python_version < '3.13'"]
required-environments = ["sys_platform == 'linux' and platform_machine == 'aarch64'"]
"#,
    )
    .member(
        "api",
        r#"dependencies = ["numpy", "colorama; sys_platform == 'win32'", "uvloop; sys_platform != 'win32'", "greenlet; python_version < '3.12'"]
"#,
    );
    workspace.lock();
    let count = workspace.oracle().compare_on(|target| target.python.minor < 13);
    assert_eq!(count, Count { equal: 16, refused: 2 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn several_locks_may_point_at_one_library() {
    let app = |name: &str, needs: &str| {
        let rest = format!(
            "dependencies = [\"core[fast]\", {needs}]\n[tool.uv.sources]\ncore = {{ path = \"../../libs/core\" }}\n"
        );
        project(name, &rest)
    };
    let workspace = Workspace::new(&project("root", "dependencies = [\"core\"]\n[tool.uv.sources]\ncore = { path = \"libs/core\", editable = true }\n"))
        .file("libs/core/pyproject.toml", &project("core", r#"dependencies = ["click", "base"]
[project.optional-dependencies]
fast = ["orjson"]
[tool.uv.sources]
base = { path = "../base" }
"#))
        .file("libs/base/pyproject.toml", &project("base", "dependencies = [\"idna\"]\n"))
        .file("apps/old/pyproject.toml", &app("old", "\"click<8.1\", \"idna==3.4\""))
        .file("apps/new/pyproject.toml", &app("new", "\"click>=8.1\""));
    let mut count = workspace.compare();
    for folder in ["apps/old", "apps/new"] {
        let folder = workspace.root().join(folder);
        run_uv(&folder, &["lock", "--quiet"]).unwrap();
        let oracle = Oracle::new(&folder, workspace.outside());
        for (asked, closure) in oracle.closures() {
            let locals: Vec<_> = closure.locals.keys().map(String::as_str).collect();
            assert_eq!(locals, [".", "../../libs/base", "../../libs/core"], "{asked}");
        }
        count += oracle.compare();
    }
    assert_eq!(count, Count { equal: 72, refused: 6 });
}
