//! The inputs of a service that cannot be built as it is.

use pymono_lock::ImageLock;
use pymono_names::{Platform, Target};
use pymono_plan::{close, environment};
use pymono_workspace::{Contents, Project, Workspace};
use serde_json::json;

use crate::{Fingerprint, Inputs, Piece};

impl Inputs {
    /// Returns all that may have to do with the image of a service, where that cannot be planned.
    ///
    /// They are rather too many than too few: whatever changes its image, once it can be built, is
    /// among them. The files of every local project that it needs count as they are; its lock counts
    /// by its pins, or as a whole where it cannot be closed.
    pub fn roughly(workspace: &Workspace, project: &Project, contents: &Contents) -> Self {
        let mut inputs = Self::rough();
        let environment = environment(project);
        inputs.add(Piece::Python, &environment.python);
        inputs.add(Piece::Base(crate::Role::Build), &environment.base_image);
        inputs.add(Piece::Config("settings"), &format!("{:?}", project.settings));
        let launch = &project.launch;
        inputs.add(Piece::Config("command"), &json!(launch.command));
        inputs.add(Piece::Config("port"), &json!(launch.port));
        inputs.add_lock(workspace, project);
        if let Some(lock) = &workspace.image_lock {
            inputs.add(Piece::Config(ImageLock::PATH), &Fingerprint::of(lock));
        }
        for needed in workspace.reached([&project.path]) {
            let Some(owner) = workspace.projects.get(needed) else { continue };
            if needed != &project.path {
                inputs.add(Piece::Edge(needed.clone()), &owner.name);
            }
            inputs.add(Piece::Backend(needed.clone()), &format!("{:?}", owner.build));
            for (file, content) in contents.of(&owner.sources) {
                inputs.add(Piece::file(&project.path, needed, file), content);
            }
        }
        inputs.add_further(&project.further, contents);
        inputs
    }

    /// Adds what a project's lock pins for it, or the lock as a whole where that cannot be closed.
    pub(crate) fn add_lock(&mut self, workspace: &Workspace, project: &Project) {
        let libc = environment(project).libc;
        let settings = &project.settings;
        let closures = Platform::ALL.map(|platform| {
            let target = Target { python: project.python, platform, libc };
            let (extras, groups) = (settings.extras.clone(), settings.groups.clone());
            close(workspace, project, extras, groups, &target).ok()
        });
        let complete = closures.iter().all(Option::is_some);
        for (platform, closure) in Platform::ALL.iter().zip(closures.into_iter().flatten()) {
            for pin in &closure.pins {
                let version = pin.version.as_ref().map(ToString::to_string);
                let what = format!("{:?} {:?} {:?}", pin.source, pin.wheels, pin.sdist);
                let value = json!({ "version": version, "on": platform.to_string(), "what": what });
                self.add_form(&pin.name, &value.to_string());
            }
        }
        if !complete {
            let is_manifest = |it: &str| ["pyproject.toml", "Pipfile"].contains(&it);
            // Files of requirements lead to further ones.
            let further = workspace
                .texts
                .iter()
                .filter(|(path, _)| path.file_name().is_some_and(|name| !is_manifest(name)));
            let lock = project.lock.as_ref().and_then(|lock| workspace.locks.get(lock));
            self.add(Piece::Config("lock"), &json!([lock, further.collect::<Vec<_>>()]));
        }
    }
}
