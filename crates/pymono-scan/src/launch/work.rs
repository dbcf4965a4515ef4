//! Commands that take tasks from queues.

use std::collections::BTreeSet;

use super::{Starting, own};
use crate::code::{App, Runner};

/// Returns the command that lets an application work.
pub(super) fn command(app: &App, starting: &Starting<'_>) -> Option<Vec<String>> {
    let App { module, object, import_root, .. } = app;
    let target = format!("{module}:{object}");
    let dotted = format!("{module}.{object}");
    // What is not installed is imported from a folder that the worker must be told of.
    let root = Some(import_root.as_str()).filter(|root| !starting.installed && !root.is_empty());
    let flag = |name: &'static str| root.map_or_else(Vec::new, |root| vec![name, root]);
    let words = match app.runner {
        Runner::Celery => {
            [&["celery", "--app", &target], &flag("--workdir")[..], &["worker"]].concat()
        }
        Runner::Dramatiq => {
            let modules = modules(starting, Runner::Dramatiq);
            let modules: Vec<&str> = modules.into_iter().collect();
            return Some(own([&["dramatiq"], &flag("--path")[..], &modules].concat()));
        }
        Runner::Taskiq => [&["taskiq", "worker"], &flag("--app-dir")[..], &[&target]].concat(),
        Runner::FastStream => [&["faststream", "run"], &flag("--app-dir")[..], &[&target]].concat(),
        Runner::Rq => [&["rq", "worker"], &flag("--path")[..]].concat(),
        Runner::Arq => [&["arq"], &[dotted.as_str()][..]].concat(),
        Runner::Lambda => vec!["python", "-m", "awslambdaric", &dotted],
        Runner::Huey => vec!["huey_consumer", &dotted],
        _ => return None,
    };
    let told = root.is_none() || words.len() > 2 && words.iter().any(|word| word.starts_with("--"));
    told.then(|| own(words))
}

/// Returns the modules with something for a runner.
fn modules<'a>(starting: &Starting<'a>, runner: Runner) -> BTreeSet<&'a str> {
    let apps = starting.code.apps.iter().filter(|app| app.runner == runner);
    apps.map(|app| app.module.as_str()).collect()
}
