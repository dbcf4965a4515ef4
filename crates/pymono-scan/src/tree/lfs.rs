//! Files that are kept in Git LFS (<https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>).

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
};

use camino::Utf8Path;
use pymono_names::TreePath;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{Source, Tree};
use crate::ScanError;

/// How a pointer begins.
const HEADER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// No pointer is longer.
const LONGEST: u64 = 1024;

/// What a file holds that is kept in Git LFS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LfsFile {
    /// The SHA-256 of its content, as a pointer has it.
    pub(crate) oid: String,
    /// Whether the pointer is on disk in place of the content.
    pub(crate) is_pointer: bool,
}

impl Tree {
    /// Returns which of some files are kept in Git LFS, and what these hold, whether or not that is here.
    ///
    /// No content is fetched: of a revision, the pointers are read.
    pub(crate) fn in_lfs(
        &self,
        files: &[&TreePath],
    ) -> Result<BTreeMap<TreePath, LfsFile>, ScanError> {
        if !self.may_have_lfs() {
            return Ok(BTreeMap::new());
        }
        match &*self.source {
            Source::Folder(folder) => {
                let Some(index) = &folder.index else { return Ok(BTreeMap::new()) };
                let kept = files.iter().zip(index.in_lfs(files)?);
                let is_link = |file: &TreePath| self.links.contains_key(file);
                let kept = kept.filter(|(file, kept)| *kept && !is_link(file));
                let kept: Vec<&TreePath> = kept.map(|(file, _)| *file).collect();
                let read = |file: &&TreePath| {
                    let found = on_disk(&folder.root().join(file.as_str()));
                    let found =
                        found.map_err(|source| ScanError::Read { path: file.to_string(), source });
                    Ok(((*file).clone(), found?))
                };
                // Not rayon's own collection of results: of several errors it would return any.
                let found: Vec<Result<_, _>> = kept.par_iter().map(read).collect();
                found.into_iter().collect()
            }
            // Only what nothing converts is known by what differs.
            Source::Beside(_) => Ok(BTreeMap::new()),
            Source::Revision(revision) => {
                let places = files
                    .iter()
                    .filter_map(|file| Some((*file, self.files.binary_search(file).ok()?)));
                let pointers = revision.pointers(&places.collect::<Vec<_>>())?;
                let found = pointers.into_iter().filter_map(|(file, text)| {
                    // What was added past LFS is a file like others.
                    Some((file.clone(), LfsFile { oid: oid(&text)?, is_pointer: false }))
                });
                Ok(found.collect())
            }
        }
    }

    /// Returns whether some file that says how git keeps others names LFS.
    fn may_have_lfs(&self) -> bool {
        let said = self.files.iter().filter(|file| file.file_name() == Some(".gitattributes"));
        let mut said = said.filter_map(|file| self.read(file).ok());
        said.any(|text| text.contains("lfs"))
    }
}

/// Returns what a file on disk holds, or points to.
fn on_disk(path: &Utf8Path) -> io::Result<LfsFile> {
    let mut start = Vec::new();
    let mut file = File::open(path)?;
    file.by_ref().take(LONGEST).read_to_end(&mut start)?;
    if let Some(oid) = oid(&start) {
        return Ok(LfsFile { oid, is_pointer: true });
    }
    let mut hash = Sha256::new();
    hash.update(&start);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    let oid = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(LfsFile { oid, is_pointer: false })
}

/// Returns the id in a pointer; nothing for what is none.
fn oid(text: &[u8]) -> Option<String> {
    let text = str::from_utf8(text).ok().filter(|_| text.starts_with(HEADER))?;
    text.lines().find_map(|line| line.strip_prefix("oid sha256:")).map(str::to_owned)
}
