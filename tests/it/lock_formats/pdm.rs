//! `pdm.lock` against `pdm export`.

use pymono_lock::{PdmLock, Pylock};
use pymono_tests::tools::PDM;

use super::{
    oracle::{Export, Wheels, compare, select, wheels_of},
    projects::Projects,
};

const MANIFEST: &str = r#"[project]
name = "svc"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = [
    "requests[socks]>=2.31",
    "httpx[http2]",
    "tomli; python_version < '3.12'",
    "numpy<2.3",
    "greenlet; platform_machine == 'x86_64'",
    "colorama; sys_platform == 'win32'",
]
[project.optional-dependencies]
safe = ["markupsafe"]
all = ["svc[safe]", "redis[hiredis]"]
[dependency-groups]
docs = ["markdown", "core[fancy] @ file:///${PROJECT_ROOT}/../../libs/core"]
test = ["pytest", { include-group = "docs" }]
[tool.pdm]
distribution = false
[tool.pdm.dev-dependencies]
dev = ["-e file:///${PROJECT_ROOT}/../../libs/core#egg=core"]
"#;

const EXTRAS: [&[&str]; 4] = [&[], &["safe"], &["all"], &["all", "safe"]];
const GROUPS: [&[&str]; 5] = [&[], &["docs"], &["test"], &["dev"], &["dev", "test"]];

/// Exports a selection; of groups for development, those that are named and no others.
fn export(projects: &Projects, extras: &[&str], groups: &[&str]) -> Export {
    let mut args = vec!["export", "--format", "requirements"];
    if groups.is_empty() {
        args.push("--prod");
    }
    args.extend(extras.iter().chain(groups).flat_map(|group| ["--group", group]));
    // PDM refuses hashes if there is a folder among what it exports.
    if !groups.is_empty() {
        args.push("--no-hashes");
    }
    let folder = projects.service();
    Export::read(&folder, &PDM.read(&folder, &args))
}

fn locked(strategy: &[&str]) -> Projects {
    let projects = Projects::new().file("apps/svc/pyproject.toml", MANIFEST);
    let args = [&["lock", "--group", ":all"][..], strategy].concat();
    PDM.read(&projects.service(), &args);
    projects
}

fn compared(projects: &Projects, lock: &PdmLock, wheels: &Wheels) -> usize {
    let mut count = 0;
    for extras in EXTRAS {
        for groups in GROUPS {
            let export = export(projects, extras, groups);
            let selection = select(extras, groups);
            count += compare(&export, wheels, |target| lock.close(&selection, target));
        }
    }
    count
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_that_inherits_metadata_is_read_as_pdm_does() {
    for strategy in [&[][..], &["--strategy", "static_urls"]] {
        let projects = locked(strategy);
        let text = projects.read("pdm.lock");
        let lock = PdmLock::parse("pdm.lock", &text, MANIFEST).unwrap();
        let wheels = wheels_of(&text);
        assert_eq!(compared(&projects, &lock, &wheels), 120);
    }
}

/// PDM exports no lock of this kind, so it is asked for the same lock of the other kind.
#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_that_inherits_nothing_is_walked_to_the_same_end() {
    let projects = locked(&["--strategy", "no_inherit_metadata"]);
    let text = projects.read("pdm.lock");
    assert!(!text.contains("\ngroups = [\"default\"]"), "{text}");
    let lock = PdmLock::parse("pdm.lock", &text, MANIFEST).unwrap();
    let wheels = wheels_of(&text);
    let inherit = ["lock", "--group", ":all", "--update-reuse", "--strategy", "inherit_metadata"];
    PDM.read(&projects.service(), &inherit);
    assert_eq!(compared(&projects, &lock, &wheels), 120);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_standard_lock_for_many_selections_is_read_as_pdm_does() {
    let projects = Projects::new().file("apps/svc/pyproject.toml", MANIFEST);
    let folder = projects.service();
    PDM.read(&folder, &["config", "--local", "lock.format", "pylock"]);
    PDM.read(&folder, &["lock", "--group", ":all"]);
    let text = projects.read("pylock.toml");
    assert!(text.contains("in dependency_groups") && text.contains("in extras"), "{text}");
    let lock = Pylock::parse("pylock.toml", &text).unwrap();
    let wheels = wheels_of(&text);
    let mut count = 0;
    for extras in EXTRAS {
        for groups in GROUPS {
            let export = export(&projects, extras, groups);
            let selection = select(extras, groups);
            count += compare(&export, &wheels, |target| lock.close(&selection, target));
        }
    }
    assert_eq!(count, 120);
}
