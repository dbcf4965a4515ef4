//! Tests of the whole.

mod bake;
mod check;
mod closure;
mod commands;
mod context;
mod failure;
mod fleet;
mod git;
mod graph;
mod indexes;
mod interrupt;
mod lock_formats;
mod lock_oracle;
mod managers;
mod native;
mod rebuild;
mod settings;
mod shop;
mod sources;
mod stale;
