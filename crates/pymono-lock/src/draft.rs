//! A closure that is being put together.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pep508_rs::PackageName;
use pymono_names::Target;

use crate::{
    Closure, ClosureError, Local, LocalKind, Pin,
    file::{Distribution, pinned},
};

/// Where in a lock something stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// In a line of the lock.
    Line(usize),
    /// In one of several files, as `base.txt:3`.
    Named(&'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Named(place) => f.write_str(place),
        }
    }
}

/// A closure on its way, with where each of its pins stands.
pub(crate) struct Draft<'a> {
    target: Target,
    /// In the order in which they were added, maybe several times.
    pins: Vec<(Pin, Place<'a>)>,
    locals: BTreeMap<String, Local>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, pins: Vec::new(), locals: BTreeMap::new() }
    }

    /// Adds a distribution, of which some file must fit the target.
    pub(crate) fn pin(
        &mut self,
        distribution: &Distribution<'_>,
        place: Place<'a>,
    ) -> Result<(), ClosureError> {
        self.add(pin(distribution, self.target, place)?, place);
        Ok(())
    }

    /// Adds a pin; one that is there already keeps its first place.
    pub(crate) fn add(&mut self, pin: Pin, place: Place<'a>) {
        self.pins.push((pin, place));
    }

    /// Returns the local package at `path`, which is added if it is new.
    ///
    /// Of a folder that is needed in two ways the editable one is it, as in PDM.
    pub(crate) fn local(&mut self, name: &PackageName, path: &str, kind: LocalKind) -> &mut Local {
        let local = self.locals.entry(path.to_owned()).or_insert_with(|| Local {
            name: name.clone(),
            kind,
            needs: BTreeSet::new(),
            extras: BTreeSet::new(),
        });
        local.kind = local.kind.min(kind);
        local
    }

    /// Returns the closure, in which no distribution is pinned twice: no environment can hold that.
    pub(crate) fn finish(mut self) -> Result<Closure, ClosureError> {
        self.pins.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.pins.dedup_by(|(one, _), (other, _)| one == other);
        let next = self.pins.iter().skip(1);
        if let Some((one, other)) =
            self.pins.iter().zip(next).find(|(one, other)| one.0.name == other.0.name)
        {
            let shown = |(pin, place): &(Pin, Place<'_>)| {
                format!("{} ({place})", pinned(&pin.name, pin.version.as_ref()))
            };
            return Err(ClosureError::Disagreement {
                package: one.0.name.clone(),
                pins: [one, other].map(shown).into(),
            });
        }
        let pins = self.pins.into_iter().map(|(pin, _)| pin).collect();
        Ok(Closure { pins, locals: self.locals })
    }
}

/// Returns the pin of a distribution, of which some file must fit the target.
pub(crate) fn pin(
    distribution: &Distribution<'_>,
    target: Target,
    place: Place<'_>,
) -> Result<Pin, ClosureError> {
    distribution.pin(target).map_err(|wheels| ClosureError::NoDistribution {
        package: pinned(distribution.name, distribution.version),
        target,
        wheels,
        place: place.to_string(),
    })
}
