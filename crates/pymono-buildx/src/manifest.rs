//! Manifests as registries keep them.

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// What we read of a manifest, or of an index of several
/// (<https://github.com/opencontainers/image-spec/blob/main/manifest.md>).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Manifest {
    manifests: Vec<Descriptor>,
    pub(crate) config: Option<Descriptor>,
    pub(crate) layers: Vec<Descriptor>,
}

/// Something that a manifest names.
#[derive(Debug, Deserialize)]
pub(crate) struct Descriptor {
    pub(crate) digest: String,
    pub(crate) size: u64,
    platform: Option<Platform>,
}

#[derive(Debug, Deserialize)]
struct Platform {
    os: String,
}

impl Manifest {
    /// Returns the digests of the images of an index. Attestations have no platform, and nobody pulls them along.
    pub(crate) fn images(&self) -> impl Iterator<Item = &str> {
        let is_image = |it: &&Descriptor| it.platform.as_ref().is_none_or(|it| it.os != "unknown");
        self.manifests.iter().filter(is_image).map(|it| it.digest.as_str())
    }
}

/// Returns the digest of some bytes, such as `sha256:ab…`.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("sha256:{digits}")
}
