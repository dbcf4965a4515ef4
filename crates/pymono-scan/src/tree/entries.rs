//! What a folder holds.

use std::{ffi::OsStr, io, path::Path};

use camino::{Utf8Path, Utf8PathBuf};

use super::walk::Kind;

/// The entries of a folder.
///
/// Trees have millions of them, so the names of a folder are one string.
#[derive(Debug, Default)]
pub(super) struct Entries {
    names: String,
    /// In any order until they are sorted.
    pub(super) list: Vec<Entry>,
}

/// What is known of one entry; its name is a part of the names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    start: usize,
    end: usize,
    pub(super) kind: Kind,
}

impl Entries {
    pub(super) fn push(&mut self, name: &str, kind: Kind) {
        let start = self.names.len();
        self.names.push_str(name);
        self.list.push(Entry { start, end: self.names.len(), kind });
    }

    pub(super) fn name(&self, entry: Entry) -> &str {
        &self.names[entry.start..entry.end]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.list.iter().map(|entry| (self.name(*entry), entry.kind))
    }

    pub(super) fn sort(&mut self) {
        let Self { names, list } = self;
        let name = |entry: &Entry| &names[entry.start..entry.end];
        list.sort_unstable_by(|one, other| name(one).cmp(name(other)));
    }

    /// Returns where `name` is among the sorted entries; it is looked for at `near` first.
    pub(super) fn find(&self, name: &str, near: usize) -> Option<usize> {
        if self.list.get(near).is_some_and(|entry| self.name(*entry) == name) {
            return Some(near);
        }
        self.list.binary_search_by(|entry| self.name(*entry).cmp(name)).ok()
    }
}

/// The root of a walk.
#[derive(Debug)]
pub(super) struct Root {
    path: Utf8PathBuf,
    /// The root itself, open: what is opened from here is not looked for from the top of the file system again.
    #[cfg(target_os = "linux")]
    open: Option<rustix::fd::OwnedFd>,
}

impl Root {
    pub(super) fn new(path: &Utf8Path) -> Self {
        Self {
            path: path.to_owned(),
            #[cfg(target_os = "linux")]
            open: open_at(rustix::fs::CWD, path.as_std_path()).ok(),
        }
    }

    /// Returns where a path from the root is on disk.
    pub(super) fn join(&self, path: &str) -> Utf8PathBuf {
        self.path.join(path)
    }

    /// Calls `take` with the name of each entry of a folder and what it is, nothing for what has no
    /// content; and with what keeps some or all of it from being read.
    #[cfg(target_os = "linux")]
    pub(super) fn each(
        &self,
        folder: &str,
        mut take: impl FnMut(io::Result<(&OsStr, Option<Kind>)>),
    ) {
        use std::{mem::MaybeUninit, os::unix::ffi::OsStrExt};

        use rustix::{fd::AsFd, fs::RawDir, io::Errno};

        // The standard library would ask once more what it opened, and copy each name twice.
        let opened = match &self.open {
            Some(root) if !folder.is_empty() => open_at(root.as_fd(), Path::new(folder)),
            _ => open_at(rustix::fs::CWD, self.join(folder).as_std_path()),
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => return take(Err(error.into())),
        };
        let mut buffer = [const { MaybeUninit::uninit() }; 16 * 1024];
        let mut listing = RawDir::new(&opened, &mut buffer);
        while let Some(entry) = listing.next() {
            match entry {
                Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
                Ok(entry) => {
                    let name = OsStr::from_bytes(entry.file_name().to_bytes());
                    take(told(&opened, &entry).map(|kind| (name, kind)).map_err(io::Error::from));
                }
                Err(Errno::INTR) => {}
                Err(error) => return take(Err(error.into())),
            }
        }
    }

    /// Does the same where only the standard library knows how.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn each(&self, folder: &str, take: impl FnMut(io::Result<(&OsStr, Option<Kind>)>)) {
        portable(self.join(folder).as_std_path(), take);
    }
}

