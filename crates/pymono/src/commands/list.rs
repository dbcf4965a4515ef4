//! `pymono list`

use std::collections::BTreeSet;

use clap::Args;
use pymono_names::TreePath;
use pymono_plan::{Fleet, HandwrittenImage, Service, StaleLocks};
use pymono_workspace::{Handwritten, Kind, Manager, Project, Workspace};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::CommandError, load::scan, session::Session};

/// List every project: service or library, and why
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Listing {
    version: u32,
    root: TreePath,
    projects: Vec<Row>,
}

#[derive(Debug, JsonSchema, Serialize)]
struct Row {
    name: String,
    path: TreePath,
    #[schemars(extend("enum" = ["library", "service"]))]
    kind: &'static str,
    why: Vec<String>,
    manager: Option<&'static str>,
    lock: Option<TreePath>,
    requires_python: Option<String>,
    python: String,
    depends_on: BTreeSet<TreePath>,
    closure: BTreeSet<TreePath>,
    images: Vec<ImageRow>,
    port: Option<u16>,
    health: Option<String>,
}

#[derive(Debug, JsonSchema, Serialize)]
struct ImageRow {
    name: String,
    dockerfile: Option<String>,
    target: Option<String>,
    base: Option<String>,
    apt: BTreeSet<String>,
    command: Option<Vec<String>>,
}

pub(crate) fn run(session: &mut Session, args: &ListArgs) -> Result<(), CommandError> {
    let workspace = scan(session)?;
    let (fleet, unplanned) = pymono_plan::assemble(&workspace, StaleLocks::Used);
    for unplanned in &unplanned {
        session.shell.warn(unplanned.error.chain())?;
    }
    let found = Found { workspace, fleet };
    let rows: Vec<Row> =
        found.workspace.projects.values().map(|project| found.row(project)).collect();
    // These are many small pieces, and nobody needs their memory before the process ends.
    std::mem::forget(found);
    if args.json {
        let listing = Listing { version: 1, root: TreePath::root(), projects: rows };
        return Ok(session.shell.print(json(&listing))?);
    }
    Ok(session.shell.print(table(&rows))?)
}

/// Keys stand in the order of the documentation.
fn json(listing: &Listing) -> String {
    // Only a map with keys that are no strings, or a failing writer, could make this fail.
    serde_json::to_string_pretty(listing).unwrap_or_default()
}

fn table(rows: &[Row]) -> String {
    let header = ["project", "path", "kind", "python", "image", "command", "why"];
    let body = rows.iter().flat_map(|row| {
        // Each further image has a line of its own, by its own name.
        let first = [cells(row, &row.name, row.images.first(), row.why.join("; "))];
        let further = row.images.iter().skip(1);
        let further = further.map(|image| cells(row, &image.name, Some(image), String::new()));
        first.into_iter().chain(further).collect::<Vec<_>>()
    });
    pymono_report::columns(header, body)
}

fn cells(row: &Row, name: &str, image: Option<&ImageRow>, why: String) -> [String; 7] {
    let command = image.and_then(|image| image.command.as_ref());
    [
        name.to_owned(),
        row.path.to_string(),
        row.kind.to_owned(),
        row.python.clone(),
        image.map(ImageRow::made_by).unwrap_or_default(),
        command.map(|words| words.join(" ")).unwrap_or_default(),
        why,
    ]
}

impl ImageRow {
    /// Returns how the image comes about: by a Dockerfile and a stage of it, or generated.
    fn made_by(&self) -> String {
        match (&self.dockerfile, &self.target) {
            (Some(dockerfile), Some(target)) => format!("{dockerfile}#{target}"),
            (Some(dockerfile), None) => dockerfile.clone(),
            (None, _) => "generated".to_owned(),
        }
    }
}

/// What was found, and the services that could be closed over their locks.
struct Found {
    workspace: Workspace,
    fleet: Fleet,
}

impl Found {
    fn row(&self, project: &Project) -> Row {
        let service = self.fleet.services.get(&project.path);
        Row {
            name: project.name.to_string(),
            path: project.path.clone(),
            kind: if project.kind == Kind::Service { "service" } else { "library" },
            why: project.why.clone(),
            manager: project.manager.map(Manager::as_str),
            lock: project.lock.clone(),
            requires_python: project.requires_python.clone(),
            python: project.python.to_string(),
            depends_on: project.needs.union(&project.bricks).cloned().collect(),
            closure: self.closure(project),
            images: match service {
                Some(service) => vec![image_row(service)],
                None => self.handwritten(project),
            },
            port: project.launch.port,
            health: project.launch.health.clone(),
        }
    }

    /// Returns all local projects that a project needs, directly or not: a service's
    /// as its lock has them for its image, others' as manifests name them.
    fn closure(&self, project: &Project) -> BTreeSet<TreePath> {
        let locked = self.fleet.locals.get(&project.path);
        let projects = match (self.fleet.services.get(&project.path), locked) {
            (Some(service), _) => service.packages.clone(),
            // A lock tells more exactly what is installed, and nothing of what is copied.
            (None, Some(locked)) => {
                let copied = project.needs.iter().filter(|path| is_copied(project, path));
                let copied = self.workspace.reached(copied).into_iter();
                copied.chain(locked).cloned().collect()
            }
            (None, None) => self.workspace.reached(&project.needs).into_iter().cloned().collect(),
        };
        let holders = projects.iter().chain([&project.path]);
        let holders = holders.filter_map(|path| self.workspace.projects.get(path));
        let bricks = holders.flat_map(|project| &project.bricks).cloned();
        let others = projects.iter().filter(|path| **path != project.path).cloned();
        others.chain(bricks).collect()
    }

    /// Returns the images of hand-written Dockerfiles.
    fn handwritten(&self, project: &Project) -> Vec<ImageRow> {
        let built = |said: &Handwritten, image: &HandwrittenImage| {
            let build = &said.build;
            !image.is_ground
                && (&build.dockerfile, &build.target, &build.args, &build.context)
                    == (&image.dockerfile, &image.target, &image.args, &image.context)
        };
        let images = project.images.iter().filter_map(|said| {
            let mut of_project =
                self.fleet.handwritten.iter().filter(|(_, image)| image.path == project.path);
            let (name, image) = of_project.find(|(_, image)| built(said, image))?;
            Some(ImageRow {
                name: name.to_string(),
                dockerfile: Some(image.dockerfile.to_string()),
                target: image.target.clone(),
                base: said.base.clone(),
                apt: said.apt.clone(),
                command: said.command.clone(),
            })
        });
        images.collect()
    }
}

/// Returns whether a hand-written Dockerfile of a project takes something of another one,
/// or a folder that holds it and not the project.
fn is_copied(project: &Project, other: &TreePath) -> bool {
    let mut sources = project.images.iter().flat_map(|image| &image.sources);
    let holds = |source: &TreePath| other.is_in(source) && !project.path.is_in(source);
    sources.any(|source| source.is_in(other) || holds(source))
}

fn image_row(service: &Service) -> ImageRow {
    ImageRow {
        name: service.name.to_string(),
        dockerfile: None,
        target: None,
        base: Some(service.runtime_image.clone()),
        apt: service.apt.clone(),
        command: service.image.command.clone(),
    }
}
