//! What is known of all projects before they are looked at one by one.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_recipe::Image;
use pymono_workspace::{BuildSystem, Crates};

use crate::{
    ScanError, Warning, build,
    config::{Configured, Home, Table},
    cover::cover,
    crates,
    local::{self, Found, Workspaces},
    manifest::{Requirement, Scope},
    members::UvWorkspace,
    python::Limit,
    recipes::{Hints, Recipes, Signals, Unheeded},
    tree::Tree,
};

/// All projects, and how they hang together.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    /// The files.
    pub(crate) tree: &'a Tree,
    projects: BTreeMap<&'a TreePath, Known<'a>>,
    /// The folders of all projects.
    folders: BTreeSet<TreePath>,
    /// Locks that builds do not read.
    locks: BTreeSet<TreePath>,
    /// The `requires-python` of each workspace's members.
    limits: BTreeMap<&'a TreePath, Vec<(TreePath, Limit)>>,
}

/// What is known of one project.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// What was found.
    pub(crate) found: &'a Found,
    /// What is configured for it.
    pub(crate) configured: Configured,
    /// What its own manifest says about it.
    pub(crate) own: Option<Table>,
    /// The file of its own configuration, if that says something that is for a service only.
    pub(crate) service_by: Option<String>,
    /// How it is built.
    pub(crate) build: Option<BuildSystem>,
    /// What it requires in production.
    pub(crate) requirements: Vec<Requirement>,
    /// The local projects among that.
    pub(crate) needs: BTreeSet<TreePath>,
    /// The projects that need it in production.
    pub(crate) dependents: BTreeSet<TreePath>,
    /// The Rust crates that it is built from.
    pub(crate) crates: Option<Crates>,
    /// Whether it is the root of a workspace with further members.
    pub(crate) gathers: bool,
    /// Why recipes make a service of it.
    pub(crate) signals: Signals,
    /// The images that hand-written Dockerfiles build of it; none where its image is generated.
    pub(crate) images: Vec<Image>,
    /// What recipes say about an image that is generated.
    pub(crate) hints: Hints,
    /// The paths of its files.
    pub(crate) sources: Vec<TreePath>,
}

impl<'a> Ground<'a> {
    /// Connects projects of which the configuration is known.
    pub(crate) fn new(
        tree: &'a Tree,
        workspaces: &'a Workspaces,
        found: &'a BTreeMap<TreePath, Found>,
        mut projects: BTreeMap<&'a TreePath, Known<'a>>,
        home: Option<&Home>,
        recipes: &mut Recipes<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, ScanError> {
        let folders: BTreeSet<TreePath> = found.keys().cloned().collect();
        let locks = local::locks(workspaces, found);
        let installed = installed(found);
        let mut unheeded = Unheeded::default();
        for (path, known) in &mut projects {
            let manifest = &known.found.manifest;
            known.build = build::build_system(tree, manifest, installed.contains(path))?;
            known.add_recipes(recipes)?;
            if !known.images.is_empty() {
                unheeded.add(path, known.own.iter().chain(home.map(|home| &home.whole)));
            }
            known.gathers = workspaces.get(path).is_some_and(|root| root.members.len() > 1)
                || known.found.gathers();
            known.sources = cover(tree, path, &folders, &locks);
            known.add_bricks();
        }
        warnings.extend(unheeded.warnings());
        let limits = workspaces.iter().map(|(root, workspace)| Ok((root, limits(workspace)?)));
        let limits = limits.collect::<Result<_, ScanError>>()?;
        let mut ground = Self { tree, projects, folders, locks, limits };
        ground.connect();
        Ok(ground)
    }

    /// Notes with each project what needs it.
    fn connect(&mut self) {
        let mut dependents: BTreeMap<TreePath, BTreeSet<TreePath>> = BTreeMap::new();
        for (path, known) in &self.projects {
            // A root that only gathers its members is no user of them.
            if !(known.gathers && known.build.is_none()) {
                for needed in &known.needs {
                    dependents.entry(needed.clone()).or_default().insert((*path).clone());
                }
            }
        }
        for (path, known) in &mut self.projects {
            known.dependents = dependents.remove(*path).unwrap_or_default();
        }
    }

    /// Returns literal paths that together hold the files of `folder` and none of another project or
    /// of one of `others`.
    pub(crate) fn cover(&self, folder: &TreePath, others: &BTreeSet<TreePath>) -> Vec<TreePath> {
        let others = self.folders.union(others).filter(|other| *other != folder);
        cover(self.tree, folder, &others.cloned().collect(), &self.locks)
    }

    /// Notes which crates projects are built from; the others are no files of theirs.
    pub(crate) fn add_crates(&mut self, found: BTreeMap<TreePath, crates::Found>) {
        for (path, crates::Found { crates, unneeded }) in found {
            let sources = self.cover(&path, &unneeded);
            if let Some(known) = self.projects.get_mut(&path) {
                known.crates = Some(crates);
                known.sources = sources;
                known.add_bricks();
            }
        }
    }

    /// Returns the folder of the project that a path belongs to.
    pub(crate) fn home(&self, path: &TreePath) -> Option<TreePath> {
        let mut above = std::iter::successors(Some(path.clone()), TreePath::parent);
        above.find(|folder| self.known(folder).is_some())
    }

    /// Returns what is known of a project.
    pub(crate) fn known(&self, path: &TreePath) -> Option<&Known<'a>> {
        self.projects.get(path)
    }

