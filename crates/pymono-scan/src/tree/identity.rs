//! What a file is, so that two trees can be compared without comparing bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::OnceLock,
};

use pymono_names::TreePath;
use rayon::prelude::*;

use super::{Source, Tree, folder::Folder, hash};
use crate::{
    ScanError,
    git::{Attributes, Config, Git, entries},
};

/// What of a file reaches a build: its kind, its right to be run and its bytes.
///
/// Two files are the same to a build if and only if these are equal, whichever
/// trees they are in. Identities of repositories with different hashes are not
/// to be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// What kind of file it is.
    pub mode: Mode,
    /// The id that git gives to the content as it is on disk, or would be after a checkout, in
    /// hexadecimal digits. A link's content is where it leads.
    pub content: Box<str>,
}

/// What kind of file it is, as git tells kinds apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A file.
    File,
    /// A file that can be run.
    Executable,
    /// A symbolic link.
    Link,
}

impl Mode {
    /// Returns the mode that git writes as these digits; nothing for a submodule.
    pub(crate) fn of_git(digits: &[u8]) -> Option<Self> {
        match digits {
            b"120000" => Some(Self::Link),
            b"160000" => None,
            // What old versions of git wrote as 100664 is a file to it as well.
            _ if digits.ends_with(b"755") => Some(Self::Executable),
            _ => Some(Self::File),
        }
    }
}

impl Tree {
    /// Returns what a file is; nothing for what is no file of the tree.
    ///
    /// [`Self::identities`] is much faster for several.
    pub fn identity(&self, file: &TreePath) -> Result<Option<Identity>, ScanError> {
        Ok(self.identities([file])?.into_values().next())
    }

    /// Returns what each of some files is. What is no file of the tree is left out.
    ///
    /// Git's own id is taken where git says that the file is as in its index
    /// and where nothing stands between a blob and a file: no filter such as LFS,
    /// no conversion of line ends or encodings. Every other file is hashed as it
    /// is on disk, several at a time; of a revision, as a checkout on this machine
    /// would write it. What git's index says is asked once and remembered.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or changes while it is.
    pub fn identities<'a>(
        &self,
        files: impl IntoIterator<Item = &'a TreePath>,
    ) -> Result<BTreeMap<TreePath, Identity>, ScanError> {
        let files: BTreeSet<&TreePath> = files.into_iter().collect();
        let place = |file: &'a TreePath| Some((file, self.files.binary_search(file).ok()?));
        let files: Vec<_> = files.into_iter().filter_map(place).collect();
        let found = match &*self.source {
            Source::Revision(revision) => revision.identities(&files)?,
            Source::Beside(beside) => {
                let files: Vec<&TreePath> = files.iter().map(|(file, _)| *file).collect();
                beside.identities(&files)?
            }
            Source::Folder(folder) => {
                let files: Vec<&TreePath> = files.iter().map(|(file, _)| *file).collect();
                folder.identities(&files, |file| self.links.contains_key(file))?
            }
        };
        let files = files.into_iter().map(|(file, _)| file.clone());
        Ok(files.zip(found).collect())
    }
}

impl Folder {
    fn identities(
        &self,
        files: &[&TreePath],
        is_link: impl Fn(&TreePath) -> bool + Sync,
    ) -> Result<Vec<Identity>, ScanError> {
        let digits = self.index.as_ref().map_or(Ok(hash::SHA1), Index::digits)?;
        let known = self.index.as_ref().map(|index| index.identities(files)).transpose()?;
        let identity = |at: usize| {
            if let Some(identity) = known.as_ref().and_then(|known| known[at].clone()) {
                return Ok(identity);
            }
            let file = files[at];
            self.hash(file, is_link(file), digits)
                .map_err(|source| ScanError::Read { path: file.to_string(), source })
        };
        // Not rayon's own collection of results: of several errors it would return any.
        let found: Vec<Result<_, _>> = (0..files.len()).into_par_iter().map(identity).collect();
        found.into_iter().collect()
    }

    fn hash(&self, file: &TreePath, is_link: bool, digits: usize) -> io::Result<Identity> {
        let path = self.root().join(file.as_str());
        if is_link {
            let target = path.read_link()?;
            let content = hash::blob(target.as_os_str().as_encoded_bytes(), digits);
            return Ok(Identity { mode: Mode::Link, content });
        }
        let mode =
            if is_executable(&path.symlink_metadata()?) { Mode::Executable } else { Mode::File };
        Ok(Identity { mode, content: hash::file(&path, digits)? })
    }
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    // Git looks at the owner's right alone.
    metadata.permissions().mode() & 0o100 != 0
}

/// Elsewhere no file says that it can be run.
#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    false
}

/// What git knows of the files of a working tree.
#[derive(Debug)]
pub(super) struct Index {
    git: Git,
    /// Whether nothing in the tree says what git makes of files.
    is_plain: bool,
    known: OnceLock<Known>,
    noted: OnceLock<Noted>,
}

