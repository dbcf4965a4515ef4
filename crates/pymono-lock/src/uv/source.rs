//! Where a package comes from.

use super::wire::SourceWire;
use crate::{LocalKind, PinSource, place::decoded, source::Source};

/// Returns the source that is written in a lock; the error says why it is not known.
pub(super) fn source_of(wire: &SourceWire) -> Result<Source, String> {
    let local = |path: &String, kind| Source::Local { path: path.clone(), kind };
    let SourceWire { registry, git, url, path, directory, editable, virtual_, subdirectory } = wire;
    Ok(match (registry, git, url, path, directory, editable, virtual_) {
        (Some(index), None, None, None, None, None, None) => {
            Source::ThirdParty(PinSource::Registry { index: index.clone() })
        }
        (None, Some(git), None, None, None, None, None) => {
            let commit = || format!("`{git}` names no commit");
            Source::ThirdParty(git_source(git).ok_or_else(commit)?)
        }
        (None, None, Some(url), None, None, None, None) => Source::ThirdParty(PinSource::Url {
            url: url.clone(),
            subdirectory: subdirectory.clone(),
        }),
        (None, None, None, Some(path), None, None, None) => {
            Source::ThirdParty(PinSource::Path { path: path.clone() })
        }
        (None, None, None, None, Some(path), None, None) => local(path, LocalKind::Directory),
        (None, None, None, None, None, Some(path), None) => local(path, LocalKind::Editable),
        (None, None, None, None, None, None, Some(path)) => local(path, LocalKind::Virtual),
        _ => return Err("`source` needs exactly one kind, such as `registry` or `git`".into()),
    })
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