    /// Returns what limits the Python of a project: its own `requires-python`, then those of the
    /// projects that are pinned together with it.
    pub(crate) fn limits(&self, known: &Known<'_>) -> Result<Vec<Limit>, ScanError> {
        let manifest = &known.found.manifest;
        let others = known.found.workspace.as_ref().and_then(|root| self.limits.get(root));
        let others = others.into_iter().flatten().filter(|(folder, _)| *folder != manifest.folder);
        let others = others.map(|(_, limit)| limit.clone());
        Ok(Limit::of(manifest)?.into_iter().chain(others).collect())
    }

    /// Returns a project and all that it needs in production, and what those need.
    pub(crate) fn closure(&self, path: &TreePath) -> BTreeSet<TreePath> {
        let mut found = BTreeSet::new();
        let mut todo = vec![path.clone()];
        while let Some(path) = todo.pop() {
            if let Some(known) = self.projects.get(&path).filter(|_| found.insert(path.clone())) {
                todo.extend(known.needs.iter().cloned());
            }
        }
        found
    }
}

/// Reads the configuration of every project.
pub(crate) fn known<'a>(
    found: &'a BTreeMap<TreePath, Found>,
    whole: &Configured,
    home: Option<&Home>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<&'a TreePath, Known<'a>>, ScanError> {
    let mut projects = BTreeMap::new();
    for (path, project) in found {
        let own = own_table(project, home, warnings)?;
        // Where there is one project, the repository's configuration is its own.
        let only = home.map(|home| &home.whole).filter(|_| found.len() == 1);
        let by = own.iter().chain(only).find(|table| table.is_of_service());
        let by = by.map(|table| table.file().to_owned());
        let mut known = Known::new(project, whole, own)?;
        known.service_by = by;
        projects.insert(path, known);
    }
    Ok(projects)
}

impl<'a> Known<'a> {
    /// Returns what a project and its own configuration say, without what the others have to do with it.
    fn new(found: &'a Found, whole: &Configured, own: Option<Table>) -> Result<Self, ScanError> {
        let configured = own.as_ref().map(|own| own.over(whole, false)).transpose()?;
        let mut configured = configured.unwrap_or_else(|| whole.clone());
        if !own.as_ref().is_some_and(|own| own.has("version")) {
            let versions = &whole.versions;
            let path = versions.get(found.manifest.folder.as_str());
            let version = path.or_else(|| versions.get(found.name.as_ref()));
            configured.settings.version = version.or(whole.settings.version.as_ref()).cloned();
        }
        let settings = &configured.settings;
        let mut requirements = found.manifest.production(&settings.extras, &settings.groups);
        let edges = requirements.iter().filter_map(|needed| found.edges.get(&needed.name));
        let named = edges.flatten().map(|edge| edge.to.clone());
        let groups = found.manifest.with_included(&settings.groups);
        let folders = found.folders.iter().filter(|edge| match &edge.scope {
            Scope::Production => true,
            Scope::Extra(extra) => settings.extras.contains(extra),
            Scope::Group(group) | Scope::Editable(group) => groups.contains(group),
        });
        let needs = named.chain(folders.map(|edge| edge.to.clone())).collect();
        requirements.extend(found.listed.names.iter().cloned());
        Ok(Self {
            found,
            configured,
            own,
            service_by: None,
            build: None,
            requirements,
            needs,
            dependents: BTreeSet::new(),
            crates: None,
            gathers: false,
            signals: Signals::default(),
            images: Vec::new(),
            hints: Hints::default(),
            sources: Vec::new(),
        })
    }

