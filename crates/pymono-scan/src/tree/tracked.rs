//! What git's index names.

use rayon::prelude::*;

use crate::{
    ScanError,
    git::{Git, entries},
};

/// How many bytes of a listing one thread takes apart at a time.
const PIECE: usize = 256 * 1024;

/// The name of the files that say what git makes of others.
pub(super) const ATTRIBUTES: &str = ".gitattributes";

/// What git's index holds, each entry with a tag before its name.
pub(super) struct Tracked(pub(super) Vec<u8>);

/// A part of it, in its order.
#[derive(Default)]
pub(super) struct Piece<'a> {
    /// The names.
    pub(super) names: Vec<&'a str>,
    /// Those that a sparse checkout keeps off the disk.
    pub(super) sparse: Vec<&'a [u8]>,
    /// Those that are no UTF-8.
    pub(super) odd: Vec<&'a [u8]>,
    /// Whether some file may be another one on disk than in the index though git does not say so: a side of
    /// a conflict, what git was told not to compare, or where some file says what git makes of others.
    pub(super) unsure: bool,
}

impl Tracked {
    /// Asks git; nothing if there is no git.
    pub(super) fn ask(git: &Git) -> Result<Option<Self>, ScanError> {
        Ok(git.try_ask(&["ls-files", "-z", "-v", "--cached"])?.map(Self))
    }

    /// Returns all of it in pieces, in order.
    pub(super) fn pieces(&self) -> Vec<Piece<'_>> {
        let mut parts = Vec::new();
        let mut rest = self.0.as_slice();
        while let Some(end) = rest.get(PIECE..).and_then(|rest| memchr::memchr(0, rest)) {
            let (part, after) = rest.split_at(PIECE + end + 1);
            parts.push(part);
            rest = after;
        }
        parts.push(rest);
        parts.into_par_iter().map(Piece::of).collect()
    }
}

impl<'a> Piece<'a> {
    fn of(listing: &'a [u8]) -> Self {
        let mut piece = Self::default();
        for entry in entries(listing) {
            let Some((tag, name)) =
                entry.split_first().and_then(|(tag, rest)| Some((tag, rest.get(1..)?)))
            else {
                continue;
            };
            piece.unsure |= *tag != b'H' || name.ends_with(ATTRIBUTES.as_bytes());
            // A small letter is for a file that git was told not to compare with the disk.
            match str::from_utf8(name) {
                _ if matches!(tag, b'S' | b's') => piece.sparse.push(name),
                Ok(name) => piece.names.push(name),
                Err(_) => piece.odd.push(name),
            }
        }
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_listing_is_taken_apart_without_loss() {
        let names: Vec<String> =
            (0..40_000).map(|number| format!("folder/file-{number}")).collect();
        let listing: String = names.iter().map(|name| format!("H {name}\0")).collect();
        let tracked = Tracked(listing.into_bytes());
        let pieces = tracked.pieces();
        assert!(pieces.len() > 1 && !pieces.iter().any(|piece| piece.unsure));
        let found: Vec<&str> = pieces.iter().flat_map(|piece| &piece.names).copied().collect();
        assert_eq!(found, names);
    }

    #[test]
    fn tags_tell_what_is_not_on_disk_and_what_is_not_compared() {
        let unsure = |listing: &str| Tracked(listing.into()).pieces()[0].unsure;
        assert!(!unsure("H a\0H b/c\0"));
        for listing in ["h a\0", "M a\0M a\0", "S a\0", "H a/.gitattributes\0"] {
            assert!(unsure(listing), "{listing}");
        }
        let tracked = Tracked(b"S a\0s b\0H c\0H \xff\0".to_vec());
        let pieces = tracked.pieces();
        assert_eq!(pieces[0].sparse, [b"a", b"b"]);
        assert_eq!((&pieces[0].names, &pieces[0].odd), (&vec!["c"], &vec![&b"\xff"[..]]));
    }
}
