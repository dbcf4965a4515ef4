//! Where a package comes from.

use percent_encoding::percent_decode_str;

use super::wire::SourceWire;
use crate::{LocalKind, PinSource};

/// Where a package comes from; part of what tells two entries of one name apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A place outside of the lock's tree, or an archive.
    ThirdParty(PinSource),
    /// A folder with a project in it.
    Local {
        /// The folder's path as the lock has it.
        path: String,
        /// How it is installed.
        kind: LocalKind,
    },
}

impl Source {
    /// Returns the source that is written in a lock, or nothing if its kind is not known.
    pub(super) fn new(wire: &SourceWire) -> Option<Self> {
        let local = |path: &String, kind| Self::Local { path: path.clone(), kind };
        let SourceWire { registry, git, url, path, directory, editable, virtual_, subdirectory } =
            wire;
        Some(match (registry, git, url, path, directory, editable, virtual_) {
            (Some(index), None, None, None, None, None, None) => {
                Self::ThirdParty(PinSource::Registry { index: index.clone() })
            }
            (None, Some(git), None, None, None, None, None) => Self::ThirdParty(git_source(git)?),
            (None, None, Some(url), None, None, None, None) => Self::ThirdParty(PinSource::Url {
                url: url.clone(),
                subdirectory: subdirectory.clone(),
            }),
            (None, None, None, Some(path), None, None, None) => {
                Self::ThirdParty(PinSource::Path { path: path.clone() })
            }
            (None, None, None, None, Some(path), None, None) => local(path, LocalKind::Directory),
            (None, None, None, None, None, Some(path), None) => local(path, LocalKind::Editable),
            (None, None, None, None, None, None, Some(path)) => local(path, LocalKind::Virtual),
            _ => return None,
        })
    }
}

/// Takes apart `URL?subdirectory=…&path=…&lfs=…&tag=…#COMMIT`.
///
/// The tag or branch that led to the commit is left out: the commit says it all.
fn git_source(text: &str) -> Option<PinSource> {
    let (rest, commit) = text.rsplit_once('#')?;
    let (url, query) = rest.split_once('?').unwrap_or((rest, ""));
    let value = |key: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| decoded(value))
    };
    Some(PinSource::Git {
        url: url.to_owned(),
        subdirectory: value("subdirectory"),
        commit: commit.to_owned(),
        lfs: value("lfs").is_some_and(|value| value == "true"),
        path: value("path"),
    })
}

/// Resolves escapes such as `%2B`.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_git_source_the_commit_stays_and_the_tag_goes() {
        let source = git_source(
            "https://example.com/r.git?subdirectory=a%2Fb&lfs=true&tag=v0.3#ad74a2621fd6",
        )
        .unwrap();
        assert_eq!(
            source,
            PinSource::Git {
                url: "https://example.com/r.git".into(),
                subdirectory: Some("a/b".into()),
                commit: "ad74a2621fd6".into(),
                lfs: true,
                path: None,
            }
        );
        assert_eq!(git_source("https://example.com/r.git"), None);
    }
}
