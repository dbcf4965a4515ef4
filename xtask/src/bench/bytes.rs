//! The bytes that images take up in a registry, and those that are sent to it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::counter::Counter;
use crate::docker::Docker;

/// What a registry may answer with: a manifest, or a list of them by platform.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";

/// Bytes of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct StoredBytes {
    /// Sent to a registry that had nothing.
    pub(super) pushed: u64,
    /// All layers in it, those of the base included, each counted once.
    pub(super) unique: u64,
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

/// Pushes `images` to the empty registry at `address`, and counts.
pub(super) fn stored(docker: &Docker, address: &str, images: &[String]) -> Result<StoredBytes> {
    let counter = Counter::start(address)?;
    let mut layers = BTreeMap::new();
    for image in images {
        let (repository, tag) = split(image).with_context(|| format!("`{image}` has no tag"))?;
        let name = format!("{}/{repository}:{tag}", counter.address());
        docker.tool().args(["image", "tag", image, &name]).quiet()?;
        let pushed = docker.tool().args(["push", "--quiet", &name]).quiet();
        // A second name of an image, so nothing else goes with it.
        docker.tool().args(["image", "rm", &name]).succeeds();
        pushed?;
        collect(&format!("http://{address}/v2/{repository}"), tag, &mut layers)
            .with_context(|| format!("failed to read the manifest of `{image}`"))?;
    }
    Ok(StoredBytes { pushed: counter.sent(), unique: layers.values().sum() })
}

/// The repository of `image` within its registry, and the tag.
fn split(image: &str) -> Option<(&str, &str)> {
    image.split_once('/')?.1.split_once(':')
}

/// Adds the layers of a manifest, or of each in a list of them, by digest.
fn collect(repository: &str, reference: &str, layers: &mut BTreeMap<String, u64>) -> Result<()> {
    let url = format!("{repository}/manifests/{reference}");
    let answer = minreq::get(&url).with_header("Accept", ACCEPTED).with_timeout(30).send()?;
    ensure!(answer.status_code == 200, "`GET {url}` answered with status {}", answer.status_code);
    let manifest: Manifest = serde_json::from_slice(answer.as_bytes())?;
    layers.extend(manifest.layers.into_iter().map(|layer| (layer.digest, layer.size)));
    manifest.manifests.iter().try_for_each(|it| collect(repository, &it.digest, layers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_a_registry_is_no_tag() {
        let split = split("127.0.0.1:5000/bench/guide/api:latest").unwrap();
        assert_eq!(split, ("bench/guide/api", "latest"));
    }
}
