//! What keeps a recipe from being read.

use thiserror::Error;

/// A recipe that could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {message}")]
pub struct RecipeError {
    /// The line where reading stopped, counted from one.
    pub line: usize,
    /// What is wrong there, a sentence fragment.
    pub message: String,
}

impl RecipeError {
    pub(crate) fn new(line: usize, message: impl Into<String>) -> Self {
        // A text without a single instruction is wrong as a whole, so from its first line on.
        Self { line: line.max(1), message: message.into() }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        "mend it, or name the service's command and settings in the configuration"
    }
}
