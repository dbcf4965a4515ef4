//! `Cargo.lock`, reduced to what some crates need.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use toml::{Table, Value};

/// Returns the lock in the folder of a workspace.
pub(super) fn lock_in(root: &TreePath) -> TreePath {
    root.join("Cargo.lock").unwrap_or_else(|_| root.clone())
}

/// Returns the lock with the packages alone that are reached from crates of the tree.
///
/// `crates` has the packages that each of them requires, by name, because a
/// lock does not tell which are for development only. What cannot be read, or
/// is in the format of before 2020, is returned as it is.
pub(super) fn reduced(text: &str, crates: &BTreeMap<String, BTreeSet<String>>) -> String {
    let Ok(mut table) = text.parse::<Table>() else { return text.to_owned() };
    let Some(Value::Array(packages)) = table.remove("package") else { return text.to_owned() };
    if table.contains_key("metadata") {
        return text.to_owned();
    }
    let kept = reached(&packages, crates);
    let packages = packages.into_iter().enumerate().filter(|(at, _)| kept.contains(at));
    let packages = packages.map(|(_, package)| own_needs(package, crates)).collect();
    table.insert("package".to_owned(), Value::Array(packages));
    toml::to_string(&table).unwrap_or_else(|_| text.to_owned())
}

/// Returns the places of the packages that are reached.
fn reached(packages: &[Value], crates: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<usize> {
    let mut by_name = BTreeMap::<&str, Vec<usize>>::new();
    for (at, package) in packages.iter().enumerate() {
        by_name.entry(text(package, "name")).or_default().push(at);
    }
    let local =
        |at: &usize| is_local(&packages[*at]) && crates.contains_key(text(&packages[*at], "name"));
    let mut todo: Vec<usize> = (0..packages.len()).filter(local).collect();
    let mut kept = BTreeSet::new();
    while let Some(at) = todo.pop() {
        if !kept.insert(at) {
            continue;
        }
        for needed in needs(&packages[at], crates) {
            // `name`, `name version` or `name version (source)`, as much as tells it from others.
            let mut words = needed.split(' ');
            let found = by_name.get(words.next().unwrap_or_default()).into_iter().flatten();
            let version = words.next();
            let same = |at: &&usize| {
                version.is_none_or(|version| text(&packages[**at], "version") == version)
            };
            todo.extend(found.filter(same).copied());
        }
    }
    kept
}

/// Returns the entries for what a package needs, without what a crate of the tree does not.
fn needs<'a>(
    package: &'a Value,
    crates: &BTreeMap<String, BTreeSet<String>>,
) -> impl Iterator<Item = &'a str> {
    let required = crates.get(text(package, "name")).filter(|_| is_local(package)).cloned();
    let entries = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(Value::as_str).filter(move |entry| {
        let name = entry.split(' ').next().unwrap_or_default();
        required.as_ref().is_none_or(|required| required.contains(name))
    })
}

fn own_needs(mut package: Value, crates: &BTreeMap<String, BTreeSet<String>>) -> Value {
    let needs: Vec<Value> = needs(&package, crates).map(Value::from).collect();
    if let Some(table) = package.as_table_mut() {
        table.remove("dependencies");
        if !needs.is_empty() {
            table.insert("dependencies".to_owned(), Value::Array(needs));
        }
    }
    package
}

fn is_local(package: &Value) -> bool {
    package.get("source").is_none()
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "core"
version = "0.1.0"
dependencies = ["itoa", "syn 2.0.1", "proptest"]

[[package]]
name = "other"
version = "0.1.0"
dependencies = ["syn 1.0.0"]

[[package]]
name = "itoa"
version = "1.0.0"
source = "registry+https://index.example"

[[package]]
name = "proptest"
version = "1.0.0"
source = "registry+https://index.example"

[[package]]
name = "syn"
version = "1.0.0"
source = "registry+https://index.example"

[[package]]
name = "syn"
version = "2.0.1"
source = "registry+https://index.example"
dependencies = ["itoa"]
"#;

    #[test]
    fn a_lock_keeps_what_the_crates_need_to_be_built() {
        let core = BTreeSet::from(["itoa", "syn"].map(str::to_owned));
        let reduced = reduced(LOCK, &BTreeMap::from([("core".to_owned(), core)]));
        let table: Table = reduced.parse().unwrap();
        let packages = table["package"].as_array().unwrap();
        let names: Vec<_> =
            packages.iter().map(|it| (text(it, "name"), text(it, "version"))).collect();
        assert_eq!(names, [("core", "0.1.0"), ("itoa", "1.0.0"), ("syn", "2.0.1")]);
        assert_eq!(packages[0]["dependencies"].as_array().unwrap().len(), 2);
        assert_eq!(table["version"].as_integer(), Some(4));
    }

    #[test]
    fn what_is_no_lock_stays_as_it_is() {
        for text in ["<<<<<<< ours", "version = 4\n", "[metadata]\n[[package]]\nname = \"a\"\n"] {
            assert_eq!(reduced(text, &BTreeMap::new()), text);
        }
    }
}
