//! What tools leave in a tree on one machine, and pymono itself.

use pymono_names::TreePath;

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

/// Returns true for what one of [`PATTERNS`] matches.
pub(crate) fn is_litter(path: &TreePath) -> bool {
    path.parts().any(|part| {
        part.strip_suffix(".pyc").is_some()
            || part.starts_with(".env.")
            || PATTERNS.iter().any(|pattern| pattern.strip_prefix("**/") == Some(part))
    })
}

/// Returns true for what pymono itself writes.
pub(crate) fn is_ours(path: &TreePath) -> bool {
    path.as_str() == "docker-bake.json" || path.parts().any(|part| part == ".pymono")
}
