//! Tells services from libraries, with reasons.
//!
//! The order of the rules is the order of their strength: what somebody said,
//! then what recipes run, then what the code shows, then what the graph and the folders suggest.

use std::collections::BTreeSet;

use pep508_rs::PackageName;
use pymono_names::TreePath;
use pymono_workspace::Kind;

use crate::{
    code::{App, Code, Runner},
    manifest::Requirement,
    recipes::Signals,
};

/// Folders of what is not for production.
const ASIDE: [&str; 16] = [
    "tests",
    "test",
    "testing",
    "testdata",
    "test_resources",
    "test-resources",
    "e2e",
    "examples",
    "example",
    "docs",
    "doc",
    "templates",
    "template",
    "_template",
    "benchmarks",
    "fixtures",
];
/// Folders of libraries.
const LIBRARIES: [&str; 6] = ["libs", "lib", "libraries", "shared", "common", "packages"];
/// Distributions that serve or run an application.
const SERVERS: [&str; 12] = [
    "uvicorn",
    "gunicorn",
    "hypercorn",
    "granian",
    "waitress",
    "daphne",
    "celery",
    "dramatiq",
    "streamlit",
    "grpcio",
    "functions-framework",
    "locust",
];

/// Returns whether something among the requirements makes or serves applications.
pub(crate) fn has_framework(requirements: &[Requirement]) -> bool {
    let named = |requirement: &Requirement| {
        let name = requirement.name.as_ref();
        SERVERS.contains(&name) || Runner::knows(name)
    };
    requirements.iter().any(named)
}

/// What is known of a project when its kind is decided.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    /// Its folder.
    pub(crate) path: &'a TreePath,
    /// What the configuration says of it.
    pub(crate) said: Said,
    /// The production requirements of its own manifest.
    pub(crate) requirements: &'a [Requirement],
    /// The projects that need it in production.
    pub(crate) dependents: &'a BTreeSet<TreePath>,
    /// Whether recipes run one of those in production.
    pub(crate) is_below_images: bool,
    /// Whether it is the root of a workspace with further members.
    pub(crate) gathers: bool,
    /// The commands that it installs, in order of name; none for a project that is not installed.
    pub(crate) scripts: Vec<&'a str>,
    /// Why hand-written recipes make a service of it.
    pub(crate) recipes: &'a Signals,
    /// The bricks that its build takes in from elsewhere.
    pub(crate) bricks: Vec<&'a TreePath>,
    /// What its files show.
    pub(crate) code: &'a Code,
}

/// What the configuration says of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nothing.
    Nothing,
    /// That it is a service: the file with its settings.
    Service(String),
    /// That it is none, and why.
    Skip(String),
}

/// Returns the kind of a project and why, strongest reason first.
pub(crate) fn judge(evidence: &Evidence<'_>) -> (Kind, Vec<String>) {
    let library = |why: String| (Kind::Library, vec![why]);
    match &evidence.said {
        Said::Skip(why) => return library(why.clone()),
        Said::Service(file) => {
            let shown = by_code(evidence).unwrap_or_default();
            return (Kind::Service, [vec![format!("has settings in {file}")], shown].concat());
        }
        Said::Nothing => {}
    }
    if let Some(folder) = lies_below(evidence.path, &ASIDE) {
        return library(format!("lies below {folder}"));
    }
    let in_library = lies_below(evidence.path, &LIBRARIES);
    let telling = evidence.dependents.iter().find(|it| !is_aside(it));
    let dependent = telling.or(evidence.dependents.first());
    let needed = dependent.map(|dependent| format!("{dependent} depends on it"));
    let by_code = by_code(evidence);
    let recipes = &evidence.recipes.production;
    if !recipes.is_empty() {
        return (Kind::Service, [recipes.clone(), by_code.unwrap_or_default()].concat());
    }
    let starts = !evidence.scripts.is_empty() || evidence.code.main_package.is_some();
    // Where images are written by hand, a service without one serves inside of theirs.
    let serves_others = evidence.is_below_images && !starts;
    let shared = needed.is_some() && (in_library.is_some() || serves_others);
    if let Some(why) = by_code.filter(|_| !shared) {
        return (Kind::Service, why);
    }
    if let Some(needed) = needed {
        return library(needed);
    }
    if let Some(why) = by_start(evidence, in_library) {
        return (Kind::Service, [why, vec!["nothing else depends on it".to_owned()]].concat());
    }
    match in_library {
        Some(folder) => library(format!("lies below {folder}")),
        None if evidence.gathers => {
            library("is the root of a workspace and starts nothing".to_owned())
        }
        None => library("there is nothing in it to start".to_owned()),
    }
}

