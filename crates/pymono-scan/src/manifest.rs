//! What a `pyproject.toml` says, as far as pymono reads it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use pep508_rs::{ExtraName, PackageName};
use pymono_names::TreePath;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::{ScanError, bricks, document::TomlFile, index::IndexTable, tree::Tree};

/// A parsed `pyproject.toml`, or what says the same in another form; a clone shares its text.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// The folder of the file.
    pub(crate) folder: TreePath,
    /// The file, for the places of errors.
    pub(crate) file: Arc<TomlFile>,
    /// Its content.
    pub(crate) content: Arc<Content>,
    /// What kind of file it is.
    pub(crate) form: Form,
    /// Whether the file tells the project's name; else it is that of its folder.
    pub(crate) named: bool,
    /// What outside of the folder its build takes in, with the place that it gets.
    pub(crate) bricks: BTreeMap<TreePath, String>,
}

/// The files that declare projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `pyproject.toml`
    Pyproject,
    /// `Pipfile`
    Pipfile,
    /// `requirements.txt` and the like.
    Requirements,
    /// `setup.py`, `setup.cfg`
    Setup,
    /// None: a recipe runs Python in the folder.
    Recipe,
}

/// A requirement that a folder fulfils.
#[derive(Clone, Debug)]
pub(crate) struct PathNeed {
    /// The path, as seen from the manifest's folder.
    pub(crate) path: String,
    /// When it is needed.
    pub(crate) scope: Scope,
}

/// For what something is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// For production.
    Production,
    /// For an extra.
    Extra(ExtraName),
    /// For a group.
    Group(ExtraName),
    /// For a group that is the only place where it can be said: for production, unless
    /// the project gathers what lies below it.
    Editable(ExtraName),
}

/// The tables of a `pyproject.toml`; what pymono does not read is left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Content {
    pub(crate) project: Option<ProjectTable>,
    pub(crate) build_system: Option<BuildSystemTable>,
    pub(crate) dependency_groups: BTreeMap<String, Vec<Value>>,
    pub(crate) tool: ToolTable,
    /// What is required as a folder, in other ways than by `[project]`.
    #[serde(skip)]
    pub(crate) paths: Vec<PathNeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ProjectTable {
    pub(crate) name: PackageName,
    pub(crate) requires_python: Option<String>,
    #[serde(default)]
    pub(crate) dependencies: Vec<String>,
    #[serde(default)]
    pub(crate) optional_dependencies: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) scripts: BTreeMap<String, String>,
    /// What the build is asked for, such as the version.
    #[serde(default)]
    pub(crate) dynamic: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct BuildSystemTable {
    #[serde(default)]
    pub(crate) requires: Vec<String>,
    pub(crate) build_backend: Option<String>,
    #[serde(default)]
    pub(crate) backend_path: Vec<String>,
}

/// `[tool]`, the tables of build backends as loose values: each has its own rules.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct ToolTable {
    pub(crate) uv: UvTable,
    pub(crate) pymono: Option<Value>,
    pub(crate) hatch: Value,
    pub(crate) setuptools: Value,
    pub(crate) poetry: Value,
    pub(crate) pdm: Value,
    pub(crate) polylith: Value,
    pub(crate) poetry_dynamic_versioning: Value,
    #[serde(rename = "setuptools_scm")]
    pub(crate) setuptools_scm: Value,
    pub(crate) uv_dynamic_versioning: Value,
    pub(crate) versioningit: Value,
}

/// `[tool.uv]`, or the whole of a `uv.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct UvTable {
    pub(crate) workspace: Option<WorkspaceTable>,
    pub(crate) sources: BTreeMap<PackageName, OneOrMany<Source>>,
    pub(crate) package: Option<bool>,
    pub(crate) managed: Option<bool>,
    pub(crate) dev_dependencies: Vec<String>,
    pub(crate) build_backend: Value,
    pub(crate) index: Vec<IndexTable>,
    pub(crate) index_url: Option<String>,
    pub(crate) extra_index_url: Vec<String>,
    pub(crate) find_links: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WorkspaceTable {
    pub(crate) members: Vec<String>,
    pub(crate) exclude: Vec<String>,
}

/// Where uv takes a dependency from, as far as it is in the tree.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Source {
    pub(crate) workspace: Option<WorkspaceSource>,
    pub(crate) path: Option<String>,
    pub(crate) package: Option<bool>,
}

/// `workspace = true`, or the path of another workspace.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum WorkspaceSource {
    Own(bool),
    Other(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl ProjectTable {
    /// Returns the table of a project of which nothing but the name is known.
    pub(crate) fn named(name: PackageName) -> Self {
        Self {
            name,
            requires_python: None,
            dependencies: Vec::new(),
            optional_dependencies: BTreeMap::new(),
            scripts: BTreeMap::new(),
            dynamic: Vec::new(),
        }
    }
}

impl<T> OneOrMany<T> {
    /// Returns the values, however many they are.
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// A requirement as far as pymono reads it: markers and versions are the lock's business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Requirement {
    pub(crate) name: PackageName,
    pub(crate) extras: Vec<ExtraName>,
}

impl Requirement {
    /// Reads the beginning of a requirement; nothing if it has no name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        static HEAD: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^\s*([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?").ok());
        let found = HEAD.as_ref()?.captures(text)?;
        let extras = found.get(2).map_or("", |extras| extras.as_str()).split(',');
        Some(Self {
            name: found[1].parse().ok()?,
            extras: extras.filter_map(|extra| extra.trim().parse().ok()).collect(),
        })
    }
}

