//! What tools leave in a tree on one machine, and pymono itself.

/// Patterns, in the words of an ignore file, of what is never sent unless git tracks it.
///
/// Virtual environments, byte code and caches are of one machine; files named
/// `.env` hold its secrets. Most repositories ignore all of these, but a tree
/// must not depend on whether this one does.
pub(crate) const PATTERNS: &[&str] = &[
    "**/.git",
    "**/.hg",
    "**/.svn",
    "**/.venv",
    "**/__pycache__",
    "**/*.pyc",
    "**/.pytest_cache",
    "**/.mypy_cache",
    "**/.ruff_cache",
    "**/.tox",
    "**/.nox",
    "**/.hypothesis",
    "**/.ipynb_checkpoints",
    "**/node_modules",
    "**/.env",
    "**/.env.*",
    "**/.DS_Store",
    "**/.pymono",
];

/// Returns true for what one of [`PATTERNS`] matches by its name.
pub(crate) fn is_litter_name(name: &str) -> bool {
    name.strip_suffix(".pyc").is_some()
        || name.starts_with(".env.")
        || PATTERNS.iter().any(|pattern| pattern.strip_prefix("**/") == Some(name))
}

/// Returns true for what pymono itself writes.
pub(crate) fn is_ours(path: &str) -> bool {
    // Most paths are told apart by the first look.
    path == "docker-bake.json" || (path.contains(".pymono") && path.split('/').any(is_our_folder))
}

/// Returns true for the name of the folder that pymono writes into.
pub(crate) fn is_our_folder(name: &str) -> bool {
    name == ".pymono"
}
