//! The only crate that reads the source tree.
