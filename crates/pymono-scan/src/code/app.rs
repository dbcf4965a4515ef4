//! The application objects, factories and started files that a text defines.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    hints,
    runner::{CONSTRUCTORS, MARKS, Runner},
};

/// An application object, the function that makes one, or a file that is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct App {
    /// What runs it.
    pub(crate) runner: Runner,
    /// The file, relative to the project.
    pub(crate) file: String,
    /// The module as it is imported.
    pub(crate) module: String,
    /// The folder, relative to the project, that `module` is imported from; empty for the project's own.
    pub(crate) import_root: String,
    /// The name of the object or function; empty where the file itself is run.
    pub(crate) object: String,
    /// Whether it is a function to call.
    pub(crate) factory: bool,
    /// A route in the file that answers when the service is well.
    pub(crate) health: Option<String>,
    /// The port that the file names for it.
    pub(crate) port: Option<u16>,
}

impl App {
    /// Returns what the file does with it, as a part of a sentence.
    pub(crate) fn shown(&self) -> String {
        let Self { object, file, .. } = self;
        match (object.is_empty(), self.factory) {
            (true, _) => format!("runs in {file}"),
            (false, true) => format!("defines {object}() in {file}"),
            (false, false) => format!("defines {object} in {file}"),
        }
    }
}

/// Names of functions that return an application.
const FACTORIES: [&str; 11] = [
    "create_app",
    "make_app",
    "get_app",
    "build_app",
    "init_app",
    "create_api",
    "create_application",
    "make_application",
    "get_application",
    "build_application",
    "app_factory",
];

/// An object made outside of any block, by anything.
static OBJECT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=[ \t]*\(?[ \t\n]*((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)\(",
    )
    .ok()
});

/// A function that is defined outside of any block, with its arguments.
static FUNCTION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^(async[ \t]+)?def[ \t]+(\w+)\(([^)]*)\)").ok());

/// The forms of [`MARKS`], in their order.
static FORMS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| MARKS.iter().map(|(_, _, form)| Regex::new(form).ok()).collect());

/// Returns the applications that a file defines outside of any block, and its factories.
pub(crate) fn apps(file: &str, text: &str, root: &str, module: &str) -> Vec<App> {
    let app = |(runner, object, factory): (Runner, &str, bool)| App {
        runner,
        file: file.to_owned(),
        module: module.to_owned(),
        import_root: root.to_owned(),
        object: object.to_owned(),
        factory,
        health: hints::health(file, text),
        port: hints::port(text),
    };
    let mut found = objects(text);
    if found.is_empty() {
        found = factories(text);
    }
    found.extend(marks(text));
    found.into_iter().map(app).collect()
}

fn objects(text: &str) -> Vec<(Runner, &str, bool)> {
    if !CONSTRUCTORS.iter().any(|(constructor, _)| text.contains(constructor)) {
        return Vec::new();
    }
    let objects = OBJECT.iter().flat_map(|form| form.captures_iter(text));
    let object = |m: regex::Captures<'_>| Some((Runner::of_constructor(&m[2])?, m.get(1)?.range()));
    objects.filter_map(object).map(|(runner, name)| (runner, &text[name], false)).collect()
}

/// Returns the factories, of what is made within a block of the file.
fn factories(text: &str) -> Vec<(Runner, &str, bool)> {
    let Some(inner) = inner(text) else { return Vec::new() };
    let functions = FUNCTION.iter().flat_map(|form| form.captures_iter(text));
    let factory = |m: regex::Captures<'_>| {
        // A server awaits no factory but aiohttp's own.
        let awaited = m.get(1).is_some() && inner != Runner::Aiohttp;
        let name = m.get(2).filter(|name| FACTORIES.contains(&name.as_str()))?;
        (!awaited && all_optional(&m[3])).then(|| name.range())
    };
    functions.filter_map(factory).map(|name| (inner, &text[name], true)).collect()
}

/// Returns what runs the first application that is made within a block.
fn inner(text: &str) -> Option<Runner> {
    let made = |line: &str| {
        CONSTRUCTORS.iter().find_map(|(constructor, runner)| {
            let (before, after) = line.split_once(constructor)?;
            let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            (whole && after.starts_with('(')).then_some(*runner)
        })
    };
    text.lines().filter(|line| line.starts_with([' ', '\t'])).find_map(made)
}

/// Returns true if a function with these arguments can be called without any.
fn all_optional(arguments: &str) -> bool {
    let mut arguments = arguments.split(',').map(str::trim).filter(|one| !one.is_empty());
    arguments.all(|one| one.contains('=') || one.starts_with('*'))
}

fn marks(text: &str) -> impl Iterator<Item = (Runner, &str, bool)> {
    let likely = MARKS.iter().enumerate().filter(|(_, (_, word, _))| text.contains(word));
    likely.filter_map(|(index, (runner, ..))| {
        let found = FORMS.get(index)?.as_ref()?.captures(text)?;
        let object = found.name("object").map_or("", |object| &text[object.range()]);
        Some((*runner, object, false))
    })
}
