//! What is started in a folder of the tree without a hand-written image.

use std::collections::BTreeMap;

use pymono_names::TreePath;

use super::{Process, Surroundings, leaf::purpose_of};
use crate::{
    Command, Compose, ComposeService, ImageReference, PlatformService, Procfile, Recipe,
    RecipeKind, Starts,
};

/// Returns the processes, sorted by folder and name.
pub(crate) fn processes(
    recipes: &BTreeMap<TreePath, Recipe>,
    surroundings: &Surroundings<'_>,
) -> Vec<Process> {
    let mut processes = Vec::new();
    for (path, recipe) in recipes.iter().filter(|(path, _)| purpose_of(path).is_some()) {
        let folder = path.parent().unwrap_or_else(TreePath::root);
        let from = Starting { path, folder, surroundings };
        match recipe {
            Recipe::Procfile(procfile) => processes.extend(from.procfile(procfile)),
            Recipe::Platform(kind, services) => {
                processes.extend(services.iter().flat_map(|it| from.platform(*kind, it)));
            }
            Recipe::Compose(compose) => processes.extend(from.compose(compose)),
            _ => {}
        }
    }
    processes.sort();
    processes
}

/// The recipe that starts something.
struct Starting<'a> {
    path: &'a TreePath,
    folder: TreePath,
    surroundings: &'a Surroundings<'a>,
}

impl Starting<'_> {
    fn procfile(&self, procfile: &Procfile) -> Vec<Process> {
        // `release` runs once before the others and serves nothing.
        let stays = procfile.processes.iter().filter(|(name, _)| *name != "release");
        stays.filter_map(|(name, command)| self.process(name, command, &self.folder)).collect()
    }

    fn platform(&self, kind: RecipeKind, service: &PlatformService) -> Vec<Process> {
        let root = if kind == RecipeKind::Render { TreePath::root() } else { self.folder.clone() };
        let Ok(root) = root.join(service.root.as_deref().unwrap_or(".")) else { return Vec::new() };
        let built = service.build.is_some()
            || root.join("Dockerfile").is_ok_and(|it| self.surroundings.is_file(&it));
        let stays = service.processes.iter().filter(|(name, _)| !built && *name != "release");
        let processes = stays.filter_map(|(name, command)| {
            let named =
                service.name.as_ref().filter(|_| service.processes.len() == 1).unwrap_or(name);
            let process = self.process(named, command, &root)?;
            Some(Process { port: service.port, health: service.health.clone(), ..process })
        });
        processes.collect()
    }

    fn compose(&self, compose: &Compose) -> Vec<Process> {
        compose.services.iter().filter_map(|(name, it)| self.mounted(name, it)).collect()
    }

    /// Returns what a service of a compose file starts in a folder that it mounts into a Python image.
    fn mounted(&self, name: &str, service: &ComposeService) -> Option<Process> {
        let image =
            ImageReference::parse(service.image.as_deref().filter(|_| service.build.is_none())?);
        let command = service.entrypoint.as_ref().or(service.command.as_ref())?;
        let python = image.has_python() && command.starts() != Starts::Other;
        let mounts = service.volumes.iter().filter(|_| python);
        let folders = mounts.filter_map(|(source, _)| self.folder.join(source).ok());
        let folder = folders.into_iter().find(|it| self.surroundings.is_folder(it))?;
        let process = self.process(name, command, &folder)?;
        Some(Process { port: service.ports.first().copied(), ..process })
    }

    fn process(&self, name: &str, command: &Command, folder: &TreePath) -> Option<Process> {
        if command.starts() == Starts::Other {
            return None;
        }
        let folder = moved(command, folder)
            .filter(|it| self.surroundings.is_folder(it))
            .unwrap_or_else(|| folder.clone());
        let folder = self
            .surroundings
            .project_of(&folder)
            .filter(|it| !it.is_root() || folder.is_root())
            .unwrap_or(folder);
        Some(Process {
            folder,
            name: name.to_owned(),
            command: command.clone(),
            why: format!("`{}` starts it as `{name}`", self.path),
            port: None,
            health: None,
        })
    }
}

/// Returns the folder that a command goes to: `cd api && …`, `gunicorn --chdir api …`.
fn moved(command: &Command, folder: &TreePath) -> Option<TreePath> {
    const FLAGS: [&str; 5] = ["--chdir", "--app-dir", "--directory", "--project", "--workdir"];
    command.simple().iter().find_map(|words| {
        let pairs = || words.iter().zip(words.iter().skip(1));
        let cd = pairs().next().filter(|(it, _)| *it == "cd").map(|(_, to)| to.as_str());
        let flag =
            || pairs().find(|(it, _)| FLAGS.contains(&it.as_str())).map(|(_, to)| to.as_str());
        let joined = || {
            words.iter().find_map(|it| {
                FLAGS.iter().find_map(|flag| it.strip_prefix(flag)?.strip_prefix('='))
            })
        };
        folder.join(cd.or_else(flag).or_else(joined)?).ok()
    })
}
