//! Content as git names it: the hash of a blob.

use std::{
    fs::File,
    io::{self, Read},
};

use camino::Utf8Path;
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// How many hexadecimal digits an id has in a repository of SHA-1, which is what git makes by default.
pub(super) const SHA1: usize = 40;

/// How much of a file is read at once.
const BUFFER: usize = 64 * 1024;

/// Returns the id of a blob, in as many hexadecimal digits as the repository's ids have.
pub(super) fn blob(content: &[u8], digits: usize) -> Box<str> {
    let mut hash = Hash::new(content.len() as u64, digits);
    hash.update(content);
    hash.id()
}

/// Returns the id that a file's content has as a blob.
pub(super) fn file(path: &Utf8Path, digits: usize) -> io::Result<Box<str>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut hash = Hash::new(length, digits);
    let mut buffer = vec![0; BUFFER];
    let mut left = length;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        left = left.checked_sub(count as u64).ok_or_else(changed)?;
    }
    if left == 0 { Ok(hash.id()) } else { Err(changed()) }
}

fn changed() -> io::Error {
    io::Error::other("it changed while it was read")
}

/// The hash of a repository's format.
enum Hash {
    Sha1(Sha1),
    Sha256(Box<Sha256>),
}

impl Hash {
    /// Begins a blob of so many bytes.
    fn new(length: u64, digits: usize) -> Self {
        let mut hash = if digits == SHA1 {
            Self::Sha1(Sha1::new())
        } else {
            Self::Sha256(Box::new(Sha256::new()))
        };
        hash.update(format!("blob {length}\0").as_bytes());
        hash
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
        }
    }

    fn id(self) -> Box<str> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sha1(hash) => hex(&hash.finalize()),
            Self::Sha256(hash) => hex(&hash.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_has_the_id_that_git_gives_it() {
        // `git hash-object --stdin < /dev/null`, and `printf hi | git hash-object --stdin`.
        assert_eq!(&*blob(b"", 40), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(&*blob(b"hi", 40), "32f95c0d1244a78b2be1bab8de17906fabb2c4a8");
        let empty = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
        assert_eq!(&*blob(b"", 64), empty);
    }
}
