//! `Pipfile`, as pipenv documents it.

use std::sync::Arc;

use pep508_rs::{ExtraName, PackageName};
use pymono_names::TreePath;
use serde_json::Value;

use crate::{
    ScanError,
    document::TomlFile,
    manifest::{Content, Form, Manifest, PathNeed, ProjectTable, Scope},
    tree::Tree,
};

/// Reads the `Pipfile` in `folder`, which does not tell the project's name.
pub(crate) fn read(
    tree: &Tree,
    folder: &TreePath,
    name: PackageName,
) -> Result<Option<Manifest>, ScanError> {
    let Some(path) = tree.file_in(folder, "Pipfile") else { return Ok(None) };
    let file = TomlFile::parse(path.as_str(), &tree.read(&path)?)?;
    let value: Value = file.shape()?;
    let mut content = Content::default();
    let mut project = ProjectTable::named(name);
    project.dependencies = add(&mut content, value.get("packages"), &Scope::Production);
    let python = value.pointer("/requires/python_full_version").and_then(Value::as_str);
    let minor = value.pointer("/requires/python_version").and_then(Value::as_str);
    project.requires_python =
        python.map(|full| format!("=={full}")).or(minor.map(|minor| format!("=={minor}.*")));
    let tables = value.as_object().into_iter().flatten();
    for (table, packages) in tables.filter(|(table, _)| !OTHER.contains(&table.as_str())) {
        // The lock calls this category otherwise than the file does.
        let group = if table == "dev-packages" { "develop" } else { table };
        let Ok(name) = group.parse::<ExtraName>() else { continue };
        let texts = add(&mut content, Some(packages), &Scope::Group(name));
        let texts = texts.into_iter().map(Value::String).collect();
        content.dependency_groups.insert(group.to_owned(), texts);
    }
    content.project = Some(project);
    Ok(Some(Manifest::new(folder.clone(), Arc::new(file), content, Form::Pipfile)))
}

/// Tables that are no category of packages.
const OTHER: [&str; 6] = ["packages", "source", "requires", "scripts", "pipenv", "build-system"];

/// Returns the requirements of a category as PEP 508 has them, and notes those that are folders.
fn add(content: &mut Content, packages: Option<&Value>, scope: &Scope) -> Vec<String> {
    let packages = packages.and_then(Value::as_object).into_iter().flatten();
    let mut texts = Vec::new();
    for (name, wire) in packages {
        if let Some(path) = wire.get("path").and_then(Value::as_str) {
            content.paths.push(PathNeed { path: path.to_owned(), scope: scope.clone() });
            continue;
        }
        let extras = wire.get("extras").and_then(Value::as_array).into_iter().flatten();
        let extras: Vec<&str> = extras.filter_map(Value::as_str).collect();
        let extras =
            if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        let range = wire.as_str().or_else(|| wire.get("version")?.as_str()).unwrap_or("*");
        let origin = match wire.get("git").and_then(Value::as_str) {
            Some(git) => {
                let at = wire.get("ref").and_then(Value::as_str);
                format!(" @ git+{git}{}", at.map(|at| format!("@{at}")).unwrap_or_default())
            }
            None if range == "*" => String::new(),
            None => format!(" {range}"),
        };
        let marker = wire.get("markers").and_then(Value::as_str);
        let marker = marker.map(|marker| format!(" ; {marker}")).unwrap_or_default();
        texts.push(format!("{name}{extras}{origin}{marker}"));
    }
    texts
}
