//! Indexes as Poetry, PDM and pipenv name them.

use pymono_lock::LockFormat;
use pymono_names::TreePath;
use pymono_workspace::Index;
use serde::Deserialize;

use super::{FormatWire, IndexTable, Reader};
use crate::{ScanError, Warning, document::TomlFile, tree::Tree};

/// A manifest as far as it names indexes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ManifestWire {
    tool: ToolWire,
    /// Those of a `Pipfile`.
    source: Vec<SourceWire>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ToolWire {
    poetry: SourcesWire,
    pdm: SourcesWire,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SourcesWire {
    source: Vec<SourceWire>,
}

/// A source, in the words of all three.
#[derive(Deserialize)]
struct SourceWire {
    name: Option<String>,
    /// Absent for the one that Poetry knows by its name, `PyPI`.
    url: Option<String>,
    /// Poetry's: `primary` where absent.
    priority: Option<String>,
    /// What Poetry had before there were priorities.
    #[serde(default)]
    secondary: bool,
    /// PDM's: `find_links` for a page or folder with all files.
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Returns the indexes that the manifest of a lock is configured with, in order.
///
/// `lock` is the lock's text: with the same sources, some versions of Poetry ask
/// the usual index as well and some do not, and only what came of it tells.
pub(crate) fn of_manifest(
    tree: &Tree,
    format: LockFormat,
    manifest: &TreePath,
    lock: &str,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Index>, ScanError> {
    let file = TomlFile::parse(manifest.as_str(), &tree.read(manifest)?)?;
    let content: ManifestWire = file.shape()?;
    let (sources, prefix): (_, &[&str]) = match format {
        LockFormat::Poetry => (content.tool.poetry.source, &["tool", "poetry"]),
        LockFormat::Pdm => (content.tool.pdm.source, &["tool", "pdm"]),
        LockFormat::Pipfile => (content.source, &[]),
        _ => return Ok(Vec::new()),
    };
    let default = default_of(format, &sources, lock);
    let mut reader = Reader { file: &file, prefix, warnings };
    let index = |(at, source): (usize, SourceWire)| {
        let wire = IndexTable {
            explicit: source.priority.as_deref() == Some("explicit"),
            default: Some(at) == default,
            format: match source.kind.as_deref() {
                Some("find_links") => FormatWire::Flat,
                _ => FormatWire::Simple,
            },
            name: source.name,
            url: source.url?,
        };
        Some(reader.entry("source", &wire))
    };
    Ok(sources.into_iter().enumerate().filter_map(index).collect())
}

/// Returns which of the sources takes the place of the default one.
fn default_of(format: LockFormat, sources: &[SourceWire], lock: &str) -> Option<usize> {
    match format {
        // What has no source in the lock is from the usual index.
        LockFormat::Poetry if all_have_sources(lock) => sources.iter().position(is_primary),
        LockFormat::Pdm => sources.iter().position(|it| it.name.as_deref() == Some("pypi")),
        LockFormat::Pipfile => (!sources.is_empty()).then_some(0),
        _ => None,
    }
}

/// Returns true if every package of a `poetry.lock` says where it is from.
fn all_have_sources(lock: &str) -> bool {
    let count = |head: &str| lock.lines().filter(|line| line.trim_end() == head).count();
    count("[[package]]") == count("[package.source]")
}

fn is_primary(source: &SourceWire) -> bool {
    !source.secondary && matches!(source.priority.as_deref(), None | Some("primary" | "default"))
}
