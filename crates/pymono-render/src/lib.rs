//! Turns a plan into text: a Dockerfile, its ignore file, pins and a bake file.
//!
//! Strings in, strings out: nothing is written here, and the same plan always
//! gives the same bytes.

mod bake;
mod dockerfile;
mod export;
mod graph;
mod handwritten;
mod ignore;
mod instruction;
mod pins;
mod pylock;
mod resolve;
mod spelling;
mod words;

use std::collections::BTreeMap;

use pymono_plan::BuildPlan;
use pymono_workspace::Unsent;

pub use bake::bake_file;
pub use dockerfile::{EPOCH, SHARED, base, shared};
pub use export::{Export, ExportError, ExportFormat, export};
pub use graph::{Graph, GraphFormat, GraphJson};
pub use resolve::{Resolve, record, resolve};

/// The name under which the Dockerfile knows the folder of pins.
///
/// Pins come through a context of their own, so that the folder that holds them
/// is no part of any step's identity: `pymono build` and `docker buildx bake`
/// read them from different places and share every cached step.
pub const PINS_CONTEXT: &str = "pymono-pins";

/// The files that a build needs beside the tree itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The Dockerfile of all images that are made of stages; empty without any.
    pub dockerfile: String,
    /// What lies beside it as `Dockerfile.dockerignore`.
    pub ignore: String,
    /// Files of the [`PINS_CONTEXT`], by path; may be empty.
    pub pins: BTreeMap<String, String>,
}

/// Renders what a build of `plan` needs.
pub fn render(plan: &BuildPlan, unsent: &Unsent) -> Rendered {
    if plan.images.is_empty() {
        let nothing = String::new;
        return Rendered { dockerfile: nothing(), ignore: nothing(), pins: BTreeMap::new() };
    }
    Rendered {
        dockerfile: dockerfile::dockerfile(plan),
        ignore: ignore::ignore_file(plan, unsent),
        pins: pins::pins(plan),
    }
}
