//! How a service comes to need a local package.

use std::collections::{BTreeMap, VecDeque};

use pymono_names::TreePath;
use pymono_workspace::Workspace;

/// Returns the shortest chain of local dependencies from one project to another, both included.
///
/// Of several the one that comes first by its paths; where manifests show
/// none (a lock can know more), the two alone.
pub(crate) fn via(workspace: &Workspace, from: &TreePath, to: &TreePath) -> Vec<TreePath> {
    let mut before = BTreeMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(path) = queue.pop_front().filter(|path| *path != to) {
        for need in workspace.projects.get(path).into_iter().flat_map(|project| &project.needs) {
            if !before.contains_key(need) {
                before.insert(need, Some(path));
                queue.push_back(need);
            }
        }
    }
    let Some(Some(_)) = before.get(to) else { return vec![from.clone(), to.clone()] };
    let back = std::iter::successors(Some(to), |path| before.get(path).copied().flatten());
    let mut chain: Vec<TreePath> = back.cloned().collect();
    chain.reverse();
    chain
}
