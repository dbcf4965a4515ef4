//! The digests of images that tags mean now.

use pymono_exec::Interrupt;
use serde::Deserialize;

use crate::{BuildRequest, Docker, DockerError, fault};

/// What a tag means now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The digest of the image's manifest, or of the index of several.
    pub digest: String,
    /// Where that was found.
    pub place: Place,
}

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In its registry.
    Registry,
    /// In the engine's store alone; what the registry said.
    Store(String),
}

#[derive(Debug, Deserialize)]
struct Manifest {
    digest: String,
}

/// What the engine knows about an image.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Known {
    #[serde(default)]
    repo_digests: Vec<String>,
    /// Only the containerd store has it.
    descriptor: Option<Manifest>,
}

impl Docker {
    /// Returns the digest of the image that a reference means: its registry is asked first, and where
    /// that does not tell, the engine's own store.
    pub fn locate(&self, reference: &str, interrupt: &Interrupt) -> Result<Located, DockerError> {
        let format = ["--format", "{{json .Manifest}}", reference].map(str::to_owned);
        let inspect = ["buildx", "imagetools", "inspect"].map(str::to_owned);
        let asked = self.ask(inspect.into_iter().chain(format).collect(), interrupt);
        let words = match asked {
            Ok(text) => match serde_json::from_str::<Manifest>(&text) {
                Ok(Manifest { digest }) => return Ok(Located { digest, place: Place::Registry }),
                Err(error) => format!("its answer is odd: {error}"),
            },
            Err(DockerError::Command { message, .. }) => message,
            Err(error) => return Err(error),
        };
        match self.stored_digest(reference, interrupt) {
            Some(digest) => Ok(Located { digest, place: Place::Store(words) }),
            None => Err(DockerError::NoDigest { reference: reference.to_owned(), message: words }),
        }
    }

    fn stored_digest(&self, reference: &str, interrupt: &Interrupt) -> Option<String> {
        let inspect = ["image", "inspect", "--format", "{{json .}}", reference];
        let text = self.ask(inspect.map(str::to_owned).to_vec(), interrupt).ok()?;
        let known: Known = serde_json::from_str(&text).ok()?;
        // The classic store has digests of what was pulled or pushed alone.
        let digests = known.repo_digests.iter().filter_map(|it| it.split_once('@'));
        let own = digests.map(|(_, digest)| digest.to_owned()).next();
        known.descriptor.map(|manifest| manifest.digest).or(own)
    }

    /// Builds something whose result is no image, and returns what went wrong with the last words of
    /// the step that failed.
    pub fn make(&self, request: &BuildRequest, interrupt: &Interrupt) -> Result<(), DockerError> {
        let invocation =
            self.invocation([request.args(), vec!["--progress=plain".into()]].concat());
        let output = invocation.output(interrupt).map_err(DockerError::Client)?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        // buildx shows the end of the failed step's log between two such lines.
        let mut parts = text.split("\n------\n");
        let log = parts.nth(1).map(|log| format!("{log}\n")).unwrap_or_default();
        let message = fault::message(text.lines()).unwrap_or_default();
        Err(DockerError::Command { command: invocation.to_string(), message: log + &message })
    }
}
