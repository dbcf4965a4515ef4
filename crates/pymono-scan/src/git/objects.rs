//! The content of blobs, from one git that goes on running.

use std::{
    io::{self, BufRead, Read},
    sync::{Mutex, MutexGuard, PoisonError},
};

use pymono_exec::Dialogue;
use pymono_names::TreePath;

use super::{Config, Git};
use crate::ScanError;

/// How much of an object is asked for before the first is read.
const BATCH: usize = 4096;

/// How many objects are fetched at once: what a command line holds.
const FETCHED: usize = if cfg!(windows) { 500 } else { 20_000 };

/// No content holds this, and no object has it for a name.
const END: &str = "end-of-the-file-4b7d1c0e9f6a4f0c8d2e5a31";

/// The objects of a repository.
#[derive(Debug)]
pub(crate) struct Objects {
    git: Git,
    plain: Mutex<Option<Dialogue>>,
    filtered: Mutex<Option<Dialogue>>,
}

impl Objects {
    /// Returns the objects of the repository that git finds in its folder.
    pub(crate) fn new(git: Git) -> Self {
        Self { git, plain: Mutex::default(), filtered: Mutex::default() }
    }

    /// Returns the content of an object, by its id or anything that names one in a line; nothing if
    /// there is none.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, ScanError> {
        Ok(self.read_all(&[name])?.pop().flatten())
    }

    /// Returns the contents of several objects.
    pub(crate) fn read_all(&self, names: &[&str]) -> Result<Vec<Option<Vec<u8>>>, ScanError> {
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(BATCH) {
            let request: String = names.iter().flat_map(|name| [name, "\n"]).collect();
            let mut plain = lock(&self.plain);
            let dialogue = self.dialogue(&mut plain, &["cat-file", "--batch"])?;
            let read = |stdout: &mut dyn BufRead| -> io::Result<Vec<_>> {
                names.iter().map(|_| object(stdout)).collect()
            };
            let answer = dialogue.ask(request.as_bytes(), read);
            found.extend(answer.map_err(|source| self.git.failed(source))?);
        }
        Ok(found)
    }

    /// Returns what a checkout writes for a blob at a path: line ends, filters and all.
    pub(crate) fn checked_out(&self, id: &str, path: &TreePath) -> Result<Vec<u8>, ScanError> {
        if path.as_str().contains('\n') {
            // Requests are lines. This needs a path that git can read as one argument, and it can.
            return self.git.ask(&["cat-file", "--filters", &format!("--path={path}"), id]);
        }
        let mut filtered = lock(&self.filtered);
        let dialogue = self.dialogue(&mut filtered, &["cat-file", "--batch", "--filters"])?;
        // The size in the answer is the blob's own, so what comes after it tells where the content ends.
        let request = format!("{id} {path}\n{END}\n");
        let answer = dialogue.ask(request.as_bytes(), |stdout| {
            header(stdout)?.ok_or(io::ErrorKind::NotFound)?;
            let end = format!("\n{END} missing\n");
            let mut content = Vec::new();
            while !content.ends_with(end.as_bytes()) {
                if stdout.read_until(b'\n', &mut content)? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            content.truncate(content.len() - end.len());
            Ok(content)
        });
        answer.map_err(|source| self.git.failed(source))
    }

    /// Gets those of the objects that a partial clone has left with its remote, all at once.
    pub(crate) fn prefetch(&self, config: &Config, ids: &[&str]) -> Result<(), ScanError> {
        let Some(remote) = &config.promisor else { return Ok(()) };
        // An older git that does not know the variable fetches each as it looks for it.
        let local = self.git.with("GIT_NO_LAZY_FETCH", "1");
        let mut missing = Vec::new();
        let mut dialogue = local.converse(&["cat-file", "--batch-check"])?;
        for ids in ids.chunks(BATCH) {
            let request: String = ids.iter().flat_map(|id| [id, "\n"]).collect();
            let read = |stdout: &mut dyn BufRead| -> io::Result<Vec<_>> {
                ids.iter().map(|_| Ok(header(stdout)?.is_none())).collect()
            };
            let answer = dialogue.ask(request.as_bytes(), read);
            let answer = answer.map_err(|source| local.failed(source))?;
            missing
                .extend(ids.iter().zip(answer).filter(|(_, missing)| *missing).map(|(id, _)| *id));
        }
        // As git itself fetches what it misses: no tags, no references, nothing beyond.
        let fetch = [
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--recurse-submodules=no",
            "--filter=blob:none",
            remote,
        ];
        for ids in missing.chunks(FETCHED) {
            self.git.ask(&[&fetch[..], ids].concat())?;
        }
        Ok(())
    }

    fn dialogue<'a>(
        &self,
        running: &'a mut MutexGuard<'_, Option<Dialogue>>,
        args: &[&str],
    ) -> Result<&'a mut Dialogue, ScanError> {
        match &mut **running {
            Some(dialogue) => Ok(dialogue),
            none => Ok(none.insert(self.git.converse(args)?)),
        }
    }
}

/// Nothing that is left half done can be seen: a dialogue that failed answers no more.
fn lock(dialogue: &Mutex<Option<Dialogue>>) -> MutexGuard<'_, Option<Dialogue>> {
    dialogue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the line before an object and returns the object's size; nothing for one that is missing.
fn header(stdout: &mut dyn BufRead) -> io::Result<Option<u64>> {
    let mut line = String::new();
    if stdout.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = line.trim_end_matches('\n');
    if line.ends_with(" missing") {
        return Ok(None);
    }
    let size = line.rsplit(' ').next().and_then(|size| size.parse().ok());
    size.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, line.to_owned()))
}

/// Reads an object.
fn object(stdout: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let Some(size) = header(stdout)? else { return Ok(None) };
    let mut content = Vec::new();
    stdout.take(size + 1).read_to_end(&mut content)?;
    match content.pop() {
        Some(b'\n') => Ok(Some(content)),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
