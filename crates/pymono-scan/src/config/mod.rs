//! The configuration: where it stands, and what it says about each project.

mod dockerfile;
mod home;
mod include;
mod keys;
mod schema;
mod secrets;
mod shape;
mod test;
mod validate;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use glob::{MatchOptions, Pattern};
use pymono_names::TreePath;
use pymono_workspace::Settings;
use serde_json::{Map, Value};

pub use schema::{documented_keys, schema as config_schema};
pub(crate) use validate::DEBIAN_PACKAGE;
pub use validate::{
    compression as check_compression, registry as check_registry, tag as check_tag,
};

use crate::{
    Place, ScanError,
    document::{TomlFile, manifest_path},
};

pub(crate) use dockerfile::{NamedDockerfile, Recipe};
pub(crate) use home::{CARGO, PYPROJECT, find};

/// Keys that say how one service is made, started or found, so that several cannot share a value.
const OF_ONE: [&str; 9] = [
    "build-steps",
    "command",
    "entrypoint",
    "extras",
    "groups",
    "healthcheck",
    "image",
    "port",
    "workdir",
];

/// As in a workspace of uv: `*` is one part of a path, `**` any number.
pub(crate) const PARTS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Keys that only a service has a use for; what has one is a service.
pub(crate) const OF_SERVICES: [&str; 6] =
    ["build-steps", "command", "entrypoint", "healthcheck", "image", "port"];

/// The values of one configuration table, and where they stand.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    file: Arc<TomlFile>,
    /// The key of the table in the file.
    prefix: Vec<&'static str>,
    values: Map<String, Value>,
}

/// The home of the repository's configuration.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    /// What it says about all projects.
    pub(crate) whole: Table,
    /// What it says about the project alone whose manifest it is.
    pub(crate) own: Option<Table>,
}

/// What the configuration says about one project, or about all that say nothing themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configured {
    /// The settings.
    pub(crate) settings: Settings,
    /// Whether it is kept from being a service, and who says so.
    pub(crate) skip: Option<(bool, Place)>,
    /// How its image comes about, and who says so.
    pub(crate) dockerfile: Option<Recipe>,
    pub(crate) dockerfile_by: Option<Place>,
    /// Who set `python` or, where that is not set, `base-image`.
    pub(crate) python_by: Option<Place>,
    pub(crate) base_image_by: Option<Place>,
    /// The image of uv; for the whole tree.
    pub(crate) uv_image: Option<String>,
    /// The state of Debian's archive; for the whole tree.
    pub(crate) apt_snapshot: Option<String>,
    /// How layers are compressed; for the whole tree.
    pub(crate) compression: Option<String>,
    /// Where images are looked for that exist.
    pub(crate) reuse_from: BTreeSet<String>,
    /// Folders that are left out; for the whole tree.
    pub(crate) exclude: Vec<Pattern>,
    /// The folders that are projects; all where absent; for the whole tree.
    pub(crate) members: Option<Vec<Pattern>>,
    /// The versions of projects, by path or name; for the whole tree.
    pub(crate) versions: BTreeMap<String, String>,
}

