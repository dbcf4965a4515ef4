//! Which project needs which.

use std::collections::{BTreeMap, BTreeSet};

use pymono_workspace::{Kind, Project, Workspace};

use super::{Graph, Node, NodeKind};

impl Graph {
    /// Returns the projects of a workspace, each with those that it names for production.
    ///
    /// A node is known by the project's path.
    pub fn of_projects(workspace: &Workspace) -> Self {
        let projects = workspace.projects.values();
        let nodes: BTreeMap<_, _> =
            projects.clone().map(|project| (project.path.to_string(), node(project))).collect();
        let edges: BTreeSet<_> = projects
            .flat_map(|project| {
                let to = |needed: &pymono_names::TreePath| {
                    (project.path.to_string(), needed.to_string())
                };
                project.needs.iter().map(to).collect::<Vec<_>>()
            })
            .collect();
        Self::new(nodes, edges)
    }
}

fn node(project: &Project) -> Node {
    let command = project.launch.command.as_deref().unwrap_or_default().join(" ");
    Node {
        kind: match project.kind {
            Kind::Service => NodeKind::Service,
            Kind::Library => NodeKind::Library,
        },
        name: project.name.to_string(),
        note: command,
    }
}
