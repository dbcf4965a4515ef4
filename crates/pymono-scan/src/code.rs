//! What a project's own Python files show, read as text: no Python is run.

use std::sync::LazyLock;

use pymono_names::TreePath;
use regex::Regex;

use crate::{manifest::Manifest, tree::Tree};

/// Folders in a project whose files are not what it runs in production.
const ASIDE: [&str; 9] = [
    "tests",
    "test",
    "testing",
    "docs",
    "examples",
    "scripts",
    "migrations",
    "benchmarks",
    "alembic",
];

/// Stems of files that are looked at first, best first.
const STEMS: [&str; 7] = ["main", "app", "asgi", "wsgi", "server", "api", "__init__"];

/// Names of files that are there to be started.
const STARTED: [&str; 6] = ["main.py", "app.py", "server.py", "worker.py", "run.py", "__main__.py"];

/// So many of them are opened at most.
const MOST_STARTED: usize = 20;

/// Names of objects that are preferred where a file has several, best first.
const OBJECTS: [&str; 3] = ["app", "api", "application"];

/// What makes an application; a file without any of these has none, which is quickly seen.
const CONSTRUCTORS: [&str; 9] = [
    "FastAPI(",
    "Starlette(",
    "Litestar(",
    "Quart(",
    "Sanic(",
    "Flask(",
    "Celery(",
    "get_asgi_application(",
    "get_wsgi_application(",
];

/// What makes a gRPC server.
const GRPC: [&str; 2] = ["grpc.server(", "grpc.aio.server("];

/// Routes that answer when a service is well, best first.
const HEALTH: [&str; 4] = ["/health", "/healthz", "/ping", "/ready"];

/// How an application object is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    /// By an ASGI server, such as uvicorn.
    Asgi,
    /// By a WSGI server, such as gunicorn.
    Wsgi,
    /// By celery's own worker.
    Celery,
}

/// An application object, or the function that makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct App {
    /// How it is served.
    pub(crate) protocol: Protocol,
    /// The file, relative to the project.
    pub(crate) file: String,
    /// The module as it is imported.
    pub(crate) module: String,
    /// The folder, relative to the project, that `module` is imported from; empty for the project's own.
    pub(crate) import_root: String,
    /// The name of the object or function.
    pub(crate) object: String,
    /// Whether it is a function to call.
    pub(crate) factory: bool,
    /// A route in the file that answers when the service is well.
    pub(crate) health: Option<String>,
}

/// A file that can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Runnable {
    /// The file, relative to the project.
    pub(crate) file: String,
    /// The module as it is imported.
    pub(crate) module: String,
}

/// What the files of a project show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    /// The application objects, best first.
    pub(crate) apps: Vec<App>,
    /// A file that makes a gRPC server, relative to the project.
    pub(crate) grpc: Option<String>,
    /// The package whose `__main__.py` is the highest.
    pub(crate) main_package: Option<(String, String)>,
    /// `main.py`, `app.py` or `manage.py` in the project's folder.
    pub(crate) main_file: Option<String>,
    /// A file inside of a package that runs something when it is started.
    pub(crate) main_module: Option<Runnable>,
}

/// Reads the Python files of the project of `manifest`, of which `sources` holds the paths.
///
/// Without `frameworks`, no file is opened: it has nothing to make an application of.
pub(crate) fn read(
    tree: &Tree,
    manifest: &Manifest,
    sources: &[TreePath],
    frameworks: bool,
) -> Code {
    let files = files(tree, manifest, sources);
    let roots = import_roots(manifest, &files);
    let mut code = Code { main_module: main_module(tree, &files, &roots), ..Code::default() };
    if let Some((_, path)) = files.iter().find(|(_, path)| path.ends_with("/__main__.py")) {
        let (root, module) = module_of(path, &roots);
        let package = module.strip_suffix(".__main__").unwrap_or(&module);
        code.main_package = Some((package.to_owned(), root.to_owned()));
    }
    let (named, others): (Vec<_>, Vec<_>) =
        files.iter().filter(|_| frameworks).partition(|(_, path)| stem_rank(path) < STEMS.len());
    let looked_for = named.into_iter().map(|file| (file, true));
    for ((file, path), named) in looked_for.chain(others.into_iter().map(|file| (file, false))) {
        // An application in a file that is named for one is preferred to what others have, and they are many.
        let settled = |app: &App| !app.factory && app.protocol != Protocol::Celery;
        if !named && code.apps.iter().any(settled) {
            break;
        }
        // A link that leads nowhere shows nothing.
        let Ok(text) = tree.read(file) else { continue };
        let (root, module) = module_of(path, &roots);
        if code.grpc.is_none() && GRPC.iter().any(|call| text.contains(call)) {
            code.grpc = Some(path.clone());
        }
        if CONSTRUCTORS.iter().any(|call| text.contains(call)) {
            code.apps.extend(apps(path, &text, root, &module));
        }
    }
    code.apps.sort_by_cached_key(rank);
    let mains = ["main.py", "app.py", "manage.py"];
    let main = mains.into_iter().find(|name| tree.file_in(&manifest.folder, name).is_some());
    code.main_file = main.map(str::to_owned);
    code
}

