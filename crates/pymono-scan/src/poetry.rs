//! What `[tool.poetry]` says, in the words of the standard `[project]`.

use std::collections::BTreeMap;

use pep508_rs::ExtraName;
use pymono_names::TreePath;
use serde_json::{Map, Value, json};

use crate::{
    manifest::{Content, Manifest, PathNeed, ProjectTable, Scope},
    tree::Tree,
};

/// One dependency as Poetry writes it.
struct Dependency<'a> {
    name: &'a str,
    wire: &'a Value,
}

/// Adds what Poetry's own table says to the standard ones.
///
/// Where `[project]` has dependencies, Poetry's table only says where they come from.
pub(crate) fn complete(content: &mut Content, folder: &TreePath) {
    let poetry = std::mem::take(&mut content.tool.poetry);
    if let Some(table) = poetry.as_object() {
        let main = dependencies(table.get("dependencies"));
        // A group of this name is what production needs (it is Poetry's own name for that).
        let group = poetry.pointer("/group/main/dependencies");
        let main: Vec<_> = main.into_iter().chain(dependencies(group)).collect();
        add_project(content, table, folder, &main);
        let extras = table.get("extras").map(extras_of).unwrap_or_default();
        add_paths(content, &main, &extras, &grouped_paths(table));
        add_groups(content, table);
    }
    content.tool.poetry = poetry;
}

/// Returns whether Poetry finds something to package: its build fails without.
pub(crate) fn has_package(tree: &Tree, manifest: &Manifest) -> bool {
    let folder = &manifest.folder;
    let there = |path: &str| {
        let path = folder.join(path).ok();
        path.is_some_and(|path| tree.has(&path) || tree.below(&path).next().is_some())
    };
    let packages = manifest.content.tool.poetry.get("packages").and_then(Value::as_array);
    if let Some(packages) = packages {
        let text = |package: &Value, key: &str| {
            package.get(key).and_then(Value::as_str).unwrap_or(".").to_owned()
        };
        return packages.iter().any(|package| {
            let include = text(package, "include");
            include.contains('*') || there(&format!("{}/{include}", text(package, "from")))
        });
    }
    let name = manifest.content.project.as_ref().map(|project| project.name.to_string());
    let module = name.unwrap_or_default().replace('-', "_");
    [format!("{module}.py"), module.clone(), format!("src/{module}.py"), format!("src/{module}")]
        .iter()
        .any(|path| there(path))
}

fn dependencies(table: Option<&Value>) -> Vec<Dependency<'_>> {
    let table = table.and_then(Value::as_object);
    let entries = table.into_iter().flatten().filter(|(name, _)| *name != "python");
    entries.map(|(name, wire)| Dependency { name, wire }).collect()
}

impl<'a> Dependency<'a> {
    /// Returns its forms: several where their markers differ.
    fn forms(&self) -> Vec<&'a Value> {
        self.wire.as_array().map_or_else(|| vec![self.wire], |forms| forms.iter().collect())
    }

    fn is_optional(&self) -> bool {
        self.forms().iter().any(|form| form.get("optional") == Some(&Value::Bool(true)))
    }

    /// Returns the requirements that the forms are, as PEP 508 has them.
    fn texts(&self) -> Vec<String> {
        self.forms().iter().map(|form| self.text(form)).collect()
    }

    fn text(&self, form: &Value) -> String {
        let part = |key: &str| form.get(key).and_then(Value::as_str);
        let extras = form.get("extras").and_then(Value::as_array).into_iter().flatten();
        let extras: Vec<&str> = extras.filter_map(Value::as_str).collect();
        let extras =
            if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        let origin = match (part("git"), part("url")) {
            (Some(git), _) => {
                let at = ["rev", "tag", "branch"].iter().find_map(|key| part(key));
                format!(" @ git+{git}{}", at.map(|at| format!("@{at}")).unwrap_or_default())
            }
            (_, Some(url)) => format!(" @ {url}"),
            _ => range(form.as_str().or_else(|| part("version")).unwrap_or("*")),
        };
        let marker = part("markers").map(|marker| format!(" ; {marker}")).unwrap_or_default();
        format!("{}{extras}{origin}{marker}", self.name)
    }

    /// Returns whether it says itself where it comes from.
    fn has_origin(&self) -> bool {
        let origins = ["path", "git", "url", "source"];
        self.forms().iter().any(|form| origins.iter().any(|key| form.get(key).is_some()))
    }

    fn paths(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.forms().into_iter().filter_map(|form| form.get("path")?.as_str())
    }
}

/// Returns a range in the words of PEP 440; that of several alternatives is left open.
fn range(text: &str) -> String {
    match pymono_lock::poetry_ranges(text).as_deref() {
        Ok([range]) => format!(" {range}"),
        _ => String::new(),
    }
}

/// Returns the names of the dependencies of each extra.
fn extras_of(extras: &Value) -> BTreeMap<String, Vec<&str>> {
    let extras = extras.as_object().into_iter().flatten();
    extras
        .map(|(extra, names)| {
            let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
            (extra.clone(), names.collect())
        })
        .collect()
}

