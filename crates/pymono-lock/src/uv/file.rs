//! The files that a package can be installed from.

use super::wire::FileWire;
use crate::{Artifact, PinSource, file::last_part, source::Source};

/// Completes what a lock says of a file by what the package's source says.
pub(super) fn artifact(wire: FileWire, source: &Source) -> Artifact {
    let FileWire { url, path, filename, hash, size } = wire;
    let (url, path) = match source {
        Source::ThirdParty(PinSource::Url { url: only, .. }) => {
            (url.or_else(|| Some(only.clone())), None)
        }
        Source::ThirdParty(PinSource::Path { path: only }) => (None, Some(only.clone())),
        // A folder that serves as an index lists its files by name.
        Source::ThirdParty(PinSource::Registry { index }) => {
            (url, path.map(|path| format!("{}/{path}", index.trim_end_matches('/'))))
        }
        _ => (url, path),
    };
    let file_name = filename
        .unwrap_or_else(|| last_part(url.as_deref().or(path.as_deref()).unwrap_or_default()));
    Artifact { file_name, url, path, hash, size }
}
