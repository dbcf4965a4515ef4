//! `[tool.uv.sources]`: which requirements mean a project of the tree.
//!
//! The sources of a workspace's root hold for all its members; a member's entry
//! for a name replaces the root's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use pep508_rs::PackageName;
use pymono_names::TreePath;

use crate::{
    Place, ScanError, Warning, discover,
    local::{Edge, Edges, FolderEdge, Found, Workspaces},
    manifest::{Manifest, PathNeed, ProjectTable, Requirement, Scope, Source, WorkspaceSource},
    members::{self, UvWorkspace},
    tree::Tree,
};

/// Finds the projects behind requirements.
pub(crate) struct Resolver<'a> {
    tree: &'a Tree,
    workspaces: &'a Workspaces,
    /// Workspaces without a lock, which only path sources lead to.
    others: Workspaces,
    /// Manifests that path sources lead to.
    read: BTreeMap<TreePath, Option<Manifest>>,
}

/// A source and the manifest that has it.
struct Declared<'a> {
    manifest: &'a Manifest,
    source: &'a Source,
    name: &'a PackageName,
}

impl<'a> Resolver<'a> {
    /// Returns a resolver for a tree and the workspaces with locks in it.
    pub(crate) fn new(tree: &'a Tree, workspaces: &'a Workspaces) -> Self {
        Self { tree, workspaces, others: Workspaces::new(), read: BTreeMap::new() }
    }

    /// Returns the local projects that a project's requirements mean, and the manifests of those.
    pub(crate) fn edges(
        &mut self,
        found: &Found,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Edges, Vec<Manifest>), ScanError> {
        let home = match &found.workspace {
            Some(root) => Some(root.clone()),
            None => self.home(&found.manifest.folder)?,
        };
        let published = published(&found.manifest);
        let names: BTreeSet<PackageName> =
            found.manifest.all().into_iter().map(|r| r.name).collect();
        let (mut edges, mut reached) = (Edges::new(), Vec::new());
        for name in names.iter().filter(|name| **name != found.name) {
            for declared in self.declared(&found.manifest, home.as_ref(), name) {
                match self.target(&declared, home.as_ref()) {
                    Ok(Some(manifest)) => {
                        let installed = declared.source.package != Some(false);
                        let edge = Edge { to: manifest.folder.clone(), installed };
                        edges.entry(name.clone()).or_default().push(edge);
                        reached.push(manifest);
                    }
                    Ok(None) => {}
                    Err(error) if published.contains(name) => return Err(error),
                    // Only what is for development leads there, and no image needs it.
                    Err(error) => warnings.push(Warning::new(error.to_string())),
                }
            }
        }
        Ok((edges, reached))
    }

    /// Returns the local projects that a project requires by their folders, and the manifests of those.
    pub(crate) fn folders(
        &mut self,
        found: &Found,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Vec<FolderEdge>, Vec<Manifest>), ScanError> {
        let folder = &found.manifest.folder;
        let (mut edges, mut reached) = (Vec::new(), Vec::new());
        for PathNeed { path, scope } in
            found.manifest.paths().into_iter().chain(found.listed.paths.clone())
        {
            let target = folder.join(&path).ok().filter(|target| target != folder);
            let manifest =
                target.as_ref().map(|target| self.manifest(target)).transpose()?.flatten();
            match (target, manifest) {
                (Some(to), Some(manifest)) if manifest.content.project.is_some() => {
                    edges.push(FolderEdge { scope: settled(scope, &to, folder), to });
                    reached.push(manifest);
                }
                (None, _) if folder.join(&path).is_ok() => {}
                _ if folder.join(&path).is_ok_and(|path| self.tree.has(&path)) => {}
                _ => warnings.push(Warning::new(format!(
                    "`{}` requires `{path}`, where there is no project",
                    found.manifest.file.name
                ))),
            }
        }
        Ok((edges, reached))
    }

