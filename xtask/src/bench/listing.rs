//! The services, as `pymono list --json` names them.

use anyhow::{Context, Result};
use camino::Utf8Path;
use serde::Deserialize;

use crate::process::Tool;

/// A service: what its image is called and does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// The name of its project.
    pub(super) project: String,
    /// The folder of its project.
    pub(super) path: String,
    /// Its image's name, without a registry.
    pub(super) image: String,
    /// What its image runs.
    pub(super) command: Vec<String>,
    /// Where it answers with status 200, if it does: a port and a path.
    pub(super) health: Option<(u16, String)>,
    /// The folders of the libraries in its image.
    pub(super) libraries: Vec<String>,
}

#[derive(Deserialize)]
struct Listing {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    name: String,
    path: String,
    port: Option<u16>,
    health: Option<String>,
    closure: Vec<String>,
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    name: String,
    command: Vec<String>,
}

/// Asks `pymono` for the services of the repository in `folder`.
pub(super) fn services(pymono: &Utf8Path, folder: &Utf8Path) -> Result<Vec<Service>> {
    let json = Tool::new(pymono).args(["-C", folder.as_str(), "list", "--json"]).read()?;
    read(&json).context("failed to read what `pymono list --json` printed")
}

fn read(json: &str) -> Result<Vec<Service>> {
    let listing: Listing = serde_json::from_str(json)?;
    let services = listing.projects.into_iter().flat_map(|project| {
        let Project { name, path, port, health, closure, images } = project;
        images.into_iter().map(move |image| Service {
            project: name.clone(),
            path: path.clone(),
            image: image.name,
            command: image.command,
            health: port.zip(health.clone()),
            libraries: closure.clone(),
        })
    });
    Ok(services.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_a_service_and_a_library_is_none() {
        let json = r#"{"version": 1, "projects": [
            {"name": "core", "path": "libs/core", "port": null, "health": null,
             "closure": [], "images": []},
            {"name": "api", "path": "services/api", "port": 8000, "health": "/health",
             "closure": ["libs/core"], "images": [{"name": "api", "command": ["serve"]}]}]}"#;
        let expected = Service {
            project: "api".into(),
            path: "services/api".into(),
            image: "api".into(),
            command: vec!["serve".into()],
            health: Some((8000, "/health".into())),
            libraries: vec!["libs/core".into()],
        };
        assert_eq!(read(json).unwrap(), [expected]);
    }
}
