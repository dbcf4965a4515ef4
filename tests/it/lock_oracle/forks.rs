//! One name several times.

use super::{oracle::Count, workspace::Workspace};

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
    .boxed(&["one", "two"])
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
    assert_eq!(workspace.compare(), Count { equal: 24, refused: 2 });
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn an_edge_may_ask_for_several_extras_by_fork() {
    let workspace = Workspace::of_members("")
        .member("queue", r#"dependencies = ["celery[redis,msgpack]==5.4.0; python_version < '3.13'", "celery[redis]==5.5.0; python_version >= '3.13'"]
"#)
        .member("web", r#"dependencies = ["queue", "httpx[http2,socks]", "fastapi[standard]==0.115.6"]
[project.optional-dependencies]
all = ["web[one,two]"]
one = ["sqlalchemy[asyncio,postgresql]==2.0.36"]
two = ["sqlalchemy[asyncio]; platform_machine == 'x86_64'"]
[tool.uv.sources]
queue = { workspace = true }
"#);
    assert_eq!(workspace.compare(), Count { equal: 84, refused: 4 });
}
