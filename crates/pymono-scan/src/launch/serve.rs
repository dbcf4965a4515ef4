//! Commands that answer requests.

use super::{Starting, own, script};
use crate::code::{App, Runner};

/// The port of a web service that nobody gave one.
pub(super) const PORT: u16 = 8000;

/// Returns the command that lets an application answer at `port`.
pub(super) fn command(app: &App, starting: &Starting<'_>, port: u16) -> Option<Vec<String>> {
    // What is not installed is imported from a folder that the server must be told of.
    let root = Some(app.import_root.as_str());
    let serving = Serving {
        target: format!("{}:{}", app.module, app.object),
        factory: app.factory,
        port: port.to_string(),
        root: root.filter(|root| !starting.installed && !root.is_empty()),
    };
    let has = |name: &str| starting.has(name);
    let by_file = || Some(script(starting).unwrap_or_else(|| starting.python_on(app)));
    match app.runner {
        Runner::Asgi => serving.asgi(has).or_else(|| managed(starting, port)),
        Runner::Wsgi => serving.wsgi(has).or_else(|| managed(starting, port)),
        Runner::Dash => {
            let server = Serving { target: format!("{}.server", serving.target), ..serving };
            server.wsgi(|name| name != "flask" && has(name)).or_else(by_file)
        }
        Runner::Sanic => serving.sanic(),
        Runner::Aiohttp => serving.aiohttp(has),
        Runner::Function => Some(serving.function(&app.object, &starting.file_of(app)?)),
        Runner::Streamlit => Some(serving.streamlit(&starting.file_of(app)?)),
        Runner::Chainlit => Some(serving.chainlit(&starting.file_of(app)?)),
        Runner::GradioFile => {
            let variables = ["env".to_owned(), "GRADIO_SERVER_NAME=0.0.0.0".to_owned()];
            by_file().map(|words| [&variables[..], &words].concat())
        }
        Runner::Airflow => Some(own(vec!["airflow", "standalone"])),
        _ => by_file(),
    }
}

/// Returns the command by which Django serves itself, for a project that is started in its folder.
pub(super) fn managed(starting: &Starting<'_>, port: u16) -> Option<Vec<String>> {
    let managed = starting.code.manage && starting.has("django") && !starting.installed;
    let bind = format!("0.0.0.0:{port}");
    managed.then(|| own(vec!["python", "manage.py", "runserver", "--noreload", &bind]))
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
        } else if has("daphne") && root.is_none() && !factory {
            vec!["daphne", "-b", "0.0.0.0", "-p", port, target]
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
        if has("granian") {
            let factory = factory.then_some("--factory");
            let at = ["--host", "0.0.0.0", "--port", port];
            let words = [&["granian", "--interface", "wsgi"], &at[..], factory.as_slice()].concat();
            return Some(own([words, vec![target]].concat()));
        }
        let flask = ["flask", "--app", target, "run", "--host", "0.0.0.0", "--port", port];
        has("flask").then(|| own(flask.to_vec()))
    }

    fn sanic(&self) -> Option<Vec<String>> {
        let Self { target, port, factory, root } = self;
        let factory = factory.then_some("--factory");
        let words = ["sanic", target, "--host", "0.0.0.0", "--port", port];
        root.is_none().then(|| own([&words, factory.as_slice()].concat()))
    }

    fn aiohttp(&self, has: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        let bind = format!("0.0.0.0:{}", self.port);
        let words = ["gunicorn", "--worker-class", "aiohttp.GunicornWebWorker", "--bind", &bind];
        let root = self.flag("--pythonpath");
        // Its worker calls a factory by itself.
        has("gunicorn").then(|| own([&words[..], &root, &[&self.target]].concat()))
    }

    fn function(&self, name: &str, file: &str) -> Vec<String> {
        let words = ["functions-framework", "--target", name, "--source", file];
        own([&words[..], &["--port", &self.port]].concat())
    }

    fn streamlit(&self, file: &str) -> Vec<String> {
        let at = ["--server.address", "0.0.0.0", "--server.port", &self.port];
        own([&["streamlit", "run", file], &at[..], &["--server.headless", "true"]].concat())
    }

    fn chainlit(&self, file: &str) -> Vec<String> {
        let at = ["--host", "0.0.0.0", "--port", &self.port, "--headless"];
        own([&["chainlit", "run", file], &at[..]].concat())
    }
}
