//! One dependency as Poetry writes it, in a manifest and in a lock.

use std::collections::BTreeSet;

use pep440_rs::{Operator, VersionSpecifier, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName};
use serde::Deserialize;

use super::ranges;
use crate::{
    marker::Condition,
    need::{Need, Wanted},
};

/// A range, a table, or several of them for one name.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum DependencyWire {
    Range(String),
    Table(TableWire),
    Several(Vec<DependencyWire>),
}

#[derive(Clone, Deserialize)]
pub(crate) struct TableWire {
    version: Option<String>,
    markers: Option<String>,
    python: Option<String>,
    platform: Option<String>,
    #[serde(default)]
    extras: Vec<ExtraName>,
    #[serde(default)]
    optional: bool,
}

/// A dependency, and whether it is one of extras only.
pub(crate) struct Declared {
    pub(crate) need: Need,
    pub(crate) optional: bool,
}

impl DependencyWire {
    /// Returns the dependencies on `name` that are meant; the error says what is wrong with one.
    pub(crate) fn declared(&self, name: &PackageName) -> Result<Vec<Declared>, String> {
        match self {
            Self::Range(range) => {
                let wanted = Wanted::Versions(ranges(range)?);
                let need =
                    Need { name: name.clone(), extras: BTreeSet::new(), wanted, marker: None };
                Ok(vec![Declared { need, optional: false }])
            }
            Self::Table(table) => Ok(vec![table.declared(name)?]),
            Self::Several(several) => {
                let several: Vec<_> =
                    several.iter().map(|one| one.declared(name)).collect::<Result<_, _>>()?;
                Ok(several.into_iter().flatten().collect())
            }
        }
    }
}

impl TableWire {
    fn declared(&self, name: &PackageName) -> Result<Declared, String> {
        let need = Need {
            name: name.clone(),
            extras: self.extras.iter().cloned().collect(),
            wanted: Wanted::Versions(ranges(self.version.as_deref().unwrap_or("*"))?),
            marker: self.marker()?,
        };
        Ok(Declared { need, optional: self.optional })
    }

    fn marker(&self) -> Result<Option<Condition>, String> {
        let python = self.python.as_deref().map(python_marker).transpose()?.flatten();
        let platform = self.platform.as_deref().map(platform_marker);
        let parts = [self.markers.clone().filter(|text| !text.is_empty()), python, platform];
        let parts = parts.into_iter().flatten().map(|text| Condition::parse(&text));
        let parts: Vec<_> = parts.collect::<Result<_, _>>()?;
        Ok((!parts.is_empty()).then_some(Condition::All(parts)))
    }
}

/// Writes `^3.8` as a marker; nothing if every Python passes.
fn python_marker(text: &str) -> Result<Option<String>, String> {
    let ranges = ranges(text)?;
    let range = |range: &VersionSpecifiers| {
        let parts: Vec<_> = range.iter().map(python_comparison).collect();
        parts.join(" and ")
    };
    let alternatives: Vec<_> = ranges.iter().map(range).collect();
    Ok((!alternatives.is_empty()).then(|| alternatives.join(" or ")))
}

/// Two numbers are compared with a minor version, as Poetry does: 3.12.1 is not newer than `3.12`.
fn python_comparison(specifier: &VersionSpecifier) -> String {
    let is_full = specifier.version().release().len() > 2
        || matches!(specifier.operator(), Operator::EqualStar | Operator::NotEqualStar);
    let variable = if is_full { "python_full_version" } else { "python_version" };
    let text = specifier.to_string();
    let (sign, version) =
        text.split_at(text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(0));
    format!("{variable} {} '{version}'", sign.trim())
}

/// Writes `win32|darwin` as a marker.
fn platform_marker(text: &str) -> String {
    let parts = text.split('|').map(str::trim).filter(|part| !part.is_empty());
    let parts = parts.map(|part| match part.strip_prefix("!=") {
        Some(other) => format!("sys_platform != '{}'", other.trim()),
        None => format!("sys_platform == '{}'", part.trim_start_matches('=').trim()),
    });
    parts.collect::<Vec<_>>().join(" or ")
}
