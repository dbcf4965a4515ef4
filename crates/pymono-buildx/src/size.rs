//! How large the images of a registry are.

use std::collections::BTreeMap;

use pymono_exec::Interrupt;

use crate::{Docker, loopback::Loopback, manifest::Manifest};

impl Docker {
    /// Returns how many bytes a registry keeps for the image in `repository` that a tag or digest means, as
    /// in `:v1` and `@sha256:…`: configurations and compressed layers, of all its platforms.
    ///
    /// Nothing where it does not tell, or has no such image.
    pub fn published_size(
        &self,
        repository: &str,
        which: &str,
        interrupt: &Interrupt,
    ) -> Option<u64> {
        let manifest = self.raw(&format!("{repository}{which}"), interrupt)?;
        let mut parts = self.images(repository, &manifest, interrupt)?;
        parts.push(manifest);
        let blobs = parts.into_iter().flat_map(|it| it.config.into_iter().chain(it.layers));
        // What several of them share is kept once.
        let blobs: BTreeMap<String, u64> = blobs.map(|it| (it.digest, it.size)).collect();
        Some(blobs.values().sum())
    }

    /// Returns the compressed bytes of each layer of an image in a registry, by platform in the registry's
    /// order; nothing where it does not tell.
    pub fn published_layers(
        &self,
        reference: &str,
        interrupt: &Interrupt,
    ) -> Option<Vec<Vec<u64>>> {
        let (repository, _) = reference.split_once('@').unwrap_or((reference, ""));
        let manifest = self.raw(reference, interrupt)?;
        let mut images = self.images(repository, &manifest, interrupt)?;
        images.extend((!manifest.layers.is_empty()).then_some(manifest));
        let layers = |it: Manifest| it.layers.into_iter().map(|layer| layer.size).collect();
        Some(images.into_iter().map(layers).collect())
    }

    /// Returns the manifests of the images of an index in `repository`.
    fn images(
        &self,
        repository: &str,
        index: &Manifest,
        interrupt: &Interrupt,
    ) -> Option<Vec<Manifest>> {
        let manifest = |digest| self.raw(&format!("{repository}@{digest}"), interrupt);
        index.images().map(manifest).collect()
    }

    fn raw(&self, reference: &str, interrupt: &Interrupt) -> Option<Manifest> {
        let nearby = Loopback::of(reference).and_then(|(it, which)| it.manifest(which));
        if let Some(document) = nearby {
            return serde_json::from_slice(&document.bytes).ok();
        }
        let args = ["buildx", "imagetools", "inspect", "--raw", reference].map(str::to_owned);
        let output = self.invocation(args.to_vec()).output(interrupt).ok()?;
        output.status.success().then(|| serde_json::from_slice(&output.stdout).ok())?
    }
}
