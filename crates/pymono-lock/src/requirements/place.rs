//! URLs and paths that requirements name.

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::Wanted;
use crate::{
    LocalKind, PinSource,
    file::{is_archive, is_wheel, last_part},
    need::split_extras,
    place::{decoded, tidy},
};

/// A URL or path, taken apart.
pub(super) struct Place {
    pub(super) wanted: Wanted,
    /// The name that it tells, and the extras behind it.
    pub(super) egg: Option<String>,
    /// The hash of the file, if the URL has it.
    pub(super) hash: Option<String>,
}

/// Reads a URL or path; the error says why it is not known.
pub(super) fn place(text: &str, kind: LocalKind) -> Result<Place, String> {
    let (url, fragment) = text.trim().split_once('#').unwrap_or((text.trim(), ""));
    let value = |key: &str| {
        let pairs = fragment.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| decoded(value))
    };
    let subdirectory = value("subdirectory");
    let hash = value("sha256").map(|hex| format!("sha256:{hex}"));
    let wanted = match url.split_once(':').map(|(scheme, _)| scheme) {
        Some(scheme) if scheme.starts_with("git+") => git(&url["git+".len()..], subdirectory),
        Some("http" | "https") => Wanted::Archive(PinSource::Url { url: url.into(), subdirectory }),
        Some("file") => local(&file_path(url), kind),
        // A single letter is a drive, and a scheme of its own is of no use in an image.
        Some(_) => return Err("neither a path nor a URL of `https`, `file` or `git+`".into()),
        None => local(url, kind),
    };
    Ok(Place { wanted, egg: value("egg"), hash })
}

/// Returns the path of `file:///srv/a`, `file:a`, or `file:///${PROJECT_ROOT}/a`.
fn file_path(url: &str) -> String {
    let path = url.trim_start_matches("file:");
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.strip_prefix("localhost").unwrap_or(path);
    // The tools that write it mean the folder that they run in.
    let inner = path.trim_start_matches('/').strip_prefix("${PROJECT_ROOT}");
    decoded(inner.map_or(path, |inner| inner.trim_start_matches('/')))
}

fn local(path: &str, kind: LocalKind) -> Wanted {
    if is_archive(path) {
        Wanted::Archive(PinSource::Path { path: tidy(path) })
    } else {
        Wanted::Local(tidy(path), kind)
    }
}

/// Takes apart `https://host/repository.git@commit`.
fn git(url: &str, subdirectory: Option<String>) -> Wanted {
    // A user stands before an `@` too, but before the path.
    let host_ends = url.find("://").map_or(0, |at| at + 3);
    let path = url[host_ends..].find('/').map_or(url.len(), |at| host_ends + at);
    let Some(at) = url[path..].rfind('@').map(|at| path + at) else {
        return Wanted::Branch(format!("git+{url}"));
    };
    let commit = &url[at + 1..];
    if !is_commit(commit) {
        return Wanted::Branch(format!("git+{url}"));
    }
    Wanted::Commit(PinSource::Git {
        url: url[..at].to_owned(),
        subdirectory,
        commit: commit.to_owned(),
        lfs: false,
        path: None,
    })
}

/// Returns true for the full id of a commit: a branch or a tag can move.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the version that an archive's name tells.
pub(crate) fn version_of(place: &str) -> Option<Version> {
    parts(&last_part(place))?.1.parse().ok()
}

/// Returns the name that an archive's name tells.
pub(super) fn name_of(place: &str) -> Option<PackageName> {
    parts(&last_part(place))?.0.parse().ok()
}

fn parts(file_name: &str) -> Option<(String, String)> {
    let owned = |(name, version): (&str, &str)| (name.to_owned(), version.to_owned());
    if is_wheel(file_name) {
        let mut parts = file_name.split('-');
        return Some(owned((parts.next()?, parts.next()?)));
    }
    let ends = [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar"];
    let stem = ends.iter().find_map(|end| file_name.strip_suffix(end))?;
    stem.rsplit_once('-').map(owned)
}

/// Returns true for what can only be a URL or a path, not a name.
pub(super) fn is_place(text: &str) -> bool {
    let first = text.split([' ', ';', '[']).next().unwrap_or_default();
    let is_file = |text: &str| is_archive(text.split('#').next().unwrap_or_default());
    !text.contains('@') && (first.contains('/') || is_file(first) || first.starts_with('.'))
        || ["git+", "http:", "https:", "file:", "./", "../", "/"]
            .iter()
            .any(|start| text.starts_with(start))
}

/// Splits `path[extra]` into the path and `[extra]`, as far as it has both.
pub(super) fn split_path_extras(text: &str) -> (&str, &str) {
    match text.rfind('[') {
        Some(at) if at > 0 && text.ends_with(']') && split_extras(&text[at..]).is_ok() => {
            text.split_at(at)
        }
        _ => (text, ""),
    }
}