/// Opens a folder, from where another one is.
#[cfg(target_os = "linux")]
fn open_at(
    from: rustix::fd::BorrowedFd<'_>,
    folder: &Path,
) -> rustix::io::Result<rustix::fd::OwnedFd> {
    use rustix::fs::{Mode, OFlags, openat};

    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::io::retry_on_intr(|| openat(from, folder, flags, Mode::empty()))
}

/// Returns what an entry of an open folder is; some file systems do not tell along with its name.
#[cfg(target_os = "linux")]
fn told(
    folder: &rustix::fd::OwnedFd,
    entry: &rustix::fs::RawDirEntry<'_>,
) -> rustix::io::Result<Option<Kind>> {
    use rustix::fs::{AtFlags, FileType, statat};

    let kind = match entry.file_type() {
        FileType::Unknown => {
            let known = statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
            FileType::from_raw_mode(known.st_mode)
        }
        kind => kind,
    };
    Ok(match kind {
        FileType::Directory => Some(Kind::Folder),
        FileType::Symlink => Some(Kind::Link),
        FileType::RegularFile => Some(Kind::File),
        _ => None,
    })
}

/// Lists a folder as the standard library does.
#[cfg(any(not(target_os = "linux"), test))]
fn portable(folder: &Path, mut take: impl FnMut(io::Result<(&OsStr, Option<Kind>)>)) {
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) => return take(Err(error)),
    };
    for entry in listing {
        let entry = entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?)));
        match entry {
            Ok((name, of)) => take(Ok((&name, super::walk::kind(of)))),
            Err(error) => take(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, ffi::OsString, fs};

    use super::*;

    type Told = (BTreeMap<OsString, Option<Kind>>, Vec<io::ErrorKind>);

    fn told(found: io::Result<(&OsStr, Option<Kind>)>, (entries, errors): &mut Told) {
        match found {
            Ok((name, kind)) => _ = entries.insert(name.to_owned(), kind),
            Err(error) => errors.push(error.kind()),
        }
    }

    /// Returns what is in a folder by the system's own way, which must be what the standard library says.
    fn listed(folder: &Path) -> Told {
        let (mut ours, mut standard) = (Told::default(), Told::default());
        let folder = Utf8Path::from_path(folder).unwrap();
        let (root, name) = (folder.parent().unwrap(), folder.file_name().unwrap());
        portable(folder.as_std_path(), |entry| told(entry, &mut standard));
        for (root, name) in [(folder, ""), (root, name)] {
            ours = Told::default();
            Root::new(root).each(name, |entry| told(entry, &mut ours));
            assert_eq!(ours, standard);
        }
        ours
    }

    #[test]
    fn a_folder_of_any_size_is_listed_as_the_standard_library_lists_it() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..2_000 {
            fs::write(folder.path().join(format!("file-{number}-{}", "x".repeat(60))), "").unwrap();
        }
        fs::create_dir(folder.path().join("folder")).unwrap();
        let (entries, errors) = listed(folder.path());
        assert_eq!((entries.len(), errors.len()), (2_001, 0));
        assert_eq!(entries[OsStr::new("folder")], Some(Kind::Folder));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_sockets_are_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
        let (entries, _) = listed(folder.path());
        assert_eq!(entries[OsStr::new("link")], Some(Kind::Link));
        assert_eq!(entries[OsStr::new("s")], None);
    }

    #[test]
    fn what_is_no_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        assert_eq!(listed(&folder.path().join("file")).1.len(), 1);
        assert_eq!(listed(&folder.path().join("gone")).1, [io::ErrorKind::NotFound]);
    }

    #[test]
    fn an_entry_is_found_wherever_it_is_looked_for_first() {
        let mut entries = Entries::default();
        for name in ["c", "a", "bb"] {
            entries.push(name, Kind::File);
        }
        entries.sort();
        for near in 0..4 {
            let places = ["a", "bb", "c", "b"].map(|name| entries.find(name, near));
            assert_eq!(places, [Some(0), Some(1), Some(2), None]);
        }
    }
}
