//! Scans of real folders with real git.

mod configuration;
mod files;
mod identities;
mod indexes;
mod managers;
mod python;
#[cfg(test)]
mod repo;
mod revisions;
mod services;
mod sources;
mod walk;
mod workspaces;
