//! What changed before a build.

use std::fmt;

use anyhow::Result;
use serde::{Serialize, Serializer};

use super::peer::Workshop;
use super::verify;

/// The example that is built.
const EXAMPLE: &str = "examples/shop";

/// A source file to edit, and the module that it is.
struct Source {
    project: &'static str,
    file: &'static str,
    module: &'static str,
}

const SERVICE: Source = Source {
    project: "services/storefront",
    file: "services/storefront/src/storefront/__init__.py",
    module: "storefront",
};

/// Five of the six services stand on it.
const LIBRARY: Source = Source {
    project: "libs/models",
    file: "libs/models/src/shop_models/__init__.py",
    module: "shop_models",
};

/// What changed since the last build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scenario {
    /// The base image, and with it every layer.
    Cold,
    /// Nothing.
    Unchanged,
    /// One line in one service.
    Service,
    /// One line in a library.
    Library,
}

impl Scenario {
    /// All, each after the one that it starts from.
    pub(super) const ALL: [Self; 4] = [Self::Cold, Self::Unchanged, Self::Service, Self::Library];

    fn source(self) -> Option<Source> {
        match self {
            Self::Cold | Self::Unchanged => None,
            Self::Service => Some(SERVICE),
            Self::Library => Some(LIBRARY),
        }
    }

    /// Makes the change, for both sides.
    pub(super) fn prepare(self, workshop: &Workshop, repetition: u32) -> Result<()> {
        if self == Self::Cold {
            return workshop.change_base(repetition);
        }
        let Some(source) = self.source() else { return Ok(()) };
        let line = format!("PYMONO_BENCH = {repetition}");
        workshop.copies.edit(EXAMPLE, source.file, &line)
    }

    /// Fails if an image lacks the change: a build that leaves out work is
    /// not a fast one.
    pub(super) fn verify(self, workshop: &Workshop, repetition: u32) -> Result<()> {
        let Some(source) = self.source() else { return Ok(()) };
        let code = format!("import {0}; print({0}.PYMONO_BENCH)", source.module);
        let concerned = workshop.services.iter().filter(|service| {
            service.path == source.project
                || service.libraries.iter().any(|path| path == source.project)
        });
        concerned.into_iter().try_for_each(|service| {
            verify::prints(workshop, service, &code, &repetition.to_string())
        })
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cold => "cold layers, warm download caches",
            Self::Unchanged => "nothing changed",
            Self::Service => "one line in one service",
            Self::Library => "one line in a library of five services",
        })
    }
}

impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