/// Returns whether a key may have a value.
pub(crate) fn takes(key: &str, value: &toml_edit::Value) -> bool {
    let text = format!("value = {value}");
    let read = toml_edit::de::from_str::<Map<String, Value>>(&text).ok();
    let value = read.and_then(|mut read| read.remove("value"));
    let root = TreePath::root();
    value.is_some_and(|value| {
        keys::set(&mut Configured::default(), key, &value, &root, false).is_ok()
    })
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
        OF_SERVICES.iter().any(|key| self.has(key)) || self.names_dockerfile()
    }

    /// Returns whether it has a value for `key`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Returns whether it says nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns whether it names a Dockerfile, which is for one service; `false` is for as many as there are.
    fn names_dockerfile(&self) -> bool {
        self.values.get("dockerfile").is_some_and(|value| !value.is_boolean())
    }

    /// Returns its keys, sorted.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Parts the table of a project's manifest into what is for the project
    /// alone and what may hold for others.
    pub(crate) fn part(self) -> (Self, Self) {
        let Self { file, prefix, values } = self;
        let alone = |key: &str, value: &Value| {
            OF_ONE.contains(&key) || key == "skip" || (key == "dockerfile" && !value.is_boolean())
        };
        let (own, rest) = values.into_iter().partition(|(key, value)| alone(key, value));
        let table = |values| Self { file: file.clone(), prefix: prefix.clone(), values };
        (table(own), table(rest))
    }

    /// Refuses the keys that several of `services` would share; each stands with its own table.
    pub(crate) fn refuse_shared(
        &self,
        services: &[(&TreePath, Option<&Self>)],
    ) -> Result<(), ScanError> {
        let dockerfile = self.names_dockerfile().then_some(&"dockerfile");
        for key in OF_ONE.iter().filter(|key| self.has(key)).chain(dockerfile) {
            let takes = |own: Option<&Self>| own.is_none_or(|own| !own.has(key));
            let mut takers = services.iter().filter(|(_, own)| takes(*own)).map(|(path, _)| *path);
            if let (Some(first), Some(second)) = (takers.next(), takers.next()) {
                return Err(self.shared(key, first, second, takers.count()));
            }
        }
        Ok(())
    }

    fn shared(&self, key: &str, first: &TreePath, second: &TreePath, more: usize) -> ScanError {
        let all = match more {
            0 => format!("`{first}` and `{second}`"),
            _ => format!("`{first}`, `{second}` and {more} more"),
        };
        ScanError::Value {
            place: self.place(key),
            problem: format!("this key is for one service, but {all} would share it"),
            hint: Some(format!(
                "move it below `[tool.pymono]` in the service's own manifest, such as `{}`",
                manifest_path(first)
            )),
        }
    }

    /// Returns the settings of `below` with what this table says in their place.
    ///
    /// A value replaces the one below; of `env` and `labels`, each entry does.
    /// `whole` is for the table of the whole tree.
    pub(crate) fn over(&self, below: &Configured, whole: bool) -> Result<Configured, ScanError> {
        let mut configured = below.clone();
        let folder = self.folder();
        for (key, value) in &self.values {
            keys::set(&mut configured, key, value, &folder, whole)
                .map_err(|wrong| self.error(key, wrong))?;
            match key.as_str() {
                "dockerfile" => configured.dockerfile_by = Some(self.place(key)),
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

    /// Returns the folder of its file, from which paths in it are seen; a file out of the tree lies
    /// nowhere, so its are seen from the root.
    fn folder(&self) -> TreePath {
        let file: Option<TreePath> = self.file().parse().ok();
        file.and_then(|file| file.parent()).unwrap_or_else(TreePath::root)
    }

    /// Returns where a key stands.
    pub(crate) fn place(&self, key: &str) -> Place {
        self.file.place(&[&self.prefix[..], &[key]].concat())
    }

    fn error(&self, key: &str, wrong: keys::Wrong) -> ScanError {
        let place = self.place(key);
        match wrong {
            keys::Wrong::Unknown => {
                ScanError::UnknownKey { place, known: keys::known(), similar: keys::similar(key) }
            }
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

impl Home {
    /// Parts a table: that of a project's manifest speaks of that project too.
    fn new(table: Table) -> Self {
        let of_project = table.prefix == home::PYPROJECT && table.file.item(&["project"]).is_some();
        let (own, whole) = if of_project {
            let (own, whole) = table.part();
            (Some(own), whole)
        } else {
            (None, table)
        };
        Self { whole, own }
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

    /// Returns why a folder is no project to look at; nothing for one that is.
    pub(crate) fn leaves_out(&self, folder: &TreePath) -> Option<&'static str> {
        if self.excludes(folder) {
            return Some("`exclude` names it");
        }
        let named = |pattern: &Pattern| pattern.matches_with(folder.as_str(), PARTS);
        let outside = self.members.as_ref().is_some_and(|members| !members.iter().any(named));
        outside.then_some("`members` does not name it")
    }

    /// Returns the patterns of `members` that match none of these folders.
    pub(crate) fn idle_members<'a>(
        &'a self,
        folders: impl Iterator<Item = &'a TreePath> + Clone,
    ) -> impl Iterator<Item = &'a Pattern> {
        self.members.iter().flatten().filter(move |pattern| {
            !folders.clone().any(|folder| pattern.matches_with(folder.as_str(), PARTS))
        })
    }
}
