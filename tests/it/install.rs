//! An image has the distributions that `uv sync` installs.

use pymono_tests::{
    FileServer, Repo, Site, elsewhere,
    projects::{hatchling, sources, unbuilt},
    uv::run_tool,
};

use crate::closure::{Installed, PlainInstall, in_image, install_plainly};

/// A service, the Python of its image, and how uv is told what of it is wanted.
const SERVICES: [(&str, &str, &str); 7] = [
    ("plain", "3.13", ""),
    ("selected", "3.13", "--extra all --group tools"),
    ("archives", "3.13", ""),
    ("forked", "3.11", ""),
    ("torn-apart", "3.13", "--extra old"),
    ("uninstalled", "3.13", ""),
    ("dynamic", "3.11", ""),
];

/// Returns the manifest of a service with `[tool.pymono]` at its end.
fn service(name: &str, dependencies: &str, more: &str, settings: &str) -> String {
    let rest = format!(
        "dependencies = [{dependencies}]\n{more}\n[tool.pymono]\ncommand = [\"python\"]\n{settings}"
    );
    if name == "uninstalled" { unbuilt(name, &rest) } else { hatchling(name, &rest) }
}

fn write_services(repo: &Repo, url: &str) {
    repo.write("libs/core/pyproject.toml", &hatchling("core", "dependencies = [\"attrs==25.3.0\"]\n[project.optional-dependencies]\nfast = [\"markupsafe==3.0.2\"]\n"));
    repo.write("libs/core/src/core/__init__.py", "");
    let core = sources(&["core"]);
    for (name, dependencies, more, settings) in [
        ("plain", "\"core\", \"idna==3.10\"", core.clone(), ""),
        (
            "selected",
            "\"core[fast]\"",
            format!(
                "[project.optional-dependencies]\nall = [\"selected[one,two]\"]\none = [\"redis[hiredis]==5.2.1\"]\ntwo = [\"six==1.17.0\"]\n\
                 [dependency-groups]\ndev = [\"toml\"]\ntools = [\"iniconfig==2.1.0\"]\n{core}"
            ),
            "extras = [\"all\"]\ngroups = [\"tools\"]\n",
        ),
        ("archives", "\"boxed\", \"kept\", \"mailed\"", archives(repo, url), ""),
        (
            "forked",
            "\"core\", \"pluggy==1.4.0; python_version < '3.12'\", \"pluggy==1.5.0; python_version >= '3.12'\"",
            core.clone(),
            "python = \"3.11\"\n",
        ),
        (
            "torn-apart",
            "\"core\"",
            format!(
                "[project.optional-dependencies]\nnew = [\"packaging==24.1\"]\nold = [\"packaging==24.0\"]\n{core}\
                 [tool.uv]\nconflicts = [[{{ extra = \"new\" }}, {{ extra = \"old\" }}]]\n"
            ),
            "extras = [\"old\"]\n",
        ),
        ("uninstalled", "\"core\", \"docopt==0.6.2\"", core.clone(), ""),
        (
            "dynamic",
            "\"core\"",
            format!(
                "dynamic = [\"version\"]\n{core}[tool.hatch.version]\npath = \"src/dynamic/__init__.py\"\n"
            ),
            "python = \"3.11\"\n",
        ),
    ] {
        let manifest = service(name, dependencies, &more, settings);
        let manifest = if name == "dynamic" {
            manifest.replacen("version = \"1.0\"\n", "", 1)
        } else {
            manifest
        };
        repo.write(&format!("services/{name}/pyproject.toml"), &manifest);
        let package = name.replace('-', "_");
        repo.write(
            &format!("services/{name}/src/{package}/__init__.py"),
            "__version__ = \"3.2\"\n",
        );
    }
    repo.lock(&[]);
    repo.commit();
}

/// Makes a wheel in the repository, a git repository that builds can reach, and an archive on the network.
fn archives(repo: &Repo, url: &str) -> String {
    let beside = repo.outside();
    for (folder, name) in [("wheel", "boxed"), ("git/sub", "kept"), ("archive", "mailed")] {
        elsewhere::package(&beside.join(folder), name, "");
    }
    elsewhere::wheel(&beside.join("wheel"), &repo.root().join("vendor"));
    elsewhere::wheel(&beside.join("archive"), &beside.join("served"));
    elsewhere::repository(&beside.join("git"), "v1");
    run_tool("git", beside, &["clone", "--quiet", "--bare", "git", "served/kept.git"]);
    run_tool("git", &beside.join("served/kept.git"), &["update-server-info"]);
    format!(
        "[tool.uv.sources]\nboxed = {{ path = \"../../vendor/boxed-1.0-py3-none-any.whl\" }}\n\
         kept = {{ git = \"{url}/kept.git\", tag = \"v1\", subdirectory = \"sub\" }}\n\
         mailed = {{ url = \"{url}/mailed-1.0-py3-none-any.whl\" }}\n"
    )
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn images_hold_what_uv_sync_installs() {
    let site = Site::new(Repo::new("install", ""));
    let server = FileServer::start(&site.docker, &site.repo.outside().join("served"), None);
    write_services(&site.repo, server.url("").trim_end_matches('/'));
    site.build(&["--all"]);
    let sync = |(service, python, more): (&'static str, &'static str, &str)| {
        let git = if service == "archives" {
            "apt-get update -qq && apt-get install -qq --no-install-recommends git >/dev/null && "
        } else {
            ""
        };
        let command = format!(
            "{git}UV_PROJECT_ENVIRONMENT=/app/.venv uv sync --frozen --no-editable \
             --no-default-groups --package {service} {more}"
        );
        PlainInstall { service, python, command }
    };
    let plain = install_plainly(&site, &SERVICES.map(sync));
    for (service, ..) in SERVICES {
        let plain = Installed::read(&plain[service]);
        assert!(plain.distributions().len() > 1, "{service}: {:?}", plain.distributions());
        let ours = in_image(&site, service);
        assert_eq!(ours.distributions(), plain.distributions(), "distributions of {service}");
    }
}
