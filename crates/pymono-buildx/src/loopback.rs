//! Registries on this machine, asked without a process for each image.
//!
//! What Docker speaks plain HTTP with needs no TLS and rarely a login, so a few requests do what
//! takes a client of its own for each image else. Whatever is not a plain answer, such as a demand
//! to log in, is left to the client: [`None`] means that it has to be asked.
//!
//! The protocol is <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.

use std::{collections::BTreeMap, net::IpAddr};

use serde::de::DeserializeOwned;

use crate::{
    Published, PublishedImage,
    manifest::{Manifest, digest},
    registry::{Configuration, labels},
};

/// The kinds of manifests that we ask for.
const KINDS: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// A registry that says nothing for so many seconds is left to the client.
const PATIENCE: u64 = 10;

/// A repository of a registry on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loopback {
    /// Where its manifests and blobs are, such as `http://127.0.0.1:5000/v2/team/api`.
    url: String,
}

/// A manifest as the registry keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) digest: String,
    pub(crate) bytes: Vec<u8>,
    kind: String,
}

/// What is said about one manifest.
enum Said {
    Found(Document),
    Missing,
}

impl Loopback {
    /// Returns the repository of a reference, and its tag or digest; nothing where it is on another machine.
    pub(crate) fn of(reference: &str) -> Option<(Self, &str)> {
        let (host, rest) = reference.split_once('/')?;
        is_loopback(host).then_some(())?;
        let (name, which) = rest.split_once('@').or_else(|| rest.rsplit_once(':'))?;
        Some((Self { url: format!("http://{host}/v2/{name}") }, which))
    }

    /// Returns what the registry has under a tag or digest.
    pub(crate) fn published(&self, which: &str) -> Option<Published> {
        let document = match self.said(which)? {
            Said::Found(document) => document,
            Said::Missing => return Some(Published::Missing),
        };
        let labels = self.labels(&document)?;
        Some(Published::Image(PublishedImage { digest: document.digest, labels }))
    }

    /// Returns a manifest.
    pub(crate) fn manifest(&self, which: &str) -> Option<Document> {
        match self.said(which)? {
            Said::Found(document) => Some(document),
            Said::Missing => None,
        }
    }

    /// Lets a tag mean a manifest of this repository, and returns whether it does now.
    pub(crate) fn name(&self, document: &Document, tag: &str) -> bool {
        if self.manifest(tag).is_some_and(|it| it.digest == document.digest) {
            return true;
        }
        let request = minreq::put(format!("{}/manifests/{tag}", self.url))
            .with_header("Content-Type", &document.kind)
            .with_body(document.bytes.clone())
            .with_timeout(PATIENCE);
        request.send().is_ok_and(|answer| answer.status_code == 201)
    }

    fn said(&self, which: &str) -> Option<Said> {
        let request = minreq::get(format!("{}/manifests/{which}", self.url));
        let answer = request.with_header("Accept", KINDS).with_timeout(PATIENCE).send().ok()?;
        // Only these words say that it is the registry that has no such image.
        let says = |code: &str| answer.as_str().is_ok_and(|body| body.contains(code));
        match answer.status_code {
            404 if says("MANIFEST_UNKNOWN") || says("NAME_UNKNOWN") => return Some(Said::Missing),
            200 => {}
            _ => return None,
        }
        let kind = answer.header("Content-Type")?.to_owned();
        let bytes = answer.into_bytes();
        let digest = digest(&bytes);
        // A digest is asked for that very content.
        let is_it = !which.contains(':') || which == digest;
        is_it.then_some(Said::Found(Document { digest, bytes, kind }))
    }

    /// Returns the labels of an image, or of each image of an index, by platform.
    fn labels(&self, document: &Document) -> Option<BTreeMap<String, BTreeMap<String, String>>> {
        let manifest: Manifest = serde_json::from_slice(&document.bytes).ok()?;
        if let Some(config) = manifest.config {
            return Some(labels([self.blob::<Configuration>(&config.digest)?]));
        }
        let configurations = manifest.images().map(|digest| {
            let document = self.manifest(digest)?;
            let manifest: Manifest = serde_json::from_slice(&document.bytes).ok()?;
            self.blob::<Configuration>(&manifest.config?.digest)
        });
        Some(labels(configurations.collect::<Option<Vec<_>>>()?))
    }

    /// Returns a blob, if it is what its digest says.
    fn blob<T: DeserializeOwned>(&self, wanted: &str) -> Option<T> {
        let request = minreq::get(format!("{}/blobs/{wanted}", self.url));
        let answer = request.with_timeout(PATIENCE).send().ok()?;
        let is_it = answer.status_code == 200 && digest(answer.as_bytes()) == wanted;
        is_it.then(|| serde_json::from_slice(answer.as_bytes()).ok())?
    }
}

/// Returns whether Docker speaks plain HTTP with a host, such as `127.0.0.1:5000`.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((_, "443")) => return false,
        Some((name, port)) if port.chars().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse().is_ok_and(|it: IpAddr| it.is_loopback())
}

#[cfg(test)]
#[path = "loopback_tests.rs"]
mod tests;