    /// Returns the sources of `name`: the project's own or else those of its workspace's root.
    fn declared<'m>(
        &self,
        own: &'m Manifest,
        home: Option<&TreePath>,
        name: &'m PackageName,
    ) -> Vec<Declared<'m>>
    where
        'a: 'm,
    {
        let workspaces = self.workspaces;
        let root = home.and_then(|home| workspaces.get(home)).map(|workspace| &workspace.root);
        let of =
            |manifest: &'m Manifest| Some((manifest, manifest.content.tool.uv.sources.get(name)?));
        let sources = of(own).or_else(|| root.and_then(of));
        sources.map_or_else(Vec::new, |(manifest, sources)| {
            let declared = |source| Declared { manifest, source, name };
            sources.as_slice().iter().map(declared).collect()
        })
    }

    /// Returns the manifest of the project that a source means; nothing where it means none of the tree.
    fn target(
        &mut self,
        declared: &Declared<'_>,
        home: Option<&TreePath>,
    ) -> Result<Option<Manifest>, ScanError> {
        let root = match (&declared.source.workspace, &declared.source.path) {
            (Some(WorkspaceSource::Own(true)), _) => home.cloned(),
            (Some(WorkspaceSource::Other(path)), _) => Some(declared.resolve(path)?),
            (_, Some(path)) => return self.project(declared, path),
            _ => return Ok(None),
        };
        let member =
            root.as_ref().map(|root| self.workspace(root)).transpose()?.flatten().and_then(
                |workspace| {
                    let named = |manifest: &&Manifest| {
                        manifest
                            .content
                            .project
                            .as_ref()
                            .is_some_and(|project| project.name == *declared.name)
                    };
                    workspace.members.values().find(named).cloned()
                },
            );
        let missing = || {
            let problem = format!("no member of the workspace is named `{}`", declared.name);
            declared.wrong(problem, "add its folder to `members`, or remove the source")
        };
        member.map(Some).ok_or_else(missing)
    }

    /// Returns the manifest in the folder `path`; nothing for an archive.
    fn project(
        &mut self,
        declared: &Declared<'_>,
        path: &str,
    ) -> Result<Option<Manifest>, ScanError> {
        let archive = [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz"];
        if archive.iter().any(|ending| path.ends_with(ending)) {
            return Ok(None);
        }
        let folder = declared.resolve(path)?;
        if let Some(manifest) = self.manifest(&folder)? {
            let named = manifest.named && manifest.content.project.is_some();
            return Ok(Some(if named { manifest } else { unnamed(manifest, declared.name) }));
        }
        let problem = format!("there is no project in `{folder}`");
        Err(declared.wrong(problem, "add a `pyproject.toml` there (one that git ignores does not count), or correct the path"))
    }

    /// Returns the manifest in a folder; each is read once.
    fn manifest(&mut self, folder: &TreePath) -> Result<Option<Manifest>, ScanError> {
        if !self.read.contains_key(folder) {
            let manifest = match discover::manifest(self.tree, folder)? {
                Some(manifest) => Some(manifest),
                // One that configures tools only may be the root of a workspace.
                None => Manifest::read(self.tree, folder)?,
            };
            self.read.insert(folder.clone(), manifest);
        }
        Ok(self.read.get(folder).cloned().flatten())
    }

    /// Returns the folder of the workspace that a project without a lock belongs to.
    fn home(&mut self, folder: &TreePath) -> Result<Option<TreePath>, ScanError> {
        let mut next = Some(folder.clone());
        while let Some(above) = next {
            if self
                .workspace(&above)?
                .is_some_and(|workspace| workspace.members.contains_key(folder))
            {
                return Ok(Some(above));
            }
            next = above.parent();
        }
        Ok(None)
    }

    /// Returns the workspace in `folder`, with or without a lock.
    fn workspace(&mut self, folder: &TreePath) -> Result<Option<&UvWorkspace>, ScanError> {
        if let Some(workspace) = self.workspaces.get(folder) {
            return Ok(Some(workspace));
        }
        if !self.others.contains_key(folder) {
            let root = self.manifest(folder)?;
            if let Some(root) = root.filter(|root| root.content.tool.uv.workspace.is_some()) {
                self.others.insert(folder.clone(), members::read(self.tree, root)?);
            }
        }
        Ok(self.others.get(folder))
    }
}

impl Declared<'_> {
    /// Returns the folder that `path` means, as seen from the manifest.
    fn resolve(&self, path: &str) -> Result<TreePath, ScanError> {
        self.manifest.folder.join(path).map_err(|error| {
            self.wrong(error.to_string(), "an image can only be built from what lies in the repository; scan a folder that holds both (`-C`)")
        })
    }

    fn wrong(&self, problem: String, hint: &str) -> ScanError {
        let place: Place = self.manifest.file.place(&["tool", "uv", "sources", self.name.as_ref()]);
        ScanError::Value { place, problem, hint: Some(hint.to_owned()) }
    }
}

/// Returns for what a folder is needed that only a group can name.
fn settled(scope: Scope, to: &TreePath, folder: &TreePath) -> Scope {
    match scope {
        Scope::Editable(group) if to.is_in(folder) => Scope::Group(group),
        Scope::Editable(_) => Scope::Production,
        scope => scope,
    }
}

/// Returns the names that the project requires for use: all but those of its dependency groups.
fn published(manifest: &Manifest) -> BTreeSet<PackageName> {
    let project = manifest.content.project.iter();
    let extras =
        project.clone().flat_map(|project| project.optional_dependencies.values().flatten());
    let texts = project.flat_map(|project| &project.dependencies).chain(extras);
    texts.filter_map(|text| Requirement::parse(text)).map(|requirement| requirement.name).collect()
}

/// Gives a name to a project whose files do not tell it: that which its user gave it.
fn unnamed(mut manifest: Manifest, name: &PackageName) -> Manifest {
    let content = Arc::make_mut(&mut manifest.content);
    match &mut content.project {
        Some(project) => project.name = name.clone(),
        None => content.project = Some(ProjectTable::named(name.clone())),
    }
    manifest.named = true;
    manifest
}
