//! Tests of the whole.

mod bake;
mod check;
mod closure;
mod commands;
mod context;
mod export;
mod failure;
mod fleet;
mod git;
mod graph;
mod handwritten;
mod indexes;
mod install;
mod interrupt;
mod lock_formats;
mod lock_oracle;
mod managers;
mod native;
mod plan;
mod rebuild;
mod settings;
mod shop;
mod sources;
mod stale;
mod unavailable;
mod unchanged;
