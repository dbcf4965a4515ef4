//! A distribution that does not exist for a target is told before anything is built.

use pymono_tests::{Repo, Site, projects::hatchling};

/// Makes a service that needs a distribution and says this about itself.
fn service(needs: &str, settings: &str) -> Site {
    let repo = Repo::new("unavailable", "");
    let rest = format!(
        "dependencies = [\"{needs}\"]\n\n[tool.pymono]\ncommand = [\"python\"]\n{settings}\n"
    );
    repo.write("services/api/pyproject.toml", &hatchling("api", &rest));
    repo.write("services/api/src/api/__init__.py", "");
    repo.lock(&[]);
    Site::new(repo)
}

/// Asks to build and to export the service; both refuse in the same words.
fn refused(site: &Site, more: &[&str]) -> String {
    let build = site.pymono(&["build", "api"]).run();
    let export = site.pymono(&[&["export", "api"], more].concat()).run();
    assert_eq!((build.code, export.code), (Some(3), Some(3)), "{build:?} {export:?}");
    assert_eq!((&*build.stdout, &*export.stdout), ("", ""));
    assert_eq!(build.stderr, export.stderr);
    assert!(!site.docker.has(&site.repo.image("api")));
    build.stderr
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_does_not_exist_for_a_machine_is_told() {
    let site = service("tbb==2021.13.1", "platforms = [\"linux/arm64\"]");
    assert_eq!(
        refused(&site, &["--platform", "linux/arm64"]),
        "error: failed to find what `services/api` needs in `uv.lock`\n  \
         caused by: `tbb==2021.13.1` (line 21) cannot be installed on linux/arm64 with python 3.13 and glibc: \
         it has no source distribution, and only the wheels \
         `tbb-2021.13.1-py2.py3-none-manylinux1_i686.whl`, \
         `tbb-2021.13.1-py2.py3-none-manylinux1_x86_64.whl`, \
         `tbb-2021.13.1-py3-none-win32.whl`, `tbb-2021.13.1-py3-none-win_amd64.whl`\n\n\
         hint: choose another Python or platform, or another version of the package\n"
    );
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_does_not_exist_for_musl_is_told() {
    let site = service("tbb==2021.13.1", "base-image = \"python:3.13-alpine\"");
    assert_eq!(
        refused(&site, &[]),
        "error: failed to find what `services/api` needs in `uv.lock`\n  \
         caused by: `tbb==2021.13.1` (line 21) cannot be installed on linux/amd64 with python 3.13 and musl: \
         it has no source distribution, and only the wheels \
         `tbb-2021.13.1-py2.py3-none-manylinux1_i686.whl`, \
         `tbb-2021.13.1-py2.py3-none-manylinux1_x86_64.whl`, \
         `tbb-2021.13.1-py3-none-win32.whl`, `tbb-2021.13.1-py3-none-win_amd64.whl`\n\n\
         hint: use an image with glibc, such as a `slim` one, or another version of the package\n"
    );
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_does_not_exist_for_a_version_of_python_is_told() {
    let site = service("faiss-cpu==1.7.4", "");
    let wheels = [
        "macosx_10_9_x86_64",
        "macosx_11_0_arm64",
        "manylinux_2_17_aarch64.manylinux2014_aarch64",
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "win_amd64",
    ];
    let wheels = wheels.map(|platform| format!("`faiss_cpu-1.7.4-cp311-cp311-{platform}.whl`"));
    let expected = format!(
        "error: failed to find what `services/api` needs in `uv.lock`\n  \
         caused by: `faiss-cpu==1.7.4` (line 21) cannot be installed on linux/amd64 with python 3.13 and glibc: \
         it has no source distribution, and only the wheels {}\n\n\
         hint: choose another Python or platform, or another version of the package\n",
        wheels.join(", ")
    );
    assert_eq!(refused(&site, &[]), expected);
}
