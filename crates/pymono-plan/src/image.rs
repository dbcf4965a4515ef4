//! What an image says and does, from the configuration and what was inferred.

use std::collections::BTreeSet;

use pymono_names::{Platform, ServiceName};
use pymono_workspace::{Project, Settings};

use crate::{FleetError, ImageSettings};

/// Returns the metadata and names of a service's image.
///
/// `platforms` are those that the service is closed for; a service that is
/// `copied` and not installed is started from its folder.
pub(crate) fn image_settings(
    project: &Project,
    name: &ServiceName,
    platforms: BTreeSet<Platform>,
    copied: bool,
) -> Result<ImageSettings, FleetError> {
    let settings = &project.settings;
    let command = settings.command.clone().or_else(|| project.launch.command.clone());
    if command.is_none() && settings.entrypoint.is_none() {
        return Err(FleetError::NoCommand { service: project.path.clone() });
    }
    // What is copied and not installed is found from the folder that it lies in.
    let folder = (copied && !project.path.is_root()).then(|| format!("/app/{}", project.path));
    Ok(ImageSettings {
        references: references(settings, name),
        platforms: if settings.platforms.is_empty() && platforms.len() == Platform::ALL.len() {
            BTreeSet::new()
        } else {
            platforms
        },
        env: settings.env.clone(),
        labels: settings.labels.clone(),
        workdir: settings.workdir.clone().or(folder),
        port: settings.port.or(project.launch.port),
        entrypoint: settings.entrypoint.clone(),
        command,
        healthcheck: settings.healthcheck.clone(),
    })
}

/// Returns the references that an image gets.
pub(crate) fn references(settings: &Settings, name: &ServiceName) -> Vec<String> {
    let image = settings.image.as_deref().unwrap_or(name.as_str());
    let repository = match &settings.registry {
        Some(registry) => format!("{}/{image}", registry.trim_end_matches('/')),
        None => image.to_owned(),
    };
    if settings.tags.is_empty() {
        return vec![format!("{repository}:latest")];
    }
    settings.tags.iter().map(|tag| format!("{repository}:{tag}")).collect()
}
