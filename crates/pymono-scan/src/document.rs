//! TOML files whose every value can be found again in the text.

use pymono_names::TreePath;
use serde::de::DeserializeOwned;
use toml_edit::{Document, Item};

use crate::{Place, ScanError};

/// A TOML file of the tree, parsed, with its text for the lines of errors.
#[derive(Clone, Debug)]
pub(crate) struct TomlFile {
    /// The file as people name it.
    pub(crate) name: String,
    document: Document<String>,
}

impl TomlFile {
    /// Parses `text`, the content of the file `name`.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, ScanError> {
        let document = Document::parse(text.to_owned()).map_err(|error| ScanError::Syntax {
            place: Place {
                file: name.to_owned(),
                line: error.span().map(|span| line_of(text, span.start)),
                key: None,
            },
            problem: error.message().trim().replace('\n', ", "),
        })?;
        Ok(Self { name: name.to_owned(), document })
    }

    /// Returns its content in the shape of `T`.
    pub(crate) fn shape<T: DeserializeOwned>(&self) -> Result<T, ScanError> {
        toml_edit::de::from_document(self.document.clone()).map_err(|error| {
            let start = error.span().map(|span| span.start);
            let key =
                start.map(|at| key_at(self.document.as_item(), at)).filter(|key| !key.is_empty());
            ScanError::Syntax {
                place: Place {
                    file: self.name.clone(),
                    line: start.map(|at| line_of(self.document.raw(), at)),
                    key: key.map(|key| key.join(".")),
                },
                problem: error.message().trim().replace('\n', ", "),
            }
        })
    }

    /// Returns the value of a key, where there is one.
    pub(crate) fn item(&self, key: &[&str]) -> Option<&Item> {
        key.iter().try_fold(self.document.as_item(), |item, part| item.get(*part))
    }

    /// Returns where a key stands, or where the innermost table around it begins.
    pub(crate) fn place(&self, key: &[&str]) -> Place {
        let mut known = (1..=key.len()).rev();
        let at = known.find_map(|len| self.start(&key[..len]));
        Place {
            file: self.name.clone(),
            line: at.map(|at| line_of(self.document.raw(), at)),
            key: Some(key.join(".")),
        }
    }

    /// Returns where the string `text` stands in the list at `key`, or where the list does.
    pub(crate) fn place_in_list(&self, key: &[&str], text: &str) -> Place {
        let mut place = self.place(key);
        let list = self.item(key).and_then(Item::as_array);
        let value = list.and_then(|list| list.iter().find(|value| value.as_str() == Some(text)));
        if let Some(span) = value.and_then(toml_edit::Value::span) {
            place.line = Some(line_of(self.document.raw(), span.start));
        }
        place
    }

    fn start(&self, key: &[&str]) -> Option<usize> {
        let (last, above) = key.split_last()?;
        let table = self.item(above)?.as_table_like()?;
        let (name, item) = table.get_key_value(last)?;
        name.span().or_else(|| item.span()).map(|span| span.start)
    }
}

/// Returns the file `pyproject.toml` of a project's folder.
pub(crate) fn manifest_path(folder: &TreePath) -> TreePath {
    folder.join("pyproject.toml").unwrap_or_else(|_| folder.clone())
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// Returns the key of the innermost value that holds the byte `at`.
fn key_at(item: &Item, at: usize) -> Vec<String> {
    let Some(table) = item.as_table_like() else { return Vec::new() };
    for (name, value) in table.iter() {
        let inner = key_at(value, at);
        let here = value.span().is_some_and(|span| span.contains(&at))
            || table
                .get_key_value(name)
                .is_some_and(|(key, _)| key.span().is_some_and(|span| span.contains(&at)));
        if here || !inner.is_empty() {
            return [vec![name.to_owned()], inner].concat();
        }
    }
    Vec::new()
}
