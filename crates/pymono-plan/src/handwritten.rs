//! Images that hand-written Dockerfiles build, on their way into the fleet.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::{Platform, ServiceName, TreePath};
use pymono_workspace::{
    DockerfileBuild, Handwritten, NamedContext, Project, Secret, Settings, Workspace,
};

use crate::{image::references, naming::Free};

/// An image that a hand-written Dockerfile builds as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandwrittenImage {
    /// The folder of the service that it is; of a ground, that of its Dockerfile.
    pub path: TreePath,
    /// Whether only other images are built from it, and no service runs it.
    pub is_ground: bool,
    /// The Dockerfile.
    pub dockerfile: TreePath,
    /// The stage that is built; `None` for the last one.
    pub target: Option<String>,
    /// The folder that is the context.
    pub context: TreePath,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// What stands behind names in the Dockerfile that are no stages.
    pub contexts: BTreeMap<String, ContextSource>,
    /// References that the image gets, such as `api:latest`.
    pub references: Vec<String>,
    /// Platforms that the image is for; empty where it is for whichever it is built on.
    pub platforms: BTreeSet<Platform>,
    /// Labels that it gets beside those of the Dockerfile.
    pub labels: BTreeMap<String, String>,
    /// Secrets that its steps are given.
    pub secrets: BTreeSet<Secret>,
    /// Whether a step asks for an SSH agent.
    pub ssh: bool,
}

/// What stands behind a name in a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextSource {
    /// A folder of the tree.
    Folder(TreePath),
    /// An image from elsewhere.
    Image(String),
    /// Another image of the fleet, which is built before.
    Target(ServiceName),
}

impl HandwrittenImage {
    /// Returns the images of the fleet that it is built from.
    pub fn grounds(&self) -> impl Iterator<Item = &ServiceName> {
        self.contexts.values().filter_map(|source| match source {
            ContextSource::Target(name) => Some(name),
            _ => None,
        })
    }
}

/// Returns the images that hand-written Dockerfiles build, by target, each with those that it is built from.
///
/// One image of a service bears the service's name; of several, each has a name of its own after it.
pub(crate) fn images(
    workspace: &Workspace,
    names: &BTreeMap<TreePath, ServiceName>,
) -> BTreeMap<ServiceName, HandwrittenImage> {
    let mut gathering = Gathering {
        free: Free::new(names.values()),
        targets: BTreeMap::new(),
        images: BTreeMap::new(),
    };
    let services: Vec<(&Project, &ServiceName)> = workspace
        .projects
        .values()
        .filter(|project| !project.images.is_empty())
        .filter_map(|project| Some((project, names.get(&project.path)?)))
        .collect();
    // All services have their names before the first ground looks for one.
    let mut wanted = Vec::new();
    for (project, name) in services {
        for image in &project.images {
            let own = gathering.own_name(project, image, name);
            gathering.targets.insert(image.build.clone(), own.clone());
            wanted.push((project, image, name, own));
        }
    }
    for (project, image, service, own) in wanted {
        let settings = named(&project.settings, service, &own);
        let made = gathering.image(&image.build, &project.path, &settings, &own, false);
        gathering.images.insert(own, made);
    }
    gathering.images
}

/// Returns settings in which one of several images of a service has a name of its own.
fn named(settings: &Settings, service: &ServiceName, own: &ServiceName) -> Settings {
    let rest = own.as_str().strip_prefix(service.as_str()).unwrap_or_default();
    let image = settings.image.as_ref().map(|image| format!("{image}{rest}"));
    Settings { image, ..settings.clone() }
}

struct Gathering {
    free: Free,
    /// The target of each build that somebody wants.
    targets: BTreeMap<DockerfileBuild, ServiceName>,
    images: BTreeMap<ServiceName, HandwrittenImage>,
}

impl Gathering {
    fn own_name(
        &mut self,
        project: &Project,
        image: &Handwritten,
        service: &ServiceName,
    ) -> ServiceName {
        // A service has another name than its project where two projects bear one name.
        let project_name = ServiceName::slug(project.name.as_ref());
        let mut called = ServiceName::slug(&image.name);
        let rest = called.as_str().strip_prefix(project_name.as_str());
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('-')) {
            called = ServiceName::slug(&format!("{service}{rest}"));
        }
        let is_given = self.targets.values().any(|name| name == service);
        if !is_given && (project.images.len() == 1 || called == *service) {
            return service.clone();
        }
        if called == *service {
            let stage = image.build.target.as_deref().or(image.build.dockerfile.file_name());
            called = ServiceName::slug(stage.unwrap_or_default());
        }
        let begins = called.as_str().strip_prefix(service.as_str());
        match begins.filter(|rest| rest.starts_with('-')) {
            Some(_) => self.free.take(called.as_str()),
            None => self.free.take(&format!("{service}-{called}")),
        }
    }

    fn image(
        &mut self,
        build: &DockerfileBuild,
        path: &TreePath,
        settings: &Settings,
        name: &ServiceName,
        is_ground: bool,
    ) -> HandwrittenImage {
        let contexts = build.contexts.iter().map(|(name, context)| {
            let source = match context {
                NamedContext::Folder(folder) => ContextSource::Folder(folder.clone()),
                NamedContext::Image(image) => ContextSource::Image(image.clone()),
                NamedContext::Build(called, build) => {
                    ContextSource::Target(self.ground(called, build, settings))
                }
            };
            (name.clone(), source)
        });
        HandwrittenImage {
            contexts: contexts.collect(),
            path: path.clone(),
            is_ground,
            dockerfile: build.dockerfile.clone(),
            target: build.target.clone(),
            context: build.context.clone(),
            args: build.args.clone(),
            references: references(settings, name),
            platforms: settings.platforms.clone(),
            labels: settings.labels.clone(),
            secrets: settings.secrets.clone(),
            ssh: build.ssh,
        }
    }

    /// Returns the target of a build that another one stands on, with the settings of the first that does.
    fn ground(
        &mut self,
        called: &str,
        build: &DockerfileBuild,
        settings: &Settings,
    ) -> ServiceName {
        if let Some(known) = self.targets.get(build) {
            return known.clone();
        }
        let name = self.free.take(called);
        self.targets.insert(build.clone(), name.clone());
        let path = build.dockerfile.parent().unwrap_or_else(TreePath::root);
        let settings = Settings { image: None, labels: BTreeMap::new(), ..settings.clone() };
        let image = self.image(build, &path, &settings, &name, true);
        self.images.insert(name.clone(), image);
        name
    }
}
