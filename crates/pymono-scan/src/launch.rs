//! How a service is started, where nobody says it.

use pymono_workspace::Launch;

use crate::{
    code::{App, Code, Protocol, Runnable},
    infer::requires,
    manifest::Requirement,
};

/// The port of a web service that nobody gave one.
const PORT: u16 = 8000;

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
}

/// Returns how the service is started; without a command where that cannot be told.
pub(crate) fn launch(starting: &Starting<'_>) -> Launch {
    let served = starting.code.apps.iter().find_map(|app| Some((app, serve(app, starting)?)));
    if let Some((app, command)) = served {
        let web = app.protocol != Protocol::Celery;
        return Launch {
            command: Some(command),
            port: starting.port.or(web.then_some(PORT)),
            health: app.health.clone().filter(|_| web),
        };
    }
    Launch {
        command: script(starting).or_else(|| python(starting)),
        port: starting.port,
        health: None,
    }
}

/// Returns the command that serves an application, if a server for it is installed.
fn serve(app: &App, starting: &Starting<'_>) -> Option<Vec<String>> {
    let serving = Serving {
        target: format!("{}:{}", app.module, app.object),
        factory: app.factory,
        port: starting.port.unwrap_or(PORT).to_string(),
        // What is not installed is imported from a folder that the server must be told of.
        root: Some(app.import_root.as_str()).filter(|root| !starting.installed && !root.is_empty()),
    };
    let has = |name: &str| requires(starting.requirements, name);
    match app.protocol {
        Protocol::Asgi => serving.asgi(has),
        Protocol::Wsgi => serving.wsgi(has),
        Protocol::Celery => {
            let words = ["celery", "--app", &serving.target];
            Some(own([words.as_slice(), &serving.flag("--workdir"), &["worker"]].concat()))
        }
    }
}

/// What goes into the command of a server.
struct Serving<'a> {
    target: String,
    factory: bool,
    port: String,
    root: Option<&'a str>,
}

impl<'a> Serving<'a> {
    fn flag(&self, name: &'a str) -> Vec<&'a str> {
        self.root.map_or_else(Vec::new, |root| vec![name, root])
    }

    /// Returns the application as a server takes it that calls what has parentheses.
    fn called(&self) -> String {
        if self.factory { format!("{}()", self.target) } else { self.target.clone() }
    }

    fn asgi(&self, has: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        let Self { target, port, factory, root } = self;
        let bind = format!("0.0.0.0:{port}");
        let at = ["--host", "0.0.0.0", "--port", port];
        let words = if has("uvicorn") {
            let factory = factory.then_some("--factory");
            [&["uvicorn", target], &at[..], factory.as_slice(), &self.flag("--app-dir")].concat()
        } else if has("hypercorn") && root.is_none() {
            vec!["hypercorn", "--bind", &bind, target].into_iter().filter(|_| !factory).collect()
        } else if has("granian") {
            let factory = factory.then_some("--factory");
            let flags = [factory.as_slice(), &self.flag("--working-dir")].concat();
            [&["granian", "--interface", "asgi"], &at[..], &flags, &[target]].concat()
        } else {
            Vec::new()
        };
        (!words.is_empty()).then(|| own(words))
    }

    fn wsgi(&self, has: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        let Self { target, port, factory, root } = self;
        let (bind, called) = (format!("0.0.0.0:{port}"), self.called());
        let listen = format!("--listen={bind}");
        if has("gunicorn") {
            let root = self.flag("--pythonpath");
            return Some(own([&["gunicorn", "--bind", &bind], &root[..], &[&called]].concat()));
        }
        if root.is_some() {
            return None;
        }
        if has("waitress") {
            let call = factory.then_some("--call");
            return Some(own([&["waitress-serve", &listen], call.as_slice(), &[target]].concat()));
        }
        let flask = ["flask", "--app", target, "run", "--host", "0.0.0.0", "--port", port];
        has("flask").then(|| own(flask.to_vec()))
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
    if let Some(Runnable { file, module }) = &starting.code.main_module
        && starting.code.main_file.is_none()
    {
        let words =
            if starting.installed { vec!["python", "-m", module] } else { vec!["python", file] };
        return Some(own(words));
    }
    let file = starting.code.main_file.as_ref().filter(|file| *file != "manage.py")?;
    let module = file.strip_suffix(".py").unwrap_or(file);
    Some(if starting.installed {
        own(vec!["python", "-m", module])
    } else {
        own(vec!["python", file])
    })
}
