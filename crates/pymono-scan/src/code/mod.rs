//! What a project's own Python files show, read as text: no Python is run.

mod app;
mod files;
mod hints;
mod runner;

use pymono_names::TreePath;

use self::{
    app::apps,
    files::{File, STEMS, files, import_roots, module_of, position, stem_rank},
    runner::Role,
};
use crate::{manifest::Manifest, tree::Tree};

pub(crate) use self::{
    app::App,
    files::{is_code_of, modules},
    runner::Runner,
};

/// Names of files that are there to be started.
const STARTED: [&str; 7] =
    ["main.py", "app.py", "server.py", "worker.py", "run.py", "__main__.py", "bot.py"];

/// So many of them are opened at most.
const MOST_STARTED: usize = 20;

/// Names of objects that are preferred where a file has several, best first.
const OBJECTS: [&str; 3] = ["app", "api", "application"];

/// What makes a gRPC server.
const GRPC: [&str; 2] = ["grpc.server(", "grpc.aio.server("];

/// What a file says that does something when it is started.
const GUARDS: [&str; 2] = ["if __name__ == \"__main__\"", "if __name__ == '__main__'"];

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
    /// The applications, best first.
    pub(crate) apps: Vec<App>,
    /// A file that makes a gRPC server.
    pub(crate) grpc: Option<Runnable>,
    /// The package whose `__main__.py` is the highest.
    pub(crate) main_package: Option<(String, String)>,
    /// `main.py` or `app.py` in the project's folder, or another file there that starts something.
    pub(crate) main_file: Option<String>,
    /// Whether there is a `manage.py` in the project's folder, by which Django is told what to do.
    pub(crate) manage: bool,
    /// A file inside of a package that runs something when it is started.
    pub(crate) main_module: Option<Runnable>,
    /// The port that the likeliest of the files names.
    pub(crate) port: Option<u16>,
    /// A route of Django's that answers when the service is well.
    pub(crate) django_health: Option<String>,
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
    let mut code = Code {
        main_module: main_module(tree, &files, &roots),
        main_file: main_file(tree, manifest, &files),
        manage: tree.file_in(&manifest.folder, "manage.py").is_some(),
        ..Code::default()
    };
    if let Some((_, path)) = files.iter().find(|(_, path)| path.ends_with("/__main__.py")) {
        let (root, module) = module_of(path, &roots);
        let package = module.strip_suffix(".__main__").unwrap_or(&module);
        code.main_package = Some((package.to_owned(), root.to_owned()));
    }
    if frameworks {
        find_apps(tree, &files, &roots, &mut code);
    }
    code
}

/// Opens the files in which applications may be, the likeliest first.
fn find_apps(tree: &Tree, files: &[File<'_>], roots: &[String], code: &mut Code) {
    let (named, others): (Vec<_>, Vec<_>) =
        files.iter().partition(|(_, path)| stem_rank(path) < STEMS.len());
    let looked_for = named.into_iter().map(|file| (file, true));
    for ((file, path), named) in looked_for.chain(others.into_iter().map(|file| (file, false))) {
        // An application in a file that is named for one is preferred to what others have, and they are many.
        let settled = |app: &App| !app.factory && app.runner.role() == Role::Web;
        let routes = code.django_health.is_none() && path.ends_with("urls.py");
        if !named && !routes && code.apps.iter().any(settled) {
            continue;
        }
        // A link that leads nowhere shows nothing.
        let Ok(text) = tree.read(file) else { continue };
        let (root, module) = module_of(path, roots);
        if code.grpc.is_none() && GRPC.iter().any(|call| text.contains(call)) {
            code.grpc = Some(Runnable { file: path.to_string(), module: module.clone() });
            code.port = hints::port(&text).or(code.port);
        }
        if routes {
            code.django_health = hints::django(&text);
        }
        code.port = code.port.or_else(|| hints::port(&text));
        code.apps.extend(apps(path, &text, root, &module));
    }
    code.apps.sort_by_cached_key(rank);
}

/// Returns the file in the project's folder that is there to be started.
fn main_file(tree: &Tree, manifest: &Manifest, files: &[File<'_>]) -> Option<String> {
    let plain = ["main.py", "app.py"].into_iter();
    let mut plain = plain.filter(|name| tree.file_in(&manifest.folder, name).is_some());
    let other = || {
        let mut other = files.iter().filter(|(_, path)| STARTED.contains(&path.as_ref()));
        other.find(|(file, _)| starts(tree, file)).map(|(_, path)| path.to_string())
    };
    plain.next().map(str::to_owned).or_else(other)
}

/// Returns the likeliest file inside of a package that says what it does when it is started.
fn main_module(tree: &Tree, files: &[File<'_>], roots: &[String]) -> Option<Runnable> {
    let likely = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        path.contains('/') && STARTED.contains(&name)
    };
    let mut likely = files.iter().filter(|(_, path)| likely(path)).take(MOST_STARTED);
    let (_, path) = likely.find(|(file, _)| starts(tree, file))?;
    Some(Runnable { file: path.to_string(), module: module_of(path, roots).1 })
}

/// Returns whether a file says what it does when it is started.
fn starts(tree: &Tree, file: &TreePath) -> bool {
    // A link that leads nowhere shows nothing.
    let text = tree.read(file).unwrap_or_default();
    GUARDS.iter().any(|guard| text.lines().any(|line| line.starts_with(guard)))
}

/// Returns what orders applications, the best first.
fn rank(app: &App) -> impl Ord + use<> {
    (
        app.runner.role(),
        app.factory,
        stem_rank(&app.file),
        app.file.matches('/').count(),
        app.file.clone(),
        app.runner,
        position(&OBJECTS, &app.object),
    )
}
