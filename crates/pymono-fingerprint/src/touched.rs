//! Which images a change of some files would make others.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_plan::{Fleet, IndexChoice};
use pymono_workspace::{Project, Workspace};

use crate::{Inputs, Piece, Reason, compare::Explained, sent::vendored};

/// A file that is asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// Where it is, or would be.
    pub path: TreePath,
    /// What is known of it.
    pub presence: Presence,
    /// Whether its name is one by which it tells how images are made: a manifest, a lock, a recipe.
    pub leads: bool,
}

/// Whether a tree has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// It has.
    There,
    /// It has not: the file is gone, or is not there yet.
    Absent,
    /// It is on disk and git ignores it: only a build that is sent all that lies there gets it.
    Ignored,
}

/// Returns the services of a tree that would be affected if some files changed, and by which.
///
/// A file of the tree is looked up among what images are made of. One that the tree has not counts for
/// every service that has the project in whose folder it would lie. A file that leads pymono counts for
/// every service with a project in its folder or below: what a change of it means cannot be told from its
/// name. So there may be services too many, and never one too few.
pub fn touched(
    workspace: &Workspace,
    fleet: &Fleet,
    inputs: &BTreeMap<TreePath, Inputs>,
    asked: &BTreeSet<Asked>,
) -> BTreeMap<TreePath, BTreeSet<Reason>> {
    let services = inputs.iter().filter_map(|(path, inputs)| {
        let project = workspace.projects.get(path)?;
        let locals = fleet.locals.get(path).into_iter().flatten();
        let needs = workspace.reached([path]).into_iter().chain(locals).chain([path]).collect();
        let service = Service { workspace, fleet, project, inputs, needs };
        let reasons: BTreeSet<Reason> = asked.iter().flat_map(|it| service.reasons(it)).collect();
        (!reasons.is_empty()).then(|| (path.clone(), reasons))
    });
    services.collect()
}

/// A service, and the projects that it needs, itself too.
struct Service<'a> {
    workspace: &'a Workspace,
    fleet: &'a Fleet,
    project: &'a Project,
    inputs: &'a Inputs,
    needs: BTreeSet<&'a TreePath>,
}

impl Service<'_> {
    fn reasons(&self, asked: &Asked) -> Vec<Reason> {
        let pieces = self.inputs.pieces().keys();
        // A submodule is one piece, whatever changes in it.
        let touches = |it: &&Piece| file(it).is_some_and(|file| asked.path.is_in(file));
        let pieces: Vec<Reason> = pieces.filter(touches).map(|it| self.explained(it)).collect();
        if !pieces.is_empty() {
            return pieces;
        }
        let owner = self.owner(&asked.path);
        if self.takes(&asked.path) || self.may_take(asked, owner) || self.is_led(asked) {
            let owner = if self.needs.contains(owner) { owner } else { &self.project.path };
            return vec![self.explained(&Piece::file(&self.project.path, owner, &asked.path))];
        }
        Vec::new()
    }

    fn explained(&self, piece: &Piece) -> Reason {
        let service = &self.project.path;
        Explained { workspace: self.workspace, service, values: (None, None) }.reason(piece)
    }

    /// Returns the innermost project that a path lies in, or else the service.
    fn owner(&self, path: &TreePath) -> &TreePath {
        let mut folders = std::iter::successors(path.parent(), TreePath::parent);
        let found = folders.find_map(|folder| self.workspace.projects.get_key_value(&folder));
        found.map_or(&self.project.path, |(path, _)| path)
    }

    /// Returns whether a build is sent what lies at a path, though that is no piece by itself.
    fn takes(&self, path: &TreePath) -> bool {
        let mut images = self.project.images.iter();
        let service = self.fleet.services.get(&self.project.path);
        let packages = service.into_iter().flat_map(|service| &service.packages);
        let packages = packages.filter_map(|it| self.fleet.packages.get(it)).map(|it| &it.index);
        let indexes = service.map(|service| &service.index).into_iter().chain(packages);
        let folders = indexes.filter_map(|index| match index {
            IndexChoice::Folder(folder) => Some(folder),
            _ => None,
        });
        let vendored = service.into_iter().flat_map(vendored);
        images.any(|image| {
            image.sources.iter().any(|it| path.is_in(it)) && !image.left_out.contains(path)
        }) || folders.chain(vendored).any(|it| path.is_in(it))
    }

    /// Returns whether a file would be in the image if it were there.
    fn may_take(&self, asked: &Asked, owner: &TreePath) -> bool {
        let further = &self.project.further;
        let named = || further.copies.keys().chain(&further.inputs);
        // A project of the root's has what lies in no other project's folder.
        let lies = asked.path.is_in(owner) && self.needs.contains(owner);
        asked.presence == Presence::Absent
            && (lies || named().any(|it| it.parent() == asked.path.parent()))
    }

    /// Returns whether a file may tell how the image is made.
    fn is_led(&self, asked: &Asked) -> bool {
        if !asked.leads || asked.presence == Presence::Ignored {
            return false;
        }
        if self.workspace.locks.contains_key(&asked.path) {
            let locks = self.needs.iter().filter_map(|it| self.workspace.projects.get(*it));
            return locks.filter_map(|it| it.lock.as_ref()).any(|lock| *lock == asked.path);
        }
        let Some(folder) = asked.path.parent() else { return true };
        // A recipe may build what lies elsewhere.
        let is_elsewhere = !self.workspace.projects.keys().any(|it| it.is_in(&folder));
        is_elsewhere || self.needs.iter().any(|it| it.is_in(&folder))
    }
}

fn file(piece: &Piece) -> Option<&TreePath> {
    match piece {
        Piece::Source(file)
        | Piece::Dependency { file, .. }
        | Piece::Crate { file, .. }
        | Piece::Dockerfile(file) => Some(file),
        _ => None,
    }
}