/// Returns the files with the code of the project of `manifest`, each with the dotted name of its module.
pub(crate) fn modules<'a>(
    tree: &'a Tree,
    manifest: &Manifest,
    sources: &'a [TreePath],
) -> Vec<(&'a TreePath, String)> {
    let files = files(tree, manifest, sources);
    let roots = import_roots(manifest, &files);
    files.iter().map(|(file, path)| (*file, module_of(path, &roots).1)).collect()
}

/// Returns the files with a project's code, each with its path in the project, the likeliest first.
///
/// What the build takes in from elsewhere has the place that it gets there.
fn files<'a>(
    tree: &'a Tree,
    manifest: &Manifest,
    sources: &'a [TreePath],
) -> Vec<(&'a TreePath, String)> {
    let files = sources.iter().flat_map(|source| {
        tree.has(source).then_some(source).into_iter().chain(tree.below(source))
    });
    let placed = |file: &TreePath| {
        let own = file.relative_to(&manifest.folder).map(str::to_owned);
        own.or_else(|| {
            let brick = manifest.bricks.iter().find(|(brick, _)| file.is_in(brick));
            brick.and_then(|(brick, place)| Some(format!("{place}/{}", file.relative_to(brick)?)))
        })
    };
    let mut files: Vec<(&TreePath, String)> = files
        .filter(|file| file.as_str().strip_suffix(".py").is_some())
        .filter_map(|file| Some((file, placed(file)?)))
        .filter(|(_, path)| is_code(path))
        .collect();
    files
        .sort_by_cached_key(|(_, path)| (path.matches('/').count(), stem_rank(path), path.clone()));
    files.dedup();
    files
}

/// Returns the likeliest file inside of a package that says what it does when it is started.
fn main_module(tree: &Tree, files: &[(&TreePath, String)], roots: &[String]) -> Option<Runnable> {
    let likely = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        path.contains('/') && STARTED.contains(&name)
    };
    let starts = |file: &TreePath| {
        // A link that leads nowhere shows nothing.
        let text = tree.read(file).unwrap_or_default();
        ["if __name__ == \"__main__\"", "if __name__ == '__main__'"]
            .iter()
            .any(|guard| text.lines().any(|line| line.starts_with(guard)))
    };
    let mut likely = files.iter().filter(|(_, path)| likely(path)).take(MOST_STARTED);
    let (_, path) = likely.find(|(file, _)| starts(file))?;
    Some(Runnable { file: path.clone(), module: module_of(path, roots).1 })
}

/// Returns what orders applications, the best first.
fn rank(app: &App) -> impl Ord + use<> {
    (
        app.factory,
        app.protocol == Protocol::Celery,
        stem_rank(&app.file),
        app.file.matches('/').count(),
        app.file.clone(),
        position(&OBJECTS, &app.object),
    )
}

fn is_code(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let aside = folders.split('/').any(|part| ASIDE.contains(&part) || part.starts_with('.'));
    let test = name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py";
    name.strip_suffix(".py").is_some() && !aside && !test && path != "setup.py"
}

/// Returns whether a file holds code of the project in `folder`.
pub(crate) fn is_code_of(folder: &TreePath, file: &TreePath) -> bool {
    file.relative_to(folder).is_some_and(is_code)
}

fn position(list: &[&str], name: &str) -> usize {
    list.iter().position(|known| *known == name).unwrap_or(list.len())
}

fn stem_rank(path: &str) -> usize {
    let name = path.rsplit('/').next().unwrap_or(path);
    position(&STEMS, name.strip_suffix(".py").unwrap_or(name))
}

