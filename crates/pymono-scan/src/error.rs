//! What can be wrong with a tree.

use thiserror::Error;

/// A tree that cannot be scanned.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScanError {}

impl ScanError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        None
    }
}
