//! The configuration: where it stands, and what it says about each project.

mod home;
mod keys;
mod validate;

use std::sync::Arc;

use glob::Pattern;
use pymono_names::TreePath;
use pymono_workspace::Settings;
use serde_json::{Map, Value};

use crate::{Place, ScanError, document::TomlFile};

pub(crate) use home::find;

/// The values of one configuration table, and where they stand.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    file: Arc<TomlFile>,
    /// The key of the table in the file.
    prefix: Vec<&'static str>,
    values: Map<String, Value>,
}

/// What the configuration says about one project, or about all that say nothing themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configured {
    /// The settings.
    pub(crate) settings: Settings,
    /// Whether it is kept from being a service, and who says so.
    pub(crate) skip: Option<(bool, Place)>,
    /// Who set `python` or, where that is not set, `base-image`.
    pub(crate) python_by: Option<Place>,
    pub(crate) base_image_by: Option<Place>,
    /// The image of uv; for the whole tree.
    pub(crate) uv_image: Option<String>,
    /// Folders that are left out; for the whole tree.
    pub(crate) exclude: Vec<Pattern>,
}

impl Table {
    /// Takes the table at `prefix` of a file, whose values may have been read by another program.
    pub(crate) fn new(
        file: Arc<TomlFile>,
        prefix: Vec<&'static str>,
        value: Value,
    ) -> Result<Self, ScanError> {
        match value {
            Value::Object(values) => Ok(Self { file, prefix, values }),
            _ => Err(ScanError::Value {
                place: file.place(&prefix),
                problem: "expected a table".into(),
                hint: Some("write `KEY = VALUE` lines below `[tool.pymono]`".into()),
            }),
        }
    }

    /// Returns the name of the file.
    pub(crate) fn file(&self) -> &str {
        &self.file.name
    }

    /// Returns true if it says something that makes sense for a service only.
    pub(crate) fn is_of_service(&self) -> bool {
        self.values.keys().any(|key| !["build-apt", "cache", "skip"].contains(&key.as_str()))
    }

    /// Returns the settings of `below` with what this table says in their place.
    ///
    /// A value replaces the one below; of `env` and `labels`, each entry does.
    /// `whole` is for the table of the whole tree.
    pub(crate) fn over(&self, below: &Configured, whole: bool) -> Result<Configured, ScanError> {
        let mut configured = below.clone();
        for (key, value) in &self.values {
            keys::set(&mut configured, key, value, whole)
                .map_err(|wrong| self.error(key, wrong))?;
            match key.as_str() {
                "python" => configured.python_by = Some(self.place(key)),
                "base-image" => configured.base_image_by = Some(self.place(key)),
                "skip" => {
                    let skip = value.as_bool().unwrap_or_default();
                    configured.skip = Some((skip, self.place(key)));
                }
                _ => {}
            }
        }
        Ok(configured)
    }

    fn place(&self, key: &str) -> Place {
        self.file.place(&[&self.prefix[..], &[key]].concat())
    }

    fn error(&self, key: &str, wrong: keys::Wrong) -> ScanError {
        let place = self.place(key);
        match wrong {
            keys::Wrong::Unknown => {
                ScanError::UnknownKey { place, known: keys::known(), similar: keys::similar(key) }
            }
            keys::Wrong::Unsupported => ScanError::Unsupported { place },
            keys::Wrong::OfTheWhole => ScanError::Value {
                place,
                problem: "this key is for the whole repository, not for one project".into(),
                hint: Some(
                    "move it to the repository's configuration, such as `pymono.toml`".into(),
                ),
            },
            keys::Wrong::Value(problem) => {
                let allowed = keys::allowed(key).map(|allowed| format!("`{key}` is {allowed}"));
                ScanError::Value { place, problem, hint: allowed }
            }
        }
    }
}

impl Configured {
    /// Returns whether `exclude` leaves out a folder or one that it lies in.
    pub(crate) fn excludes(&self, folder: &TreePath) -> bool {
        let mut next = Some(folder.clone());
        while let Some(path) = next {
            if self.exclude.iter().any(|pattern| pattern.matches(path.as_str())) {
                return true;
            }
            next = path.parent();
        }
        false
    }
}
