//! What is kept in the user's folder for caches.

use std::fs;

use camino::Utf8PathBuf;
use serde::{Serialize, de::DeserializeOwned};

use super::FOLDER;
use crate::{error::CommandError, files::Changes, session::Session};

/// Reads a file wherever it may be, the best place first; one that cannot be read is as good as none.
pub(super) fn read<T: DeserializeOwned>(session: &Session, file: &str) -> Vec<T> {
    let texts = folders(session).into_iter().filter_map(|it| fs::read(it.join(file)).ok());
    texts.filter_map(|text| serde_json::from_slice(&text).ok()).collect()
}

/// Writes a file to the first place that takes it.
pub(super) fn write(
    session: &Session,
    file: &str,
    content: &impl Serialize,
) -> Result<(), CommandError> {
    // Only a map with keys that are no strings, or a failing writer, could make this fail.
    let text = serde_json::to_string_pretty(content).unwrap_or_default() + "\n";
    let mut written = Ok(());
    for folder in folders(session) {
        let changes = Changes::between(&folder, [(file.into(), text.clone())].into(), &[]);
        written = changes.and_then(|changes| changes.apply());
        if written.is_ok() {
            break;
        }
    }
    Ok(written?)
}

/// Returns where files may be: in the user's folder for caches, or else in the checkout.
///
/// See <https://specifications.freedesktop.org/basedir-spec/latest/>.
fn folders(session: &Session) -> Vec<Utf8PathBuf> {
    let variable = |name: &str| {
        let found = session.env.iter().find(|(key, _)| key == name);
        let path = found.and_then(|(_, value)| value.to_str()).map(Utf8PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let caches = variable("XDG_CACHE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .or_else(|| variable("LOCALAPPDATA"));
    caches.map(|it| it.join("pymono")).into_iter().chain([session.root.join(FOLDER)]).collect()
}
