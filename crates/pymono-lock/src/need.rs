//! One dependency, as it is declared.

use std::collections::BTreeSet;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName};

use crate::marker::Condition;

/// A dependency on a name, which says nothing yet of the entry that it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    pub(crate) name: PackageName,
    pub(crate) extras: BTreeSet<ExtraName>,
    pub(crate) wanted: Wanted,
    /// When it holds; always if there is none.
    pub(crate) marker: Option<Condition>,
}

/// Which distributions of a name are wanted.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Versions in one of several ranges; all versions if there is none.
    Versions(Vec<VersionSpecifiers>),
    /// The distribution at a URL or path.
    At(String),
}

impl Wanted {
    /// Every version.
    pub(crate) const ALL: Self = Self::Versions(Vec::new());

    /// Returns true if an entry of this version may be meant.
    ///
    /// What is wanted from a URL is told by its name alone: a lock has one entry for it.
    pub(crate) fn allows(&self, version: Option<&Version>) -> bool {
        match (self, version) {
            (Self::At(_), _) | (_, None) => true,
            (Self::Versions(ranges), Some(version)) => {
                ranges.is_empty() || ranges.iter().any(|range| range.contains(version))
            }
        }
    }
}

impl Need {
    /// Reads a requirement as [PEP 508] defines it; the error says what is wrong with it.
    ///
    /// Unlike the parser of `pep508_rs`, this one leaves `${VARIABLES}` in
    /// URLs alone: what is in the environment must not reach a plan.
    ///
    /// [PEP 508]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, rest) = split_name(text);
        // The parser of names takes none for one.
        if name.is_empty() {
            return Err("a name is missing".into());
        }
        let name = name.parse().map_err(|_| format!("`{name}` is no name"))?;
        let (extras, rest) = split_extras(rest)?;
        let (wanted, marker) = match rest.trim_start().strip_prefix('@') {
            Some(rest) => {
                let (url, marker) = split_url(rest);
                (Wanted::At(url.to_owned()), marker)
            }
            None => versions(rest)?,
        };
        let marker = marker.map(Condition::parse).transpose()?;
        Ok(Self { name, extras, wanted, marker })
    }
}

/// Makes sure that a text is a requirement as [PEP 508] defines it; the error says why it is none.
///
/// Unlike the parser of `pep508_rs` it takes any text without a panic, in time.
///
/// [PEP 508]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
pub fn check_requirement(text: &str) -> Result<(), String> {
    Need::parse(text).map(drop)
}

/// Splits a text after the letters that a name can have.
pub(crate) fn split_name(text: &str) -> (&str, &str) {
    let text = text.trim();
    let in_name =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    text.split_at(text.find(|letter| !in_name(letter)).unwrap_or(text.len()))
}

/// Splits `[a, b]` off the front of a text.
pub(crate) fn split_extras(text: &str) -> Result<(BTreeSet<ExtraName>, &str), String> {
    let Some(inner) = text.trim_start().strip_prefix('[') else {
        return Ok((BTreeSet::new(), text));
    };
    let (inner, rest) = inner.split_once(']').ok_or("a `]` is missing")?;
    let names = inner.split(',').map(str::trim).filter(|name| !name.is_empty());
    let extras = names.map(|name| name.parse().map_err(|_| format!("`{name}` is no extra")));
    Ok((extras.collect::<Result<_, _>>()?, rest))
}

/// Splits a URL from the marker behind it, before whose `;` there is a space.
pub(crate) fn split_url(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    match text.find(" ;").or_else(|| text.find("; ")) {
        Some(at) => (text[..at].trim(), Some(text[at..].trim_start_matches([' ', ';']).trim())),
        None => (text, None),
    }
}

fn versions(text: &str) -> Result<(Wanted, Option<&str>), String> {
    let (range, marker) = match text.split_once(';') {
        Some((range, marker)) => (range, Some(marker.trim())),
        None => (text, None),
    };
    let range = range.trim();
    let range = range.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(range);
    let wanted = if range.trim().is_empty() {
        Wanted::ALL
    } else {
        Wanted::Versions(vec![
            range
                .parse()
                .map_err(|error: pep440_rs::VersionSpecifiersParseError| error.to_string())?,
        ])
    };
    Ok((wanted, marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_taken_apart() {
        for (text, name, extras, wanted) in [
            ("Py_Yaml", "py-yaml", "", "all"),
            (" a [ x,Y ] (>=1, <2) ; python_version < '3'", "a", "x y", ">=1, <2"),
            ("a~=1.2;os_name=='nt'", "a", "", "~=1.2"),
            ("a[x]@https://example.com/a;b.whl", "a", "x", "https://example.com/a;b.whl"),
            ("a @ file:///${ROOT}/../a ; os_name == 'nt'", "a", "", "file:///${ROOT}/../a"),
        ] {
            let need = Need::parse(text).unwrap();
            let shown = match &need.wanted {
                Wanted::At(url) => url.clone(),
                Wanted::Versions(ranges) => {
                    ranges.first().map_or_else(|| "all".to_owned(), ToString::to_string)
                }
            };
            let asked: Vec<_> = need.extras.iter().map(AsRef::as_ref).collect();
            assert_eq!(
                (need.name.as_ref(), asked.join(" "), shown),
                (name, extras.into(), wanted.into())
            );
            assert_eq!(
                need.marker.is_some(),
                text.contains(';') && !text.contains("a;b"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_requirement_is_refused_with_a_reason() {
        for text in ["", "-e .", "a[", "a[ä]", "a 1.0", "a==", "a; os", "ä", "a ;"] {
            assert!(Need::parse(text).is_err(), "{text}");
        }
    }
}