/// Returns the folders that modules are imported from, relative to the project, the longest first.
fn import_roots(manifest: &Manifest, files: &[(&TreePath, String)]) -> Vec<String> {
    let tool = &manifest.content.tool;
    let mut roots = vec![String::new()];
    let hatch =
        tool.hatch.pointer("/build/targets/wheel/packages").and_then(|list| list.as_array());
    for package in hatch.into_iter().flatten().filter_map(|package| package.as_str()) {
        roots.extend(
            package.trim_end_matches('/').rsplit_once('/').map(|(root, _)| root.to_owned()),
        );
    }
    let poetry = tool.poetry.get("packages").and_then(|list| list.as_array());
    let from = poetry.into_iter().flatten().filter_map(|package| package.get("from")?.as_str());
    roots.extend(from.map(str::to_owned));
    let setuptools =
        tool.setuptools.pointer("/packages/find/where").and_then(|list| list.as_array());
    let listed = setuptools.into_iter().flatten().filter_map(|root| root.as_str());
    let named =
        [tool.setuptools.pointer("/package-dir/"), tool.uv.build_backend.get("module-root")];
    roots.extend(
        listed
            .chain(named.into_iter().flatten().filter_map(|root| root.as_str()))
            .map(str::to_owned),
    );
    let has = |start: &str| files.iter().any(|(_, path)| path.starts_with(start));
    if has("src/") && !has("src/__init__.py") {
        roots.push("src".to_owned());
    }
    let mut roots: Vec<String> = roots
        .iter()
        .map(|root| root.trim_start_matches("./").trim_matches('/').to_owned())
        .collect();
    roots.sort_by_key(|root| (std::cmp::Reverse(root.len()), root.clone()));
    roots.dedup();
    roots
}

/// Returns a file's import root and its dotted name from there.
fn module_of<'a>(path: &str, roots: &'a [String]) -> (&'a str, String) {
    let inside = |root: &'a String| {
        let rest = if root.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(root.as_str())?.strip_prefix('/')
        };
        rest.map(|rest| (root.as_str(), rest))
    };
    let (root, rest) = roots.iter().find_map(inside).unwrap_or(("", path));
    let rest = rest.strip_suffix(".py").unwrap_or(rest);
    let rest = rest.strip_suffix("/__init__").unwrap_or(rest);
    (root, rest.replace('/', "."))
}

/// Returns the application objects that a file defines outside of any block, and its factories.
fn apps(file: &str, text: &str, root: &str, module: &str) -> Vec<App> {
    static OBJECT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?m)^([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=[ \t]*(?:[A-Za-z_]\w*\.)*",
            r"(FastAPI|Starlette|Litestar|Quart|Sanic|Flask|Celery|get_asgi_application|get_wsgi_application)\("
        ))
        .ok()
    });
    static FACTORY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?m)^def[ \t]+(create_app|make_app|get_app|create_application)\(([^)]*)\)")
            .ok()
    });
    static INNER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?m)^[ \t]+.*\b(FastAPI|Starlette|Litestar|Quart|Flask)\(").ok()
    });
    let app = |protocol, object: &str, factory| App {
        protocol,
        file: file.to_owned(),
        module: module.to_owned(),
        import_root: root.to_owned(),
        object: object.to_owned(),
        factory,
        health: HEALTH.into_iter().find(|route| has_literal(text, route)).map(str::to_owned),
    };
    let objects = OBJECT.iter().flat_map(|form| form.captures_iter(text));
    let mut found: Vec<App> = objects.map(|m| app(protocol_of(&m[2]), &m[1], false)).collect();
    let inner = INNER.as_ref().and_then(|form| form.captures(text));
    if let (true, Some(inner)) = (found.is_empty(), inner) {
        let defaults = |arguments: &str| {
            let mut arguments = arguments.split(',').map(str::trim).filter(|one| !one.is_empty());
            arguments.all(|one| one.contains('=') || one.starts_with('*'))
        };
        let factories = FACTORY.iter().flat_map(|form| form.captures_iter(text));
        let factories = factories.filter(|m| defaults(&m[2]));
        found.extend(factories.map(|m| app(protocol_of(&inner[1]), &m[1], true)));
    }
    found
}

fn protocol_of(constructor: &str) -> Protocol {
    match constructor {
        "Celery" => Protocol::Celery,
        "Flask" | "get_wsgi_application" => Protocol::Wsgi,
        _ => Protocol::Asgi,
    }
}

fn has_literal(text: &str, literal: &str) -> bool {
    ['"', '\''].iter().any(|quote| text.contains(&format!("{quote}{literal}{quote}")))
}
