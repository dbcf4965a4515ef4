//! What a manifest declares and what a lock remembers of it, in one form.

use std::{collections::BTreeSet, fmt, ops::Bound};

use pep440_rs::{Operator, VersionSpecifiers};
use pep508_rs::{ExtraName, MarkerTree, PackageName};

use crate::{
    marker,
    need::{Need, Wanted},
};

/// A declared dependency, by its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) name: PackageName,
    extras: BTreeSet<ExtraName>,
    /// The versions, in an order that does not tell how they were written; `None` where a source decides.
    versions: Option<BTreeSet<String>>,
    marker: MarkerTree,
}

impl Declared {
    /// Makes one of its parts; nothing if the marker cannot be read.
    pub(super) fn new(
        name: PackageName,
        extras: impl IntoIterator<Item = ExtraName>,
        versions: Option<&VersionSpecifiers>,
        marker: Option<&str>,
    ) -> Option<Self> {
        let marker = marker.map_or(Some(MarkerTree::TRUE), by_platform)?;
        let versions = versions.map(|range| range.iter().map(ToString::to_string).collect());
        Some(Self { name, extras: extras.into_iter().collect(), versions, marker })
    }

    /// Reads a requirement as a manifest has it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let need = Need::parse(text).ok()?;
        let (versions, marker) = match &need.wanted {
            Wanted::At(_) => (None, text.split_once(" ;").or_else(|| text.split_once("; "))),
            Wanted::Versions(ranges) => {
                let none = VersionSpecifiers::empty();
                (Some(ranges.first().cloned().unwrap_or(none)), text.split_once(';'))
            }
        };
        let marker = marker.map(|(_, marker)| marker.trim());
        Self::new(need.name, need.extras, versions.as_ref(), marker)
    }

    /// Adds that it holds for one extra of the project only.
    pub(super) fn for_extra(mut self, extra: &ExtraName) -> Option<Self> {
        self.marker.and(marker::diagram(&format!("extra == '{extra}'")).ok()?);
        Some(self)
    }

    /// Leaves out of the marker what holds for all of these versions of Python.
    pub(super) fn within(mut self, python: &VersionSpecifiers) -> Self {
        let (mut lower, mut upper) = (Bound::Unbounded, Bound::Unbounded);
        for range in python.iter() {
            match range.operator() {
                Operator::GreaterThanEqual => lower = Bound::Included(range.version()),
                Operator::LessThan => upper = Bound::Excluded(range.version()),
                _ => {}
            }
        }
        self.marker = self.marker.simplify_python_versions(lower, upper);
        self
    }

    /// Forgets the versions: a source takes their place.
    pub(super) fn sourced(mut self) -> Self {
        self.versions = None;
        self
    }

    /// Returns true if it holds everywhere.
    pub(super) fn is_unconditional(&self) -> bool {
        self.marker.is_true()
    }

    /// Forgets when it holds.
    pub(super) fn always(mut self) -> Self {
        self.marker = MarkerTree::TRUE;
        self
    }
}

/// Reads a marker as uv does, which asks `sys_platform` where others ask `platform_system`.
fn by_platform(text: &str) -> Option<MarkerTree> {
    const SYSTEMS: [(&str, &str); 3] =
        [("Windows", "win32"), ("Linux", "linux"), ("Darwin", "darwin")];
    let marker = marker::diagram(text).ok()?;
    let Some(written) = marker.contents().filter(|_| text.contains("platform_system")) else {
        return Some(marker);
    };
    let mut written = written.to_string();
    for (system, platform) in SYSTEMS {
        for sign in ["==", "!="] {
            let asked = format!("platform_system {sign} '{system}'");
            written = written.replace(&asked, &format!("sys_platform {sign} '{platform}'"));
        }
    }
    marker::diagram(&written).ok()
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, extras, versions, marker } = self;
        write!(f, "{name}")?;
        if !extras.is_empty() {
            let extras: Vec<_> = extras.iter().map(AsRef::as_ref).collect();
            write!(f, "[{}]", extras.join(","))?;
        }
        let versions: Vec<_> = versions.iter().flatten().map(String::as_str).collect();
        f.write_str(&versions.join(","))?;
        marker.contents().map_or(Ok(()), |marker| write!(f, " ; {marker}"))
    }
}
