//! Names of services, which are names of bake targets and Dockerfile stages too.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name that a service has as a build target and, by default, as an image.
///
/// It fits all three places: a Dockerfile stage, a bake target
/// (`[a-zA-Z0-9_-]+`) and a path component of an image reference (lower case).
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceName(String);

/// A string that cannot be a build target.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` cannot name a service; use a lower-case letter, then lower-case letters, digits, `-` and `_`"
)]
pub struct InvalidServiceName(String);

impl ServiceName {
    /// Returns the nearest valid name to `text`, a package's name or a path.
    ///
    /// Letters become lower case, each run of other characters one `-`.
    pub fn slug(text: &str) -> Self {
        let mut slug = String::new();
        for character in text.chars() {
            if character.is_ascii_alphanumeric() {
                slug.push(character.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        if slug.starts_with(|first: char| first.is_ascii_lowercase()) {
            Self(slug.to_owned())
        } else {
            Self(format!("service-{slug}").trim_end_matches('-').to_owned())
        }
    }

    /// Returns the name as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceName {
    type Err = InvalidServiceName;

    fn from_str(text: &str) -> Result<Self, InvalidServiceName> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidServiceName(text.to_owned()))
        }
    }
}

impl TryFrom<String> for ServiceName {
    type Error = InvalidServiceName;

    fn try_from(text: String) -> Result<Self, InvalidServiceName> {
        text.parse()
    }
}

impl From<ServiceName> for String {
    fn from(name: ServiceName) -> Self {
        name.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slug_is_a_valid_name() {
        for (text, slug) in [
            ("services/api_v2", "services-api-v2"),
            ("My.Pkg", "my-pkg"),
            ("3d", "service-3d"),
            (".", "service"),
            ("ä", "service"),
        ] {
            assert_eq!(ServiceName::slug(text).as_str(), slug);
            assert!(slug.parse::<ServiceName>().is_ok(), "{slug}");
        }
    }
}