/// Returns why the code is that of a service: it defines an application and depends on what serves it.
fn by_code(evidence: &Evidence<'_>) -> Option<Vec<String>> {
    let served = |app: &App| {
        let mut distributions = app.runner.distributions().iter();
        distributions.find(|name| requires(evidence.requirements, name))
    };
    let app = evidence.code.apps.iter().find_map(|app| Some((app, served(app)?)));
    if let Some((app, server)) = app {
        return Some(vec![format!("depends on {server}"), app.shown()]);
    }
    let file = evidence.code.grpc.as_ref().filter(|_| requires(evidence.requirements, "grpcio"))?;
    Some(vec!["depends on grpcio".to_owned(), format!("makes a gRPC server in {}", file.file)])
}

/// Returns why a project that nothing depends on is there to be started.
fn by_start(evidence: &Evidence<'_>, in_library: Option<&str>) -> Option<Vec<String>> {
    // Everything may lie in `packages`, so that alone does not outweigh a command.
    if in_library.is_some_and(|folder| folder != "packages") {
        return None;
    }
    let mut why = Vec::new();
    if !evidence.gathers {
        why.extend(evidence.recipes.development.iter().cloned());
    }
    match evidence.scripts[..] {
        [] => {}
        [script] => why.push(format!("installs the command {script}")),
        [script, ..] => why.push(format!("installs the command {script} and others")),
    }
    if let Some((package, _)) = &evidence.code.main_package {
        why.push(format!("has {package}.__main__"));
    }
    let module = evidence.code.main_module.as_ref().filter(|_| !evidence.gathers);
    let package = evidence.code.main_package.is_none();
    why.extend(
        module.filter(|_| package).map(|module| format!("can be started by {}", module.file)),
    );
    // `uv init` leaves a `main.py` beside the manifest of any workspace's root.
    if let Some(file) = evidence.code.main_file.as_ref().filter(|_| !evidence.gathers) {
        why.push(format!("has {file}"));
    }
    if evidence.code.manage && requires(evidence.requirements, "django") && !evidence.gathers {
        why.push("has manage.py".to_owned());
    }
    // In a Polylith workspace, a base is what a project that is deployed is entered by.
    let is_base = |brick: &&&TreePath| brick.parts().any(|part| part == "bases");
    let base = evidence.bricks.iter().find(is_base);
    why.extend(base.map(|base| format!("takes in the base {base}")));
    let server = SERVERS.iter().find(|server| requires(evidence.requirements, server));
    why.extend(server.filter(|_| !evidence.gathers).map(|server| format!("depends on {server}")));
    (!why.is_empty()).then_some(why)
}

/// Returns whether a folder holds what is not for production, such as tests and skeletons.
pub(crate) fn is_aside(path: &TreePath) -> bool {
    lies_below(path, &ASIDE).is_some()
}

/// Returns the folder among `names` that `path` lies below.
///
/// Its own name does not count, as a service may be called `docs`, unless that
/// begins with a `_`, as a skeleton's does.
fn lies_below<'a>(path: &'a TreePath, names: &[&str]) -> Option<&'a str> {
    let last = path.file_name()?;
    let above = path.parts().take(path.parts().count() - 1);
    let own = Some(last).filter(|name| name.starts_with('_'));
    above.chain(own).find(|part| names.contains(part))
}

/// Returns true if `name` is among the requirements, or comes with an extra of one.
pub(crate) fn requires(requirements: &[Requirement], name: &str) -> bool {
    let is = |package: &PackageName, name: &str| package.as_ref() == name;
    requirements.iter().any(|requirement| {
        let standard =
            || requirement.extras.iter().any(|extra| ["standard", "all"].contains(&extra.as_ref()));
        is(&requirement.name, name)
            || (name == "uvicorn" && is(&requirement.name, "fastapi") && standard())
    })
}
