//! The bytes that images take up in a registry.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::docker::Docker;

/// What a registry may answer with: a manifest, or a list of them by platform.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";

/// Bytes of all layers in a registry, each counted once, for each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct StoredBytes {
    pub(super) guide: u64,
    pub(super) pymono: u64,
}

/// A manifest, or a list of manifests.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Blob>,
    #[serde(default)]
    manifests: Vec<Blob>,
}

#[derive(Deserialize)]
struct Blob {
    digest: String,
    size: u64,
}

/// Pushes `images`, returns the bytes of their layers, those of the base
/// included, and takes the images back. Layers that several images have are
/// stored, and counted, once.
pub(super) fn stored(docker: &Docker, images: &[String]) -> Result<u64> {
    let mut layers = BTreeMap::new();
    for image in images {
        docker.tool().args(["push", "--quiet", image]).quiet()?;
        let (repository, tag) = split(image).with_context(|| format!("`{image}` has no tag"))?;
        collect(&repository, tag, &mut layers)
            .with_context(|| format!("failed to read the manifest of `{image}`"))?;
        take_back(&repository, tag);
    }
    Ok(layers.values().sum())
}

/// The address of the repository of `image`, and the tag.
fn split(image: &str) -> Option<(String, &str)> {
    let (registry, name) = image.split_once('/')?;
    let (name, tag) = name.split_once(':')?;
    Some((format!("http://{registry}/v2/{name}"), tag))
}

/// Adds the layers of a manifest, or of each in a list of them, by digest.
fn collect(repository: &str, reference: &str, layers: &mut BTreeMap<String, u64>) -> Result<()> {
    let answer = ask(repository, reference)?;
    let manifest: Manifest = serde_json::from_slice(answer.as_bytes())?;
    layers.extend(manifest.layers.into_iter().map(|layer| (layer.digest, layer.size)));
    manifest.manifests.iter().try_for_each(|it| collect(repository, &it.digest, layers))
}

/// Asks for a manifest.
fn ask(repository: &str, reference: &str) -> Result<minreq::Response> {
    let url = format!("{repository}/manifests/{reference}");
    let answer = minreq::get(&url).with_header("Accept", ACCEPTED).with_timeout(30).send()?;
    ensure!(answer.status_code == 200, "`GET {url}` answered with status {}", answer.status_code);
    Ok(answer)
}

/// Removes an image from the registry, unless that one allows no removal.
fn take_back(repository: &str, tag: &str) {
    let Ok(answer) = ask(repository, tag) else { return };
    // A tag alone is not removed by every registry, and a digest is.
    let Some(digest) = answer.header("Docker-Content-Digest") else { return };
    let url = format!("{repository}/manifests/{digest}");
    // One that refuses keeps what its owner can remove; the count stands.
    drop(minreq::delete(url).with_timeout(30).send());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_a_registry_is_no_tag() {
        let split = split("127.0.0.1:5000/bench/guide/api:latest").unwrap();
        assert_eq!(split, ("http://127.0.0.1:5000/v2/bench/guide/api".to_owned(), "latest"));
    }
}