    /// Notes what recipes say about the project; its build is known.
    fn add_recipes(&mut self, recipes: &mut Recipes<'_>) -> Result<(), ScanError> {
        let folder = &self.found.manifest.folder;
        self.signals = recipes.signals(folder);
        if self.configured.skip.as_ref().is_some_and(|(skip, _)| *skip) {
            return Ok(());
        }
        // The table of the root may be the repository's, and then says nothing of the project.
        let own = self.own.as_ref().is_some_and(|own| !own.is_empty() || !folder.is_root());
        let own = own || self.service_by.is_some();
        self.images = recipes.built(folder, &self.configured, own)?;
        self.needs.extend(recipes.edges(folder, &self.needs, &self.images));
        let (installed, port) = (self.build.is_some(), self.configured.settings.port);
        self.hints = recipes.hints(folder, installed, port);
        Ok(())
    }

    /// Adds the bricks that lie elsewhere to the files.
    fn add_bricks(&mut self) {
        let manifest = &self.found.manifest;
        let bricks = manifest.bricks.keys().filter(|brick| !brick.is_in(&manifest.folder));
        self.sources.extend(bricks.cloned());
        self.sources.sort();
    }
}

/// Returns the folders of the projects that others want installed.
fn installed(found: &BTreeMap<TreePath, Found>) -> BTreeSet<&TreePath> {
    let projects = || found.values();
    let named = projects().flat_map(|project| project.edges.values().flatten());
    let named = named.filter(|edge| edge.installed).map(|edge| &edge.to);
    named.chain(projects().flat_map(|project| &project.folders).map(|edge| &edge.to)).collect()
}

fn limits(workspace: &UvWorkspace) -> Result<Vec<(TreePath, Limit)>, ScanError> {
    let limits = workspace.members.iter().map(|(folder, member)| Ok((folder, Limit::of(member)?)));
    let limits: Vec<_> = limits.collect::<Result<_, ScanError>>()?;
    let mut limits: Vec<_> =
        limits.into_iter().filter_map(|(folder, limit)| Some((folder.clone(), limit?))).collect();
    // Hundreds of members say the same, and each project is held against all of them.
    let mut seen = BTreeSet::new();
    limits.retain(|(_, limit): &(TreePath, Limit)| seen.insert(limit.text().to_owned()));
    Ok(limits)
}

/// Returns the `[tool.pymono]` of a project's own manifest; of the root's, what is for itself alone.
fn own_table(
    project: &Found,
    home: Option<&Home>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Table>, ScanError> {
    let manifest = &project.manifest;
    let Some(value) = manifest.content.tool.pymono.clone() else { return Ok(None) };
    let name = &manifest.file.name;
    if let Some(home) = home.filter(|home| home.whole.file() == name) {
        return Ok(home.own.clone());
    }
    let table = Table::new(manifest.file.clone(), vec!["tool", "pymono"], value)?;
    if !manifest.folder.is_root() {
        return Ok(Some(table));
    }
    // The rest of it would be for the whole tree, but another home came first.
    let (own, rest) = table.part();
    let keys: Vec<String> = rest.keys().map(|key| format!("`{key}`")).collect();
    if let Some(home) = home.filter(|_| !keys.is_empty()) {
        let (keys, first) = (keys.join(", "), home.whole.file());
        let message =
            format!("{keys} in `[tool.pymono]` of `{name}` is not heeded: `{first}` comes first");
        warnings.push(Warning::new(message));
    }
    Ok(Some(own))
}
