//! How requirements are spelled, such that pip and uv read them.

use std::fmt::Display;

/// Returns a requirement of a version from an index; of any version where there is none.
pub(crate) fn pinned(name: &impl Display, version: Option<&impl Display>) -> String {
    version.map_or_else(|| name.to_string(), |version| format!("{name}=={version}"))
}

/// What follows a URL, by its key; what has no value is left out.
pub(crate) type Fragment<'a> = [(&'a str, Option<&'a str>)];

/// Returns a requirement of what is at a URL, with a fragment in the words of uv.
pub(crate) fn at(name: &impl Display, url: &str, fragment: &Fragment<'_>) -> String {
    let parts = fragment.iter().filter_map(|(key, value)| Some(format!("{key}={}", (*value)?)));
    let parts = parts.collect::<Vec<_>>().join("&");
    let start = if url.contains('#') { '&' } else { '#' };
    if parts.is_empty() {
        format!("{name} @ {url}")
    } else {
        format!("{name} @ {url}{start}{parts}")
    }
}

/// Returns a requirement of a commit of a git repository.
pub(crate) fn commit(
    name: &impl Display,
    url: &str,
    commit: &str,
    fragment: &Fragment<'_>,
) -> String {
    at(name, &format!("git+{url}@{commit}"), fragment)
}

/// Returns the lines of a requirement with its hashes.
pub(crate) fn lines(requirement: &str, hashes: impl IntoIterator<Item = impl Display>) -> String {
    let hashes = hashes.into_iter().map(|hash| format!(" \\\n    --hash={hash}"));
    format!("{requirement}{}\n", hashes.collect::<String>())
}
