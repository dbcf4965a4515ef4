//! The files with a project's code, and the modules that they are.

use std::borrow::Cow;

use pymono_names::TreePath;

use crate::{manifest::Manifest, tree::Tree};

/// Folders in a project whose files are not what it runs in production.
const ASIDE: [&str; 9] = [
    "tests",
    "test",
    "testing",
    "docs",
    "examples",
    "scripts",
    "migrations",
    "benchmarks",
    "alembic",
];

/// Stems of files that are looked at first, best first.
pub(crate) const STEMS: [&str; 8] =
    ["main", "app", "asgi", "wsgi", "server", "api", "streamlit_app", "__init__"];

/// A file with a project's code, and its path in the project.
pub(crate) type File<'a> = (&'a TreePath, Cow<'a, str>);

/// Returns the files with the code of the project of `manifest`, each with the dotted name of its module.
pub(crate) fn modules<'a>(
    tree: &'a Tree,
    manifest: &Manifest,
    sources: &'a [TreePath],
) -> Vec<(&'a TreePath, String)> {
    let files = files(tree, manifest, sources);
    let roots = import_roots(manifest, &files);
    files.iter().map(|(file, path)| (*file, module_of(path, &roots).1)).collect()
}

/// Returns the files with a project's code, each with its path in the project, the likeliest first.
///
/// What the build takes in from elsewhere has the place that it gets there.
pub(crate) fn files<'a>(
    tree: &'a Tree,
    manifest: &Manifest,
    sources: &'a [TreePath],
) -> Vec<File<'a>> {
    let files = sources.iter().flat_map(|source| tree.within(source));
    let placed = |file: &'a TreePath| {
        let own = file.relative_to(&manifest.folder).map(Cow::Borrowed);
        own.or_else(|| {
            let brick = manifest.bricks.iter().find(|(brick, _)| file.is_in(brick));
            let (brick, place) = brick?;
            Some(format!("{place}/{}", file.relative_to(brick)?).into())
        })
    };
    let mut files: Vec<_> = files
        .filter(|file| file.as_str().strip_suffix(".py").is_some())
        .filter_map(|file| Some((file, placed(file)?)))
        .filter(|(_, path)| is_code(path))
        .map(|(file, path)| (path.matches('/').count(), stem_rank(&path), path, file))
        .collect();
    files.sort_unstable();
    files.dedup();
    files.into_iter().map(|(_, _, path, file)| (file, path)).collect()
}

fn is_code(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let aside = folders.split('/').any(|part| ASIDE.contains(&part) || part.starts_with('.'));
    let test = name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py";
    name.strip_suffix(".py").is_some() && !aside && !test && path != "setup.py"
}

/// Returns whether a file holds code of the project in `folder`.
pub(crate) fn is_code_of(folder: &TreePath, file: &TreePath) -> bool {
    file.relative_to(folder).is_some_and(is_code)
}

pub(crate) fn position(list: &[&str], name: &str) -> usize {
    list.iter().position(|known| *known == name).unwrap_or(list.len())
}

pub(crate) fn stem_rank(path: &str) -> usize {
    let name = path.rsplit('/').next().unwrap_or(path);
    position(&STEMS, name.strip_suffix(".py").unwrap_or(name))
}

/// Returns the folders that modules are imported from, relative to the project, the longest first.
pub(crate) fn import_roots(manifest: &Manifest, files: &[File<'_>]) -> Vec<String> {
    let tool = &manifest.content.tool;
    let mut roots = vec![String::new()];
    let hatch =
        tool.hatch.pointer("/build/targets/wheel/packages").and_then(|list| list.as_array());
    for package in hatch.into_iter().flatten().filter_map(|package| package.as_str()) {
        roots.extend(
            package.trim_end_matches('/').rsplit_once('/').map(|(root, _)| root.to_owned()),
        );
    }
    let poetry = tool.poetry.get("packages").and_then(|list| list.as_array());
    let from = poetry.into_iter().flatten().filter_map(|package| package.get("from")?.as_str());
    roots.extend(from.map(str::to_owned));
    let setuptools =
        tool.setuptools.pointer("/packages/find/where").and_then(|list| list.as_array());
    let listed = setuptools.into_iter().flatten().filter_map(|root| root.as_str());
    let named =
        [tool.setuptools.pointer("/package-dir/"), tool.uv.build_backend.get("module-root")];
    roots.extend(
        listed
            .chain(named.into_iter().flatten().filter_map(|root| root.as_str()))
            .map(str::to_owned),
    );
    let has = |start: &str| files.iter().any(|(_, path)| path.starts_with(start));
    if has("src/") && !has("src/__init__.py") {
        roots.push("src".to_owned());
    }
    let mut roots: Vec<String> = roots
        .iter()
        .map(|root| root.trim_start_matches("./").trim_matches('/').to_owned())
        .collect();
    roots.sort_by_key(|root| (std::cmp::Reverse(root.len()), root.clone()));
    roots.dedup();
    roots
}

/// Returns a file's import root and its dotted name from there.
pub(crate) fn module_of<'a>(path: &str, roots: &'a [String]) -> (&'a str, String) {
    let inside = |root: &'a String| {
        let rest = if root.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(root.as_str())?.strip_prefix('/')
        };
        rest.map(|rest| (root.as_str(), rest))
    };
    let (root, rest) = roots.iter().find_map(inside).unwrap_or(("", path));
    let rest = rest.strip_suffix(".py").unwrap_or(rest);
    let rest = rest.strip_suffix("/__init__").unwrap_or(rest);
    (root, rest.replace('/', "."))
}
