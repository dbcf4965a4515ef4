//! Which crates the build backend of a Python project compiles.

use std::{collections::BTreeSet, sync::LazyLock};

use pymono_names::TreePath;
use regex::Regex;
use toml_edit::Item;

use crate::{ScanError, manifest::Manifest, tree::Tree};

const MANIFEST: &str = "Cargo.toml";

/// Returns the folders of the crates that a project is built from.
///
/// They are those that its manifest or its `setup.py` names; otherwise the one
/// where maturin looks, or all in the project's folder.
pub(super) fn crates(tree: &Tree, manifest: &Manifest) -> Result<BTreeSet<TreePath>, ScanError> {
    let folder = &manifest.folder;
    let mut named = named(manifest);
    if let Some(program) = tree.file_in(folder, "setup.py") {
        named.extend(literals(&tree.read(&program)?));
    }
    let known = |path: &str| tree.file_in(folder, path).and_then(|file| file.parent());
    let named: BTreeSet<TreePath> = named.iter().filter_map(|path| known(path)).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    // https://www.maturin.rs/project_layout
    if let Some(usual) = [MANIFEST, "rust/Cargo.toml"].into_iter().find_map(known) {
        return Ok(BTreeSet::from([usual]));
    }
    let manifests = tree.below(folder).filter(|file| file.file_name() == Some(MANIFEST));
    Ok(manifests.filter_map(TreePath::parent).collect())
}

/// Returns the manifests of crates that the tables of maturin and setuptools-rust name.
fn named(manifest: &Manifest) -> Vec<String> {
    let item = |key: &[&str]| manifest.file.item(key);
    let maturin = item(&["tool", "maturin", "manifest-path"]).and_then(Item::as_str);
    let extensions = ["ext-modules", "bins"].into_iter().flat_map(|key| {
        let tables = item(&["tool", "setuptools-rust", key]);
        tables.and_then(Item::as_array_of_tables).into_iter().flatten()
    });
    // https://setuptools-rust.readthedocs.io: where no path is named it is the file beside.
    let extensions =
        extensions.map(|table| table.get("path").and_then(Item::as_str).unwrap_or(MANIFEST));
    maturin.into_iter().chain(extensions).map(str::to_owned).collect()
}

/// Returns the literal paths of manifests in a program.
fn literals(program: &str) -> Vec<String> {
    static LITERAL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"["']((?:[^"'\s]*/)?Cargo\.toml)["']"#).ok());
    let found = LITERAL.as_ref().map(|literal| literal.captures_iter(program));
    found.into_iter().flatten().map(|found| found[1].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_names_manifests_by_literals() {
        let program =
            "RustExtension('a._a', 'rust/Cargo.toml'), RustExtension('b', path=\"Cargo.toml\")";
        assert_eq!(literals(program), ["rust/Cargo.toml", "Cargo.toml"]);
        assert!(literals("open(f'{here}/Cargo.toml.orig')").is_empty());
    }
}
