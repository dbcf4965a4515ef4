//! The only crate that draws: progress, tables, messages.
