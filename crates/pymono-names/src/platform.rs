//! What an image runs on: platform, C library and Python together.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::PythonVersion;

/// An operating system and architecture that images are built for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Platform {
    /// `linux/amd64`
    #[serde(rename = "linux/amd64")]
    Amd64,
    /// `linux/arm64`
    #[serde(rename = "linux/arm64")]
    Arm64,
}

/// A string that names no platform that pymono builds for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a platform; use `linux/amd64` or `linux/arm64`")]
pub struct InvalidPlatform(String);

impl Platform {
    /// All platforms, in order.
    pub const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    /// Returns the machine as Python's `platform.machine()` and wheel tags spell it.
    pub fn machine(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// Returns the platform as Docker spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "linux/amd64",
            Self::Arm64 => "linux/arm64",
        }
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        Self::ALL
            .into_iter()
            .find(|platform| platform.as_str() == text)
            .ok_or_else(|| InvalidPlatform(text.to_owned()))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The C library of an image, which decides which binary wheels run in it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Libc {
    /// glibc: Debian's slim images and most others.
    Glibc,
    /// musl: Alpine.
    Musl,
}

impl Libc {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Glibc => "glibc",
            Self::Musl => "musl",
        }
    }

    /// Returns the C library that an image of this reference has, as its name or tag tells.
    pub fn of_image(reference: &str) -> Self {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        if name.contains("alpine") { Self::Musl } else { Self::Glibc }
    }
}

/// The environment that markers and wheel tags are evaluated for: the image's, never the host's.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Target {
    /// The interpreter's version.
    pub python: PythonVersion,
    /// The operating system and architecture.
    pub platform: Platform,
    /// The C library.
    pub libc: Libc,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_images_own_name_tells_its_c_library() {
        assert_eq!(Libc::of_image("registry.example/team/python:3.13-alpine3.22"), Libc::Musl);
        assert_eq!(Libc::of_image("registry.alpine.example/alpine/python:3.13-slim"), Libc::Glibc);
    }
}
