//! The images that the local engine has.

use std::collections::{BTreeMap, BTreeSet};

use pymono_exec::Interrupt;

use crate::{Docker, DockerError};

/// The images of some repositories that the local engine has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The id of each image, by its reference, such as `api:latest`.
    ids: BTreeMap<String, String>,
}

impl Stored {
    /// Returns the id of the image that a reference means.
    pub fn id(&self, reference: &str) -> Option<&str> {
        self.ids.get(familiar(reference)).map(String::as_str)
    }

    /// Returns whether an image of this id is there.
    pub fn has(&self, id: &str) -> bool {
        self.ids.values().any(|known| known == id)
    }
}

impl Docker {
    /// Asks the engine once for all images of some repositories, such as `registry.example/api`.
    ///
    /// An id is the digest of the image's manifest, or on the classic store that of its configuration:
    /// equal ids are equal images, labels included.
    pub fn stored(
        &self,
        repositories: &BTreeSet<&str>,
        interrupt: &Interrupt,
    ) -> Result<Stored, DockerError> {
        let format = "{{.Repository}}:{{.Tag}} {{.ID}}";
        let filters = repositories.iter().map(|it| format!("--filter=reference={}", familiar(it)));
        let options = ["image", "ls", "--no-trunc", "--format", format].map(str::to_owned);
        let answer = self.ask(options.into_iter().chain(filters).collect(), interrupt)?;
        let pairs = answer.lines().filter_map(|line| line.split_once(' '));
        Ok(Stored { ids: pairs.map(|(name, id)| (name.to_owned(), id.to_owned())).collect() })
    }

    /// Returns those of some ids that the engine has an image for, whatever it is called.
    pub fn known(&self, ids: &BTreeSet<&str>, interrupt: &Interrupt) -> BTreeSet<String> {
        if ids.is_empty() {
            return BTreeSet::new();
        }
        let options = ["image", "inspect", "--format", "{{.Id}}"];
        let args = options.into_iter().chain(ids.iter().copied()).map(str::to_owned).collect();
        // An image that is missing fails the command but keeps no other from being told.
        let output = self.invocation(args).output(interrupt);
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        text.unwrap_or_default().lines().map(|line| line.trim().to_owned()).collect()
    }

    /// Gives an image one more reference, which another one may have had.
    pub fn name(
        &self,
        id: &str,
        reference: &str,
        interrupt: &Interrupt,
    ) -> Result<(), DockerError> {
        let args = ["image", "tag", id, reference].map(str::to_owned).to_vec();
        self.ask(args, interrupt).map(drop)
    }
}

/// Returns a name as the docker client shows it.
fn familiar(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_known_by_its_familiar_name() {
        let ids = [("team/api:v1", "sha256:1"), ("api:latest", "sha256:2")];
        let ids = ids.map(|(name, id)| (name.to_owned(), id.to_owned()));
        let stored = Stored { ids: ids.into() };
        assert_eq!(stored.id("docker.io/team/api:v1"), Some("sha256:1"));
        assert_eq!(stored.id("docker.io/library/api:latest"), Some("sha256:2"));
        assert_eq!(stored.id("registry.example/api:latest"), None);
        assert!(stored.has("sha256:1") && !stored.has("sha256:3"));
    }
}
