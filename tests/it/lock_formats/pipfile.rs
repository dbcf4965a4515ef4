//! `Pipfile.lock` against `pipenv requirements`.

use pymono_lock::{ClosureError, PipfileLock};
use pymono_tests::tools::{PIPENV, default_index};

use super::{
    oracle::{Export, Wheels, compare, select, targets},
    projects::Projects,
};

fn locked(packages: &str) -> Projects {
    let manifest = format!(
        r#"[[source]]
url = "{}"
verify_ssl = true
name = "index"
[packages]
{packages}
[dev-packages]
pytest = "*"
[docs]
markdown = "*"
jinja2 = "*"
"#,
        default_index()
    );
    let projects = Projects::new().file("apps/svc/Pipfile", &manifest);
    PIPENV.read(&projects.service(), &["lock"]);
    projects
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn categories_are_read_as_pipenv_does() {
    let projects = locked(
        r#"requests = {version = "*", extras = ["socks"]}
httpx = {version = "*", extras = ["http2"]}
core = {path = "../../libs/core", editable = true, extras = ["fancy"]}
tomli = {version = "*", markers = "python_version < '3.12'"}
greenlet = {version = "*", markers = "platform_machine == 'x86_64'"}
"#,
    );
    let folder = projects.service();
    let lock = PipfileLock::parse("Pipfile.lock", &projects.read("Pipfile.lock")).unwrap();
    let mut count = 0;
    for groups in [&[][..], &["develop"], &["docs"], &["develop", "docs"]] {
        // pipenv knows the first two categories by their names in the `Pipfile`.
        let names = groups.iter().map(|group| match *group {
            "develop" => "dev-packages",
            other => other,
        });
        let categories: Vec<_> = ["packages"].into_iter().chain(names).collect();
        let categories = categories.join(",");
        let args = ["requirements", "--hash", "--categories", &categories];
        let export = Export::read(&folder, &PIPENV.read(&folder, &args));
        let selection = select(&[], groups);
        count += compare(&export, &Wheels::Unnamed, |target| lock.close(&selection, target));
    }
    assert_eq!(count, 24);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn what_pipenv_leaves_open_is_refused() {
    let projects = locked("colorama = {version = \"*\", sys_platform = \"== 'win32'\"}\n");
    let text = projects.read("Pipfile.lock");
    let lock = PipfileLock::parse("Pipfile.lock", &text).unwrap();
    for target in targets() {
        match lock.close(&select(&[], &[]), &target) {
            // pipenv keeps the marker in some releases, and in others neither marker nor version.
            Ok(closure) => assert!(text.contains("win32") && closure.pins.is_empty(), "{text}"),
            Err(error) => assert!(
                matches!(&error, ClosureError::Unpinned { requirements } if requirements[0].starts_with("colorama (line ")),
                "{error}"
            ),
        }
    }
}
