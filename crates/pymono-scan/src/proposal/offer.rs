//! What a hand-written Dockerfile says, as settings.

use pymono_names::TreePath;
use pymono_workspace::{DockerfileBuild, Handwritten, Project};
use toml_edit::{Array, InlineTable, Value};

use super::Entry;
use crate::config;

/// Tools that start a command in an environment; a generated image has its own on `PATH`.
const RUNNERS: [&str; 4] = ["pdm", "pipenv", "poetry", "uv"];

/// Variables of tools that make an image, and of what a generated one has itself.
const OF_BUILDS: [&str; 9] = [
    "DEBIAN_FRONTEND",
    "PATH",
    "PDM_",
    "PIP_",
    "POETRY_",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "UV_",
    "VIRTUAL_ENV",
];

/// Returns the key that has the images of a service built as they are; for one, with the settings
/// that could stand in its place.
pub(super) fn dockerfile(service: &Project) -> Entry {
    let mut entry = Entry::new("dockerfile", value(service));
    let [image] = &service.images[..] else { return entry };
    let offered = settings(image);
    if !offered.is_empty() {
        let head = "In place of `dockerfile`, for an image that pymono generates:";
        entry.comment.push(head.to_owned());
        entry.comment.extend(offered.iter().map(|(key, value)| format!("{key} = {value}")));
    }
    entry
}

/// Returns what names the Dockerfiles, or has them found where more is to be said of one than can be.
fn value(service: &Project) -> Value {
    let named = service.images.iter().map(|image| named(service, image));
    match named.collect::<Option<Vec<_>>>() {
        Some(mut named) if named.len() == 1 => named.swap_remove(0),
        Some(named) => Value::Array(named.into_iter().collect()),
        None => true.into(),
    }
}

fn named(service: &Project, image: &Handwritten) -> Option<Value> {
    let DockerfileBuild { dockerfile, target, context, args, contexts, .. } = &image.build;
    if !contexts.is_empty() {
        return None;
    }
    let seen = |path: &TreePath| path.seen_from(&service.path);
    let mut table = InlineTable::from_iter([("path", Value::from(seen(dockerfile)))]);
    if service.images.len() > 1 {
        table.insert("name", image.name.as_str().into());
    }
    if let Some(target) = target {
        table.insert("target", target.as_str().into());
    }
    if *context != service.path {
        table.insert("context", seen(context).into());
    }
    if !args.is_empty() {
        let args: InlineTable =
            args.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        table.insert("args", args.into());
    }
    let value = if table.len() == 1 { seen(dockerfile).into() } else { table.into() };
    config::takes("dockerfile", &value).then_some(value)
}

/// Returns what an image says that a setting can say too.
fn settings(image: &Handwritten) -> Vec<(&'static str, Value)> {
    let Handwritten { base, apt, apk, command, port, user, env, .. } = image;
    let list = |texts: &mut dyn Iterator<Item = &String>| {
        let list: Array = texts.collect();
        (!list.is_empty()).then(|| Value::from(list))
    };
    let words = command.iter().flat_map(|words| match &words[..] {
        [runner, run, rest @ ..] if RUNNERS.contains(&runner.as_str()) && run == "run" => rest,
        words => words,
    });
    let env = env.iter().filter(|(key, value)| {
        !value.contains('$') && !OF_BUILDS.iter().any(|start| key.starts_with(start))
    });
    let env: InlineTable = env.map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let user: Option<i64> = user.as_ref().and_then(|user| user.parse().ok());
    let settings = [
        ("base-image", base.clone().map(Value::from)),
        ("apt", list(&mut apt.iter())),
        ("apk", list(&mut apk.iter())),
        ("command", list(&mut words.into_iter())),
        ("port", port.map(|port| i64::from(port).into())),
        ("env", (!env.is_empty()).then(|| env.into())),
        ("user", user.map(Value::from)),
    ];
    let settings = settings.into_iter().filter_map(|(key, value)| Some((key, value?)));
    // What the configuration would refuse is no offer.
    settings.filter(|(key, value)| config::takes(key, value)).collect()
}
