//! `pylock.toml` against what uv exports of the lock that it was made of.

use pymono_lock::Pylock;
use pymono_tests::uv::run_uv;

use super::{
    oracle::{Export, compare, select, wheels_of},
    projects::Projects,
};

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_standard_lock_of_uv_is_read_as_uv_does() {
    let projects = Projects::new().file(
        "apps/svc/pyproject.toml",
        r#"[project]
name = "svc"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = [
    "requests[socks]>=2.31",
    "core[fancy]",
    "numpy==1.26.4; python_version < '3.12'",
    "numpy==2.1.3; python_version >= '3.12'",
    "colorama; sys_platform == 'win32'",
]
[project.optional-dependencies]
safe = ["markupsafe"]
all = ["svc[safe]", "redis[hiredis]"]
[dependency-groups]
docs = ["markdown"]
test = ["pytest", "greenlet; platform_machine == 'x86_64'"]
[tool.uv]
package = false
[tool.uv.sources]
core = { path = "../../libs/core", editable = true }
"#,
    );
    let folder = projects.service();
    run_uv(&folder, &["lock", "--quiet"]).unwrap();
    let mut count = 0;
    for extras in [&[][..], &["safe"], &["all"]] {
        for groups in [&[][..], &["docs"], &["test"], &["docs", "test"]] {
            let mut args = vec!["export", "--frozen", "--no-default-groups", "--no-header"];
            args.extend(["--quiet", "--no-annotate"]);
            args.extend(extras.iter().flat_map(|extra| ["--extra", extra]));
            args.extend(groups.iter().flat_map(|group| ["--group", group]));
            let export = Export::read(&folder, &run_uv(&folder, &args).unwrap());
            args.extend(["--format", "pylock.toml"]);
            let text = run_uv(&folder, &args).unwrap();
            let lock = Pylock::parse("pylock.toml", &text).unwrap();
            let wheels = wheels_of(&text);
            // The lock is for one selection already, so that nothing is left to select.
            let selection = select(&[], &[]);
            count += compare(&export, &wheels, |target| lock.close(&selection, target));
        }
    }
    assert_eq!(count, 72);
}
