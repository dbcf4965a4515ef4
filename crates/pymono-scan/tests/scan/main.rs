//! Scans of real folders with real git.

mod configuration;
mod files;
mod indexes;
mod managers;
mod identities;
mod python;
#[cfg(test)]
mod repo;
mod revisions;
mod services;
mod walk;
mod workspaces;
