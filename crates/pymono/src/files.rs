//! Generated files as pending changes: shown, compared, or written whole.

use std::{collections::BTreeMap, fs, io, io::Write};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_render::Rendered;
use thiserror::Error;

/// The difference between what is generated and what is on the disk.
#[derive(Debug)]
pub(crate) struct Changes {
    root: Utf8PathBuf,
    /// The text of each file that is new or different, by path below the root.
    written: BTreeMap<Utf8PathBuf, String>,
    /// Files of an earlier run that are generated no more.
    removed: Vec<Utf8PathBuf>,
}

/// How the names of files begin that are not whole yet.
const TEMPORARY: &str = ".pymono-";

/// A generated file could not be read, written or removed.
#[derive(Debug, Error)]
#[error("failed to {verb} `{path}`")]
pub(crate) struct FileError {
    verb: &'static str,
    path: Utf8PathBuf,
    source: io::Error,
}

impl FileError {
    /// Returns what to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let folder = self.path.parent()?;
        Some(format!("see that `{folder}` can be written and that its disk has room"))
    }
}

impl Changes {
    /// Compares `files` with the disk; other files in `folders`, at any depth, count as left over.
    pub(crate) fn between(
        root: &Utf8Path,
        files: BTreeMap<Utf8PathBuf, String>,
        folders: &[Utf8PathBuf],
    ) -> Result<Self, FileError> {
        let mut removed = Vec::new();
        for folder in folders {
            let left_over = files_in(root, folder)?;
            removed.extend(left_over.into_iter().filter(|path| !files.contains_key(path)));
        }
        let mut written = BTreeMap::new();
        for (path, text) in files {
            let full = root.join(&path);
            let same = match fs::read(&full) {
                Ok(bytes) => bytes == text.as_bytes(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                Err(source) => return Err(FileError { verb: "read", path: full, source }),
            };
            if !same {
                written.insert(path, text);
            }
        }
        Ok(Self { root: root.to_owned(), written, removed })
    }

    /// Returns the files that are written, new or anew.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Utf8Path> {
        self.written.keys().map(Utf8PathBuf::as_path)
    }

    /// Returns the files that are removed.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &Utf8Path> {
        self.removed.iter().map(Utf8PathBuf::as_path)
    }

    /// Returns true if the disk is as it should be.
    pub(crate) fn is_empty(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }

    /// Makes the disk as it should be; each file is there whole or not at all.
    pub(crate) fn apply(&self) -> Result<(), FileError> {
        for (path, text) in &self.written {
            write_whole(&self.root.join(path), text)?;
        }
        for path in &self.removed {
            let path = self.root.join(path);
            fs::remove_file(&path).map_err(|source| FileError { verb: "remove", path, source })?;
        }
        Ok(())
    }
}

/// Returns how many bytes a file has, none where it is not there.
pub(crate) fn length(path: &Utf8Path) -> Result<u64, FileError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(FileError { verb: "read", path: path.to_owned(), source }),
    }
}

/// Appends to a file that may belong to others too, in one piece.
pub(crate) fn append(path: &Utf8Path, text: &str) -> Result<(), FileError> {
    let file = fs::OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| FileError { verb: "write", path: path.to_owned(), source })
}

/// Returns the files that hold `rendered` in `folder`, which is below the root.
pub(crate) fn rendered_files(
    rendered: &Rendered,
    folder: &Utf8Path,
) -> BTreeMap<Utf8PathBuf, String> {
    // Where Dockerfiles are all written by hand, none is generated.
    if rendered.dockerfile.is_empty() {
        return BTreeMap::new();
    }
    let pins =
        rendered.pins.iter().map(|(name, text)| (folder.join("pins").join(name), text.clone()));
    pins.chain([
        (folder.join("Dockerfile"), rendered.dockerfile.clone()),
        (folder.join("Dockerfile.dockerignore"), rendered.ignore.clone()),
    ])
    .collect()
}

/// Returns the files in a folder, at any depth, by their paths below the root.
fn files_in(root: &Utf8Path, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, FileError> {
    let full = root.join(folder);
    let failed = |source| FileError { verb: "list", path: full.clone(), source };
    let entries = match fs::read_dir(&full) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        // A name that is not UTF-8 is none that pymono wrote. What starts like a temporary file
        // may be what another pymono is writing at this moment.
        let name = entry.file_name().into_string().ok();
        let Some(name) = name.filter(|name| !name.starts_with(TEMPORARY)) else { continue };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            files.extend(files_in(root, &folder.join(name))?);
        } else if kind.is_file() {
            files.push(folder.join(name));
        }
    }
    files.sort();
    Ok(files)
}

/// Writes through a temporary file in the same folder, so that nobody ever reads half of it.
fn write_whole(path: &Utf8Path, text: &str) -> Result<(), FileError> {
    let failed = |source| FileError { verb: "write", path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut file =
        tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    match fs::metadata(path) {
        Ok(before) => file.as_file().set_permissions(before.permissions()),
        Err(_) => make_readable(file.as_file()),
    }
    .map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Gives a file the mode of a source file: a temporary one is its owner's alone,
/// and modes are part of what BuildKit compares.
#[cfg(unix)]
fn make_readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> BTreeMap<Utf8PathBuf, String> {
        texts.iter().map(|(path, text)| (Utf8PathBuf::from(path), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_applied_is_no_change_any_more() {
        let root = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        let folders = ["out/pins".into()];
        let first =
            files(&[("out/pins/a.txt", "a"), ("out/pins/b/c.txt", "b"), ("bake.json", "{}")]);
        Changes::between(root, first, &folders).unwrap().apply().unwrap();

        let second = files(&[("out/pins/a.txt", "a"), ("bake.json", "{ }")]);
        let changes = Changes::between(root, second.clone(), &folders).unwrap();
        std::fs::create_dir(root.join("out/pins/mine")).unwrap();
        assert_eq!(changes.written().collect::<Vec<_>>(), ["bake.json"]);
        assert_eq!(changes.removed().collect::<Vec<_>>(), ["out/pins/b/c.txt"]);
        changes.apply().unwrap();
        assert!(Changes::between(root, second, &folders).unwrap().is_empty());
        assert!(!root.join("out/pins/b/c.txt").exists());
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_was_there_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777;
        fs::write(root.join("old"), "a").unwrap();
        fs::set_permissions(root.join("old"), fs::Permissions::from_mode(0o664)).unwrap();
        let texts = files(&[("old", "b"), ("new", "b")]);
        Changes::between(root, texts, &[]).unwrap().apply().unwrap();
        assert_eq!((mode("old"), mode("new")), (0o664, 0o644));
    }
}
