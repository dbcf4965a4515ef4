//! Indexes of distributions, as the configuration of each manager names them.
//!
//! [`of_workspace`] reads uv's, [`of_manifest`] those of others. All give the same list:
//! in the order in which the manager looks at them, with the one marked as
//! `default` that it takes what nobody names from, build requirements too.

mod managers;

use pymono_names::Login;
use pymono_workspace::{Index, IndexFormat, variable_of};
use serde::Deserialize;

use crate::{
    Place, ScanError, Warning, document::TomlFile, manifest::UvTable, members::UvWorkspace,
    tree::Tree,
};

pub(crate) use managers::of_manifest;

/// One entry of `[[tool.uv.index]]`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IndexTable {
    pub(crate) name: Option<String>,
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) default: bool,
    #[serde(default)]
    pub(crate) explicit: bool,
    #[serde(default)]
    pub(crate) format: FormatWire,
}

/// The `format` of an index.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FormatWire {
    #[default]
    Simple,
    Flat,
}

/// Returns the indexes that a uv workspace is configured with.
///
/// A `uv.toml` beside the root's manifest takes the place of that one's
/// `[tool.uv]`. A member's own are for what its sources take from them by name.
pub(crate) fn of_workspace(
    tree: &Tree,
    workspace: &UvWorkspace,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Index>, ScanError> {
    let root = &workspace.root;
    let mut indexes = match tree.file_in(&root.folder, "uv.toml") {
        Some(path) => {
            let file = TomlFile::parse(path.as_str(), &tree.read(&path)?)?;
            of_table(&file.shape()?, &file, &[], warnings)
        }
        None => of_table(&root.content.tool.uv, &root.file, &["tool", "uv"], warnings),
    };
    let members = workspace.members.values().filter(|member| member.folder != root.folder);
    for member in members {
        let own = of_table(&member.content.tool.uv, &member.file, &["tool", "uv"], warnings);
        // Paths need no name to be found again, and a login needs one.
        let named = own.into_iter().filter(|index| index.name.is_some());
        for index in named.filter(|index| index.url.contains("://")) {
            if !indexes.iter().any(|known| known.url == index.url) {
                indexes.push(Index { default: false, explicit: true, ..index });
            }
        }
    }
    Ok(indexes)
}

/// Returns the indexes of one table of settings, which stands at `prefix` of `file`.
fn of_table(
    table: &UvTable,
    file: &TomlFile,
    prefix: &[&str],
    warnings: &mut Vec<Warning>,
) -> Vec<Index> {
    let mut reader = Reader { file, prefix, warnings };
    let UvTable { index, index_url, extra_index_url, find_links, .. } = table;
    let mut indexes: Vec<Index> = index.iter().map(|wire| reader.index(wire)).collect();
    let unnamed = |url: &String| IndexTable {
        name: None,
        url: url.clone(),
        default: false,
        explicit: false,
        format: FormatWire::Simple,
    };
    for url in extra_index_url {
        indexes.push(reader.entry("extra-index-url", &unnamed(url)));
    }
    if !indexes.iter().any(|index| index.default) {
        let url = index_url.iter().map(|url| IndexTable { default: true, ..unnamed(url) });
        indexes.extend(url.map(|wire| reader.entry("index-url", &wire)));
    }
    for url in find_links {
        let wire = IndexTable { format: FormatWire::Flat, ..unnamed(url) };
        indexes.push(reader.entry("find-links", &wire));
    }
    indexes
}

struct Reader<'a> {
    file: &'a TomlFile,
    prefix: &'a [&'a str],
    warnings: &'a mut Vec<Warning>,
}

impl Reader<'_> {
    fn index(&mut self, wire: &IndexTable) -> Index {
        self.entry("index", wire)
    }

    /// Returns one index without its login, and warns where that was written out.
    fn entry(&mut self, key: &str, wire: &IndexTable) -> Index {
        let (url, login) = Login::split(&wire.url);
        if login.is_written_out() {
            let place = self.file.place(&[self.prefix, &[key]].concat());
            self.warnings.push(written_out(&place, wire.name.as_deref(), &url));
        }
        let format = match wire.format {
            FormatWire::Simple => IndexFormat::Simple,
            FormatWire::Flat => IndexFormat::Flat,
        };
        let IndexTable { name, default, explicit, .. } = wire;
        Index { name: name.clone(), url, format, explicit: *explicit, default: *default, login }
    }
}

/// Says that a password stands in a file, and where it should come from.
fn written_out(place: &Place, name: Option<&str>, url: &str) -> Warning {
    let how = match name.map(variable_of) {
        Some(name) => {
            format!("`UV_INDEX_{name}_USERNAME` and `UV_INDEX_{name}_PASSWORD`, or `NETRC`")
        }
        None => "`NETRC`".to_owned(),
    };
    Warning::new(format!(
        "{place}: the password in the URL of `{url}` is not used; take it out and give builds {how}"
    ))
}