/// So many files are hashed sooner than git tells of all files what they are.
const FEW: usize = 2000;

/// What is known of some files without asking for all.
#[derive(Debug)]
pub(super) struct Noted {
    /// These files.
    pub(super) files: BTreeSet<TreePath>,
    /// What those of them are that are on disk as they are in the index, and that nothing converts.
    pub(super) unmodified: BTreeMap<TreePath, Identity>,
    /// How many hexadecimal digits an id has.
    pub(super) digits: usize,
}

/// What git said.
#[derive(Debug)]
struct Known {
    /// What the index has for each file that is on disk as it is in there.
    unmodified: BTreeMap<TreePath, Identity>,
    attributes: Attributes,
    digits: usize,
}

impl Index {
    /// Returns the index of the repository that git finds in its folder.
    pub(super) fn new(git: Git, is_plain: bool) -> Self {
        Self { git, is_plain, known: OnceLock::new(), noted: OnceLock::new() }
    }

    /// Notes what is known of some files.
    pub(super) fn note(&self, noted: Noted) {
        // Whoever came first knew as much.
        let _ = self.noted.set(noted);
    }

    /// Returns how many hexadecimal digits an id of the repository has.
    fn digits(&self) -> Result<usize, ScanError> {
        self.noted.get().map_or_else(|| Ok(self.known()?.digits), |noted| Ok(noted.digits))
    }

    /// Returns what each of some files is, where git knows it for certain.
    fn identities(&self, files: &[&TreePath]) -> Result<Vec<Option<Identity>>, ScanError> {
        if let Some(noted) = self.noted.get()
            && files.iter().filter(|file| !noted.files.contains(**file)).count() <= FEW
        {
            return Ok(files.iter().map(|file| noted.unmodified.get(*file).cloned()).collect());
        }
        let known = self.known()?;
        let mut found: Vec<_> =
            files.iter().map(|file| known.unmodified.get(*file).cloned()).collect();
        let asked: Vec<usize> = (0..files.len()).filter(|at| found[*at].is_some()).collect();
        let paths: Vec<&TreePath> = asked.iter().map(|at| files[*at]).collect();
        for (at, loose) in asked.into_iter().zip(known.attributes.loosely_stored(&paths)?) {
            // No attribute changes where a link leads.
            let is_link = found[at].as_ref().is_some_and(|found| found.mode == Mode::Link);
            if loose && !is_link {
                found[at] = None;
            }
        }
        Ok(found)
    }

    /// Returns for each of some files whether it is kept in Git LFS.
    pub(super) fn in_lfs(&self, files: &[&TreePath]) -> Result<Vec<bool>, ScanError> {
        self.known()?.attributes.in_lfs(files)
    }

    fn known(&self) -> Result<&Known, ScanError> {
        if let Some(known) = self.known.get() {
            return Ok(known);
        }
        let known = Known::ask(&self.git, self.is_plain)?;
        Ok(self.known.get_or_init(|| known))
    }
}

impl Known {
    fn ask(git: &Git, is_plain: bool) -> Result<Self, ScanError> {
        let format = git.ask(&["rev-parse", "--show-object-format"])?;
        let digits = if format.starts_with(b"sha256") { 64 } else { hash::SHA1 };
        let index = git.ask(&["ls-files", "-z", "--stage", "-v"])?;
        let mut unmodified: BTreeMap<TreePath, Identity> =
            entries(&index).filter_map(entry).collect();
        // Git itself compares the content of files that changed in the second in which it looked at them last.
        let args = ["diff-files", "-z", "--name-only", "--relative", "--ignore-submodules"];
        for name in entries(&git.ask(&args)?) {
            if let Some(path) = str::from_utf8(name).ok().and_then(|name| name.parse().ok()) {
                unmodified.remove::<TreePath>(&path);
            }
        }
        let attributes = Attributes::new(git.clone(), Config::read(git)?);
        let none = is_plain && !Attributes::beside_tree(git)?;
        let attributes = if none { attributes.without_any() } else { attributes };
        Ok(Self { unmodified, attributes, digits })
    }
}

/// Takes an entry of `git ls-files -z --stage -v` apart: tag, mode, id, stage, tab, name.
///
/// Nothing for one that git was told not to compare with the disk, for a side
/// of a conflict, and for a submodule.
fn entry(entry: &[u8]) -> Option<(TreePath, Identity)> {
    let tab = entry.iter().position(|byte| *byte == b'\t')?;
    let name = str::from_utf8(&entry[tab + 1..]).ok()?;
    let mut words = str::from_utf8(&entry[..tab]).ok()?.split(' ');
    let (tag, mode, id, stage) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let mode = Mode::of_git(mode.as_bytes()).filter(|_| tag == "H" && stage == "0")?;
    Some((name.parse().ok()?, Identity { mode, content: id.into() }))
}