impl Manifest {
    /// Reads the `pyproject.toml` in `folder`; nothing if there is none in the tree.
    pub(crate) fn read(tree: &Tree, folder: &TreePath) -> Result<Option<Self>, ScanError> {
        let Some(path) = tree.file_in(folder, "pyproject.toml") else { return Ok(None) };
        let file = TomlFile::parse(path.as_str(), &tree.read(&path)?)?;
        let content = file.shape()?;
        let bricks = bricks::bricks(tree, folder, &content);
        let manifest = Self::new(folder.clone(), Arc::new(file), content, Form::Pyproject);
        Ok(Some(Self { bricks, ..manifest }))
    }

    /// Returns the manifest of a project that has a name.
    pub(crate) fn new(folder: TreePath, file: Arc<TomlFile>, content: Content, form: Form) -> Self {
        let (content, bricks) = (Arc::new(content), BTreeMap::new());
        Self { folder, file, content, form, named: true, bricks }
    }

    /// Returns everything that is required as a folder.
    pub(crate) fn paths(&self) -> Vec<PathNeed> {
        let mut paths = self.content.paths.clone();
        let mut add = |texts: &[String], scope: &Scope| {
            let found = texts.iter().filter_map(|text| local_path(text.split_once('@')?.1));
            paths.extend(found.map(|path| PathNeed { path, scope: scope.clone() }));
        };
        if let Some(project) = &self.content.project {
            add(&project.dependencies, &Scope::Production);
            for (extra, texts) in &project.optional_dependencies {
                extra.parse().map(|extra| add(texts, &Scope::Extra(extra))).unwrap_or_default();
            }
        }
        for (group, texts) in &self.content.dependency_groups {
            let texts: Vec<String> =
                texts.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            group.parse().map(|group| add(&texts, &Scope::Group(group))).unwrap_or_default();
        }
        paths
    }

    /// Returns groups and all that they include.
    pub(crate) fn with_included(&self, groups: &BTreeSet<ExtraName>) -> BTreeSet<ExtraName> {
        let mut found = BTreeSet::new();
        let mut open: Vec<ExtraName> = groups.iter().cloned().collect();
        while let Some(wanted) = open.pop() {
            let same = |name: &String| name.parse().is_ok_and(|name: ExtraName| name == wanted);
            let groups = self.content.dependency_groups.iter().filter(|(name, _)| same(name));
            let entries = groups.flat_map(|(_, entries)| entries);
            let included = entries.filter_map(|entry| entry.get("include-group")?.as_str());
            let included: Vec<ExtraName> = included.filter_map(|name| name.parse().ok()).collect();
            if found.insert(wanted) {
                open.extend(included);
            }
        }
        found
    }

    /// Returns the requirements of production: the project's own and those of the given extras and groups.
    pub(crate) fn production<'a>(
        &self,
        extras: impl IntoIterator<Item = &'a ExtraName>,
        groups: impl IntoIterator<Item = &'a ExtraName>,
    ) -> Vec<Requirement> {
        let Some(project) = &self.content.project else { return Vec::new() };
        let mut texts: Vec<&String> = project.dependencies.iter().collect();
        for extra in extras {
            let same = |name: &String| name.parse().is_ok_and(|name: ExtraName| name == *extra);
            let extra = project.optional_dependencies.iter().filter(|(name, _)| same(name));
            texts.extend(extra.flat_map(|(_, texts)| texts));
        }
        let mut found: Vec<_> =
            texts.into_iter().filter_map(|text| Requirement::parse(text)).collect();
        for group in groups {
            found.extend(self.group(group, 0));
        }
        found
    }

    /// Returns every requirement, of all extras and groups too.
    pub(crate) fn all(&self) -> Vec<Requirement> {
        let project = self.content.project.iter();
        let extras =
            project.clone().flat_map(|project| project.optional_dependencies.values().flatten());
        let own = project.flat_map(|project| &project.dependencies);
        let groups = self.content.dependency_groups.values().flatten().filter_map(Value::as_str);
        let legacy = self.content.tool.uv.dev_dependencies.iter();
        let texts = own.chain(extras).chain(legacy).map(String::as_str).chain(groups);
        texts.filter_map(Requirement::parse).collect()
    }

    /// Returns the requirements of a group and those that it includes; `depth` ends cycles.
    fn group(&self, wanted: &ExtraName, depth: usize) -> Vec<Requirement> {
        let same = |name: &String| name.parse().is_ok_and(|name: ExtraName| name == *wanted);
        let groups = self.content.dependency_groups.iter().filter(|(name, _)| same(name));
        let mut found = Vec::new();
        for entry in groups.flat_map(|(_, entries)| entries) {
            let included = entry.get("include-group").and_then(Value::as_str);
            if let Some(name) = included.and_then(|name| name.parse().ok()) {
                if depth < self.content.dependency_groups.len() {
                    found.extend(self.group(&name, depth + 1));
                }
            } else {
                found.extend(entry.as_str().and_then(Requirement::parse));
            }
        }
        found
    }
}

/// Returns the path that a requirement's URL or path means, as seen from its project;
/// nothing for what is no folder of a repository.
pub(crate) fn local_path(text: &str) -> Option<String> {
    let text = text.split(" ;").next().unwrap_or(text).trim();
    let path = text.split(['#', '[']).next().unwrap_or(text);
    let path = match path.strip_prefix("file:") {
        Some(url) => {
            let inner = url.trim_start_matches('/');
            // The tools that write it mean the folder of the project; other absolute paths
            // are those of one machine.
            let inner = inner
                .strip_prefix("${PROJECT_ROOT}")
                .or_else(|| (!url.starts_with('/')).then_some(url))?;
            inner.trim_start_matches('/')
        }
        None if path.starts_with('.') => path,
        None => return None,
    };
    let archive = [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz"];
    let is_archive = archive.iter().any(|ending| path.ends_with(ending));
    (!is_archive)
        .then(|| percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned())
}
