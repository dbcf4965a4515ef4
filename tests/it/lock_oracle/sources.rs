//! Where distributions come from.

use pymono_lock::{Closure, Lock, PinSource, Selection};
use pymono_names::{Libc, Platform, Target};
use pymono_tests::{FileServer, elsewhere, uv::run_tool};

use super::{
    oracle::Count,
    workspace::{Workspace, project},
};

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
        .boxed(&["wheels"]);
    let plugin = workspace.outside().join("plugin");
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
fn archives_on_the_network_and_commits_are_followed() {
    let workspace = Workspace::of_members("");
    let beside = workspace.outside().to_owned();
    for (folder, name, needs) in [
        ("web", "web-wheel", "idna"),
        ("packed/inner", "packed", "six"),
        ("by-branch", "by-branch", "click"),
        ("by-commit/deep/down", "by-commit", "attrs"),
        ("absolute", "absolute", "iniconfig"),
    ] {
        elsewhere::package(&beside.join(folder), name, &format!("dependencies = [\"{needs}\"]\n"));
    }
    let workspace = workspace.git("../by-branch", "v1").git("../by-commit", "v1");
    elsewhere::wheel(&beside.join("web"), &beside.join("served"));
    run_tool("tar", &beside, &["-czf", "served/packed-1.0.tar.gz", "packed"]);
    let [branch, commit] = [("by-branch", "--abbrev-ref"), ("by-commit", "--verify")]
        .map(|(folder, how)| run_tool("git", &beside.join(folder), &["rev-parse", how, "HEAD"]));
    let server = FileServer::on_loopback(&beside.join("served"));
    let url = server.url("");
    let url = url.trim_end_matches('/');
    let workspace = workspace.member(
        "app",
        &format!(
            r#"dependencies = ["web-wheel", "packed", "by-branch", "by-commit", "absolute"]
[tool.uv.sources]
web-wheel = {{ url = "{url}/web_wheel-1.0-py3-none-any.whl" }}
packed = {{ url = "{url}/packed-1.0.tar.gz", subdirectory = "inner" }}
by-branch = {{ git = "file://{beside}/by-branch", branch = "{}" }}
by-commit = {{ git = "file://{beside}/by-commit", rev = "{}", subdirectory = "deep/down" }}
absolute = {{ path = "{beside}/absolute", editable = true }}
"#,
            branch.trim(),
            commit.trim(),
        ),
    );
    assert_eq!(workspace.compare(), Count { equal: 24, refused: 2 });
    let closures = workspace.oracle().closures();
    let closure = closures.values().next().unwrap();
    let packed = closure.pins.iter().find(|pin| pin.name.as_ref() == "packed").unwrap();
    let expected = PinSource::Url {
        url: format!("{url}/packed-1.0.tar.gz"),
        subdirectory: Some("inner".to_owned()),
    };
    assert_eq!(packed.source, expected);
}

fn sdist_of(package: &str, lock: &str) -> String {
    let closure = production("taken", lock);
    let pin = closure.pins.into_iter().find(|pin| pin.name.as_ref() == package).unwrap();
    pin.sdist.unwrap().url.unwrap()
}

fn production(package: &str, lock: &str) -> Closure {
    let target =
        Target { python: "3.12".parse().unwrap(), platform: Platform::Amd64, libc: Libc::Glibc };
    let selection = Selection::production(package.parse().unwrap());
    Lock::parse("uv.lock", lock).unwrap().close(&selection, &target).unwrap()
}
