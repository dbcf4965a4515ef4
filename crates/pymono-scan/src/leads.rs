//! Files that tell how images are made, by their names.

use pymono_lock::LockFormat;
use pymono_names::TreePath;
use pymono_recipe::RecipeKind;

/// The names of files, other than locks and recipes, that a scan reads for more than what lies beside them.
const NAMES: [&str; 17] = [
    ".dockerignore",
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
    ".lfsconfig",
    ".python-version",
    "Cargo.lock",
    "Cargo.toml",
    "Pipfile",
    "poetry.toml",
    "pymono.toml",
    "pyproject.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "setup.cfg",
    "setup.py",
    "uv.toml",
];

/// Returns whether a file tells, by its name, how images are made: a manifest, a lock, a file of
/// requirements or settings, a recipe.
pub fn leads(path: &TreePath) -> bool {
    let Some(name) = path.file_name() else { return true };
    let requirements = name.contains("requirements") || name.contains("constraints");
    NAMES.contains(&name)
        || LockFormat::of_file_name(name).is_some()
        || name.ends_with(".dockerignore")
        || (requirements && [".txt", ".in"].iter().any(|end| name.ends_with(end)))
        || path.parent().is_some_and(|it| it.file_name() == Some("requirements"))
        || RecipeKind::of(path).is_some()
        || path.parts().any(|part| part == ".cargo")
}
