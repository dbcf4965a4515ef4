//! Where the configuration stands: the first of its homes that is there.

use std::{fs, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::MetadataCommand;
use pymono_names::TreePath;
use serde_json::Value;

use super::{Home, Table};
use crate::{Place, ScanError, Warning, ask::Programs, document::TomlFile, tree::Tree};

pub(crate) const PYPROJECT: &[&str] = &["tool", "pymono"];
pub(crate) const CARGO: &[&str] = &["workspace", "metadata", "pymono"];

/// Returns the configuration of the whole tree: that of `config`, or else of the first home that has one.
pub(crate) fn find(
    tree: &Tree,
    root: &Utf8Path,
    config: Option<&Utf8PathBuf>,
    programs: &Programs<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Home>, ScanError> {
    // What is on disk is no revision's, so cargo cannot be asked about that.
    let cargo = tree.commit().is_none().then_some((root, programs));
    if let Some(path) = config {
        let path = root.join(path);
        let name = path.strip_prefix(root).unwrap_or(&path).to_string();
        let inside = path.strip_prefix(root).ok().and_then(|name| name.as_str().parse().ok());
        let text = match inside {
            Some(file) if tree.has(&file) => tree.read(&file)?,
            // It came later, so nothing was configured then.
            Some(_) if tree.commit().is_some() => {
                warnings.push(Warning::new(format!("there is no `{name}` at this revision")));
                return Ok(None);
            }
            _ => fs::read_to_string(&path)
                .map_err(|source| ScanError::Read { path: path.to_string(), source })?,
        };
        let table = table(&name, &text, cargo, warnings)?;
        return table.map(Home::new).map(Some).ok_or_else(|| tableless(&name));
    }
    let top = TreePath::root();
    for name in ["pymono.toml", "pyproject.toml", "Cargo.toml"] {
        let Some(file) = tree.file_in(&top, name) else { continue };
        if let Some(table) = table(file.as_str(), &tree.read(&file)?, cargo, warnings)? {
            return Ok(Some(Home::new(table)));
        }
    }
    Ok(None)
}

/// Returns the table of one file; each kind of file has it under a key of its own.
fn table(
    name: &str,
    text: &str,
    cargo: Option<(&Utf8Path, &Programs<'_>)>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Table>, ScanError> {
    let mentions_us = text.contains("pymono");
    let file = Arc::new(TomlFile::parse(name, text)?);
    match Utf8Path::new(name).file_name() {
        Some("Cargo.toml") if !mentions_us => Ok(None),
        Some("Cargo.toml") => {
            let value = match cargo {
                Some((root, programs)) => cargo_metadata(name, root, programs, warnings)?,
                // Cargo takes the table as it stands, so the file says the same.
                None => file.shape::<Value>()?.pointer("/workspace/metadata/pymono").cloned(),
            };
            value.map(|value| Table::new(file, CARGO.to_vec(), value)).transpose()
        }
        Some("pyproject.toml") => {
            let value = file.shape::<Value>()?.pointer("/tool/pymono").cloned();
            value.map(|value| Table::new(file, PYPROJECT.to_vec(), value)).transpose()
        }
        _ => {
            let value = file.shape()?;
            Table::new(file, Vec::new(), value).map(Some)
        }
    }
}

/// Returns the error for a file that was named as the configuration but has none.
fn tableless(name: &str) -> ScanError {
    let of_cargo = Utf8Path::new(name).file_name() == Some("Cargo.toml");
    let key = if of_cargo { CARGO } else { PYPROJECT }.join(".");
    ScanError::Value {
        place: Place { file: name.to_owned(), line: None, key: None },
        problem: format!("there is no `[{key}]`, so it configures nothing"),
        hint: Some(format!("add `[{key}]` to it, or name another file")),
    }
}

/// Asks cargo for `[workspace.metadata.pymono]`.
fn cargo_metadata(
    manifest: &str,
    root: &Utf8Path,
    programs: &Programs<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Value>, ScanError> {
    let mut command = MetadataCommand::new();
    let command = command.no_deps().manifest_path(root.join(manifest)).cargo_command();
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let Some(output) = programs.ask("cargo", &args, root)? else {
        let message =
            format!("`{manifest}` may configure pymono, but there is no `cargo` to read it with");
        warnings.push(Warning::new(message));
        return Ok(None);
    };
    let metadata = MetadataCommand::parse(String::from_utf8_lossy(&output)).map_err(|error| {
        ScanError::Syntax {
            place: Place { file: manifest.to_owned(), line: None, key: None },
            problem: format!("cargo's answer cannot be read: {error}"),
        }
    })?;
    Ok(metadata.workspace_metadata.get("pymono").cloned())
}
