//! The images that a registry has.

use std::{collections::BTreeMap, time::Duration};

use pymono_exec::{ExecError, Interrupt, Output};
use serde::Deserialize;

use crate::{Docker, DockerError, fault, loopback::Loopback};

/// What a registry says of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// There is an image.
    Image(PublishedImage),
    /// There is none.
    Missing,
    /// It does not answer, or not to us: nothing is known.
    Unknown(String),
}

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedImage {
    /// The digest of its manifest, or of the index of several.
    pub digest: String,
    /// Its labels, for each platform such as `linux/arm64`.
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
}

/// The answer of the client.
#[derive(Debug, Deserialize)]
struct Answer {
    manifest: Manifest,
    image: Configurations,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    digest: String,
}

/// One configuration, or one for each platform of an index.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Configurations {
    One(Configuration),
    Several(BTreeMap<String, Configuration>),
}

/// What we read of an image's configuration
/// (<https://github.com/opencontainers/image-spec/blob/main/config.md>).
#[derive(Debug, Deserialize)]
pub(crate) struct Configuration {
    architecture: String,
    os: String,
    #[serde(default)]
    config: Settings,
}

#[derive(Debug, Default, Deserialize)]
struct Settings {
    #[serde(default, rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl Docker {
    /// Asks a registry, with the client's credentials, for the image that a reference means.
    ///
    /// What does not answer is asked `tries` times more, each after a longer pause.
    pub fn published(&self, reference: &str, tries: u32, interrupt: &Interrupt) -> Published {
        let nearby = Loopback::of(reference).and_then(|(it, which)| it.published(which));
        if let Some(published) = nearby {
            return published;
        }
        let mut pause = Duration::from_millis(250);
        for _ in 0..tries {
            let found = self.ask_registry(reference, interrupt);
            if !matches!(found, Published::Unknown(_)) || interrupt.pause(pause) {
                return found;
            }
            pause *= 2;
        }
        self.ask_registry(reference, interrupt)
    }

    fn ask_registry(&self, reference: &str, interrupt: &Interrupt) -> Published {
        let args = ["buildx", "imagetools", "inspect", "--format", "{{json .}}", reference];
        let args = args.map(str::to_owned).to_vec();
        match self.invocation(args).output(interrupt) {
            Ok(output) => published(reference, &output),
            Err(error) => Published::Unknown(error.to_string()),
        }
    }

    /// Gives an image of a registry further references, without pulling it; what has them already is left as
    /// it is.
    ///
    /// The source is a repository and a digest in it.
    pub fn publish_as(
        &self,
        (repository, digest): (&str, &str),
        references: &[&str],
        interrupt: &Interrupt,
    ) -> Result<(), DockerError> {
        let source = format!("{repository}@{digest}");
        let is_missing = |it: &&str| !self.has_name(&source, digest, it, interrupt);
        let missing: Vec<&str> = references.iter().copied().filter(is_missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        // What is no index shall not be wrapped into one: its digest would be another.
        let options = ["buildx", "imagetools", "create", "--prefer-index=false"].map(str::to_owned);
        let tags = missing.into_iter().flat_map(|it| ["--tag", it].map(str::to_owned));
        let args = options.into_iter().chain(tags).chain([source]).collect();
        self.ask(args, interrupt).map(drop)
    }

    /// Returns whether a reference means an image, after giving it that where no client is needed for it.
    fn has_name(&self, source: &str, digest: &str, reference: &str, interrupt: &Interrupt) -> bool {
        match (Loopback::of(source), Loopback::of(reference)) {
            (Some((from, _)), Some((to, tag))) if from == to => {
                from.manifest(digest).is_some_and(|it| to.name(&it, tag))
            }
            (_, Some((to, tag))) => to.manifest(tag).is_some_and(|it| it.digest == digest),
            _ => matches!(
                self.ask_registry(reference, interrupt),
                Published::Image(image) if image.digest == digest
            ),
        }
    }

    /// Returns the platform that the engine builds for where nobody names one, such as `linux/amd64`.
    pub fn platform(&self, interrupt: &Interrupt) -> Result<String, DockerError> {
        let format = "{{.Server.Os}}/{{.Server.Arch}}";
        self.ask(["version", "--format", format].map(str::to_owned).to_vec(), interrupt)
    }

    /// Runs the client and returns what it wrote; a failure is an error.
    pub(crate) fn ask(
        &self,
        args: Vec<String>,
        interrupt: &Interrupt,
    ) -> Result<String, DockerError> {
        let invocation = self.invocation(args);
        let output = invocation.output(interrupt).map_err(|error| match error {
            ExecError::NotFound { program } => DockerError::NotFound { program },
            error => DockerError::Client(error),
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(DockerError::Command { command: invocation.to_string(), message: words(&output) })
    }
}

fn published(reference: &str, output: &Output) -> Published {
    if !output.status.success() {
        let words = words(output);
        // Only these words say that the registry was reached and has no such image.
        let missing = words.ends_with(&format!("{reference}: not found"));
        return if missing { Published::Missing } else { Published::Unknown(words) };
    }
    match serde_json::from_slice::<Answer>(&output.stdout) {
        Ok(answer) => Published::Image(answer.into()),
        Err(error) => Published::Unknown(format!("the answer on `{reference}` is odd: {error}")),
    }
}

impl From<Answer> for PublishedImage {
    fn from(Answer { manifest, image }: Answer) -> Self {
        let images = match image {
            Configurations::One(image) => vec![image],
            Configurations::Several(images) => images.into_values().collect(),
        };
        Self { digest: manifest.digest, labels: labels(images) }
    }
}

/// Returns the labels of some images, by platform.
pub(crate) fn labels(
    images: impl IntoIterator<Item = Configuration>,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let labels = images.into_iter().map(|Configuration { architecture, os, config }| {
        (format!("{os}/{architecture}"), config.labels.unwrap_or_default())
    });
    labels.collect()
}

fn words(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    fault::message(text.lines()).unwrap_or_else(|| format!("it ended with {}", output.status))
}
