//! Scans of real folders with real git.

mod configuration;
#[cfg(test)]
mod contents;
#[cfg(test)]
mod crates;
mod files;
mod further;
#[cfg(test)]
mod identities;
mod indexes;
mod managers;
#[cfg(test)]
mod proposal;
mod python;
mod recipes;
#[cfg(test)]
mod repo;
#[cfg(test)]
mod revisions;
#[cfg(test)]
mod schema;
mod services;
mod sources;
#[cfg(test)]
mod walk;
mod workspaces;
