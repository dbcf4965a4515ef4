//! Compose files: services, what builds them, and how they are started.

mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::{Arguments, Build, Command, Health, RecipeError, document};

/// A compose file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compose {
    /// Its services, by name.
    pub services: BTreeMap<String, ComposeService>,
}

/// A service of a compose file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComposeService {
    /// The image that it runs, or that its build is named.
    pub image: Option<String>,
    /// What builds it.
    pub build: Option<Build>,
    /// What it starts in place of the image's command.
    pub command: Option<Command>,
    /// What it starts in place of the image's entry point and command.
    pub entrypoint: Option<Command>,
    /// The TCP ports that it listens on in its container, in the order in which they stand.
    pub ports: Vec<u16>,
    /// Environment variables; `None` for one that is taken from outside.
    pub environment: BTreeMap<String, Option<String>>,
    /// How its health is told.
    pub health: Option<Health>,
    /// The services that it needs.
    pub depends_on: BTreeSet<String>,
    /// Folders and files of the tree that are mounted: the path as written, and where it is in the container.
    pub volumes: Vec<(String, String)>,
    /// The working directory.
    pub working_dir: Option<String>,
    /// The profiles that it belongs to; it runs always where there is none.
    pub profiles: BTreeSet<String>,
    /// The line of its name.
    pub line: usize,
}

impl Compose {
    /// Reads a compose file by the rules of the [compose specification].
    ///
    /// `variables` are those of the `.env` file beside it; one without a value
    /// and a default stays as `${NAME}`. Of `extends`, those of the same file
    /// are followed.
    ///
    /// [compose specification]: https://github.com/compose-spec/compose-spec/blob/main/spec.md
    pub fn parse(text: &str, variables: &Arguments) -> Result<Self, RecipeError> {
        let Some(document) = document::document(text)? else { return Ok(Self::default()) };
        Ok(read::compose(&document, variables))
    }
}