fn add_project(
    content: &mut Content,
    poetry: &Map<String, Value>,
    folder: &TreePath,
    main: &[Dependency<'_>],
) {
    if content.project.is_none() {
        let package = poetry.get("package-mode") != Some(&Value::Bool(false));
        let name = poetry.get("name").and_then(Value::as_str).and_then(|name| name.parse().ok());
        // A table without a name configures Poetry, unless it says that it is no package.
        let name = name.or_else(|| (!package).then(|| crate::discover::name_of(folder)));
        let Some(name) = name else { return };
        content.project = Some(ProjectTable::named(name));
    }
    let Some(project) = &mut content.project else { return };
    if project.requires_python.is_none() {
        let python = poetry.get("dependencies").and_then(|table| table.get("python")?.as_str());
        let python = python.map(|python| range(python).trim().to_owned());
        project.requires_python = python.filter(|python| !python.is_empty());
    }
    if project.scripts.is_empty() {
        let scripts = poetry.get("scripts").and_then(Value::as_object).into_iter().flatten();
        let called = |script: &Value| {
            let text = script.as_str().or_else(|| script.get("reference")?.as_str());
            text.map(str::to_owned)
        };
        project.scripts =
            scripts.filter_map(|(name, script)| Some((name.clone(), called(script)?))).collect();
    }
    if project.dependencies.is_empty() {
        let (optional, always): (Vec<_>, Vec<_>) =
            main.iter().partition(|dependency| dependency.is_optional());
        project.dependencies = always.iter().flat_map(|dependency| dependency.texts()).collect();
        for (extra, names) in poetry.get("extras").map(extras_of).unwrap_or_default() {
            let mut of_extra =
                optional.iter().filter(|dependency| names.contains(&dependency.name));
            let texts = of_extra.by_ref().flat_map(|dependency| dependency.texts());
            project.optional_dependencies.entry(extra).or_default().extend(texts);
        }
    }
}

/// Returns the folders that groups name, by dependency.
///
/// Poetry locks a name once for all groups: where one of them takes it from a folder,
/// a plain range elsewhere is met from that folder too.
fn grouped_paths(poetry: &Map<String, Value>) -> BTreeMap<String, Vec<&str>> {
    let groups = poetry.get("group").and_then(Value::as_object).into_iter().flatten();
    let tables = groups.filter_map(|(_, group)| group.get("dependencies"));
    let tables = tables.chain(poetry.get("dev-dependencies"));
    let mut paths = BTreeMap::<String, Vec<&str>>::new();
    for (name, wire) in tables.filter_map(Value::as_object).flatten() {
        let found = Dependency { name, wire }.paths().collect::<Vec<_>>();
        paths.entry(normalised(name)).or_default().extend(found);
    }
    paths
}

fn normalised(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn add_paths(
    content: &mut Content,
    main: &[Dependency<'_>],
    extras: &BTreeMap<String, Vec<&str>>,
    grouped: &BTreeMap<String, Vec<&str>>,
) {
    for dependency in main {
        let scopes: Vec<Scope> = if dependency.is_optional() {
            let with = extras.iter().filter(|(_, names)| names.contains(&dependency.name));
            with.filter_map(|(extra, _)| Some(Scope::Extra(extra.parse().ok()?))).collect()
        } else {
            vec![Scope::Production]
        };
        let elsewhere = grouped.get(&normalised(dependency.name)).into_iter().flatten();
        let elsewhere = elsewhere.copied().filter(|_| !dependency.has_origin());
        for path in dependency.paths().chain(elsewhere) {
            let need = |scope: &Scope| PathNeed { path: path.to_owned(), scope: scope.clone() };
            content.paths.extend(scopes.iter().map(need));
        }
    }
}

fn add_groups(content: &mut Content, poetry: &Map<String, Value>) {
    let groups = poetry.get("group").and_then(Value::as_object).into_iter().flatten();
    let groups = groups.filter(|(name, _)| *name != "main");
    let groups =
        groups.map(|(name, group)| (name.as_str(), group.get("dependencies"), Some(group)));
    let legacy = poetry.get("dev-dependencies").map(|table| ("dev", Some(table), None));
    for (name, table, group) in groups.chain(legacy) {
        let Ok(group_name) = name.parse::<ExtraName>() else { continue };
        let dependencies = dependencies(table);
        for path in dependencies.iter().flat_map(Dependency::paths) {
            let scope = Scope::Group(group_name.clone());
            content.paths.push(PathNeed { path: path.to_owned(), scope });
        }
        let included = group.and_then(|group| group.get("include-groups")?.as_array());
        let included = included.into_iter().flatten().map(|name| json!({ "include-group": name }));
        let texts = dependencies.iter().flat_map(Dependency::texts).map(Value::String);
        content.dependency_groups.entry(name.to_owned()).or_default().extend(texts.chain(included));
    }
}
