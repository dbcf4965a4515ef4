//! Scans of real folders with real git.

mod configuration;
mod files;
mod indexes;
mod managers;
mod python;
#[cfg(test)]
mod repo;
mod services;
mod workspaces;
