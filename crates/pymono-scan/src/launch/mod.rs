//! How a service is started, where nobody says it.

mod serve;
mod work;

use pymono_names::PythonVersion;
use pymono_workspace::Launch;

use crate::{
    code::{App, Code, Runnable},
    infer::requires,
    manifest::Requirement,
};

/// What decides how a service is started.
#[derive(Debug)]
pub(crate) struct Starting<'a> {
    /// The name of its distribution.
    pub(crate) name: &'a str,
    /// What it and the local projects that it needs require.
    pub(crate) requirements: &'a [Requirement],
    /// The commands that it installs; none for a project that is not installed.
    pub(crate) scripts: Vec<&'a str>,
    /// What its files show.
    pub(crate) code: &'a Code,
    /// Whether it is installed; else it is started in a copy of its folder.
    pub(crate) installed: bool,
    /// The configured port.
    pub(crate) port: Option<u16>,
    /// The Python of its image.
    pub(crate) python: PythonVersion,
}

impl Starting<'_> {
    /// Returns whether a distribution is among the requirements.
    fn has(&self, name: &str) -> bool {
        requires(self.requirements, name)
    }

    /// Returns where an application's file is in the image, for a program that takes no module.
    ///
    /// What is installed lies among the other packages; a file outside of any package is not there.
    fn file_of(&self, app: &App) -> Option<String> {
        if !self.installed {
            return Some(app.file.clone());
        }
        let package = app.module.contains('.') && !app.file.ends_with("__init__.py");
        let python = self.python.minor_version();
        let path = app.module.replace('.', "/");
        package.then(|| format!("/app/.venv/lib/python{python}/site-packages/{path}.py"))
    }

    /// Returns the words that start an application's file with Python.
    fn python_on(&self, app: &App) -> Vec<String> {
        let words = if self.installed {
            ["python", "-m", &app.module].to_vec()
        } else {
            vec!["python", &app.file]
        };
        own(words)
    }
}

/// Returns how the service is started; without a command where that cannot be told.
pub(crate) fn launch(starting: &Starting<'_>) -> Launch {
    let code = starting.code;
    if let Some((app, command)) =
        code.apps.iter().find_map(|app| Some((app, start(app, starting)?)))
    {
        let port = port_of(app, starting);
        let own = || app.runner.health().map(str::to_owned);
        let django = || code.django_health.clone().filter(|_| starting.has("django"));
        return Launch {
            command: Some(command),
            port,
            health: app.health.clone().or_else(own).or_else(django).filter(|_| port.is_some()),
        };
    }
    let managed = || serve::managed(starting, starting.port.unwrap_or(serve::PORT));
    let grpc = || code.grpc.as_ref().map(|file| run(file, starting));
    let command = script(starting).or_else(|| python(starting)).or_else(managed).or_else(grpc);
    let port = starting.port.or(code.port.filter(|_| command.is_some()));
    Launch { command, port, health: None }
}

/// Returns the port that an application listens on.
fn port_of(app: &App, starting: &Starting<'_>) -> Option<u16> {
    let usual = app.runner.port()?;
    Some(starting.port.or(app.port).or(starting.code.port).unwrap_or(usual))
}

/// Returns the command that runs an application, if what runs it is installed.
fn start(app: &App, starting: &Starting<'_>) -> Option<Vec<String>> {
    if !app.runner.distributions().iter().any(|name| starting.has(name)) {
        return None;
    }
    match port_of(app, starting) {
        Some(port) => serve::command(app, starting, port),
        None => work::command(app, starting),
    }
}

fn own(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// Returns the installed command that is meant to be started: the one with the project's name, or the only one.
fn script(starting: &Starting<'_>) -> Option<Vec<String>> {
    let scripts = &starting.scripts;
    let same = |script: &&&str| script.replace(['_', '.'], "-").to_lowercase() == starting.name;
    let usual = ["start", "serve", "server"];
    let named =
        scripts.iter().find(same).or_else(|| scripts.iter().find(|script| usual.contains(script)));
    let only = scripts.first().filter(|_| scripts.len() == 1);
    named.or(only).map(|script| vec![(*script).to_owned()])
}

/// Returns the command that starts a package or a file with Python.
fn python(starting: &Starting<'_>) -> Option<Vec<String>> {
    let reachable = |root: &str| starting.installed || root.is_empty();
    if let Some((package, root)) = &starting.code.main_package {
        if reachable(root) {
            return Some(own(vec!["python", "-m", package]));
        }
        return Some(own(vec!["python", &format!("{root}/{}", package.replace('.', "/"))]));
    }
    let Some(file) = &starting.code.main_file else {
        return starting.code.main_module.as_ref().map(|module| run(module, starting));
    };
    let module = file.strip_suffix(".py").unwrap_or(file).to_owned();
    Some(run(&Runnable { file: file.clone(), module }, starting))
}

/// Returns the command that starts a file with Python.
fn run(Runnable { file, module }: &Runnable, starting: &Starting<'_>) -> Vec<String> {
    own(if starting.installed { vec!["python", "-m", module] } else { vec!["python", file] })
}
