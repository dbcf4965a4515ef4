//! What changed before a build.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};

use super::listing::Service;
use super::peer::{Peer, Workshop};
use super::verify;

/// What changed since the last build, and in which words.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) what: String,
    /// What pymono may take at most of what others take.
    pub(super) bounds: BTreeMap<Peer, f64>,
    change: Change,
}

/// A change, the same for all sides.
#[derive(Debug)]
pub(super) enum Change {
    /// The base image, and with it every layer; all else is as it was at first.
    Base,
    Nothing,
    /// One more line in a module.
    Line(Source),
    /// Other pins.
    Pins(Pins),
}

/// A source file to edit, and the module that it is.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The folder of its project.
    pub(super) project: String,
    pub(super) file: String,
    pub(super) module: String,
}

/// A manifest with another pin, and the lock that follows from it.
#[derive(Clone, Debug)]
pub(super) struct Pins {
    /// The folder of the project.
    pub(super) project: String,
    /// Paths and texts.
    pub(super) files: Vec<(String, String)>,
    pub(super) distribution: String,
    /// The version that the service's image has from now on; none if no image has it.
    pub(super) version: Option<String>,
}

impl Scenario {
    pub(super) fn new(what: impl Into<String>, change: Change) -> Self {
        Self { what: what.into(), bounds: BTreeMap::new(), change }
    }

    /// Sets what pymono may take at most of what others take.
    pub(super) fn at_most(self, bounds: impl IntoIterator<Item = (Peer, f64)>) -> Self {
        Self { bounds: bounds.into_iter().collect(), ..self }
    }

    /// Whether an image gets what it did not have before.
    pub(super) fn downloads(&self) -> bool {
        matches!(&self.change, Change::Pins(Pins { version: Some(_), .. }))
    }

    /// Makes the change, for all sides.
    pub(super) fn prepare(&self, workshop: &Workshop, repetition: u32) -> Result<()> {
        match &self.change {
            Change::Base => {
                workshop.copies.restore()?;
                workshop.change_base(repetition)?;
                workshop.pin()
            }
            Change::Nothing => Ok(()),
            Change::Line(source) => {
                workshop.copies.edit(&source.file, &format!("PYMONO_BENCH = {repetition}"))
            }
            Change::Pins(pins) => {
                for (file, text) in &pins.files {
                    workshop.copies.replace(file, text)?;
                }
                workshop.pin()
            }
        }
    }

    /// Fails if an image lacks the change: a build that leaves out work is
    /// not a fast one.
    pub(super) fn verify(&self, workshop: &Workshop, repetition: u32) -> Result<()> {
        match &self.change {
            Change::Base | Change::Nothing => Ok(()),
            Change::Line(source) => edited(workshop, source, repetition),
            Change::Pins(pins) => pinned(workshop, pins),
        }
    }
}

fn edited(workshop: &Workshop, source: &Source, repetition: u32) -> Result<()> {
    let code = format!("import {0}; print({0}.PYMONO_BENCH)", source.module);
    let is_concerned = |service: &&Service| {
        service.path == source.project || service.libraries.contains(&source.project)
    };
    let mut concerned = workshop.services.iter().filter(is_concerned).take(verify::MOST_EDITED);
    concerned
        .try_for_each(|service| verify::prints(workshop, service, &code, &repetition.to_string()))
}

fn pinned(workshop: &Workshop, pins: &Pins) -> Result<()> {
    let Pins { project, files: _, distribution, version } = pins;
    let mut services = workshop.services.iter();
    let service = services.find(|it| it.path == *project).context("a pin of no service")?;
    let code = format!(
        "from importlib.metadata import distributions as all\n\
         print(*[it.version for it in all() if it.name == '{distribution}'])"
    );
    verify::prints(workshop, service, &code, version.as_deref().unwrap_or_default())
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
