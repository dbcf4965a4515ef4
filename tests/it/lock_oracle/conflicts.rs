//! What excludes each other.

use super::{oracle::Count, workspace::Workspace};

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
fn an_extra_or_a_group_may_choose_a_side_of_another_member() {
    let workspace = Workspace::of_members(
        r#"[tool.uv]
conflicts = [
    [{ package = "a", extra = "new" }, { package = "a", extra = "old" }],
    [{ package = "app", extra = "modern" }, { package = "app", extra = "ancient" }],
    [{ package = "app", group = "fresh" }, { package = "app", extra = "ancient" }],
]
"#,
    )
    .member(
        "a",
        r#"dependencies = ["iniconfig"]
[project.optional-dependencies]
new = ["pluggy==1.5.0"]
old = ["pluggy==1.4.0"]
"#,
    )
    .member(
        "app",
        r#"dependencies = ["a", "idna"]
[project.optional-dependencies]
modern = ["a[new]", "pytest"]
ancient = ["a[old]"]
[dependency-groups]
fresh = ["a[new]"]
[tool.uv.sources]
a = { workspace = true }
"#,
    )
    .member(
        "plain",
        r#"dependencies = ["app[ancient]"]
[tool.uv.sources]
app = { workspace = true }
"#,
    );
    assert_eq!(workspace.compare(), Count { equal: 108, refused: 8 });
}
