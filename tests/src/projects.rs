//! Python projects, as text.

/// The build backend that [`in_tree`] projects bring along.
pub const BACKEND: &str = include_str!("backend.py");

/// Returns the manifest of a project that hatchling builds; `rest` follows its name and version.
pub fn hatchling(name: &str, rest: &str) -> String {
    built_by("requires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"", name, rest)
}

/// Returns the manifest of a project that [`BACKEND`] builds, which lies in its `_build/backend.py`.
///
/// A table `[tool.in-tree]` in `rest` tells the backend more than to build.
pub fn in_tree(name: &str, rest: &str) -> String {
    let system = "requires = []\nbuild-backend = \"backend\"\nbackend-path = [\"_build\"]";
    built_by(system, name, rest)
}

/// Returns the manifest of a project with this `[build-system]`.
pub fn built_by(system: &str, name: &str, rest: &str) -> String {
    format!("[build-system]\n{system}\n\n{}", unbuilt(name, rest))
}

/// Returns the manifest of a project that uv calls virtual: it is not built.
pub fn unbuilt(name: &str, rest: &str) -> String {
    format!("[project]\nname = \"{name}\"\nversion = \"1.0\"\nrequires-python = \">=3.11\"\n{rest}")
}

/// Returns `[tool.uv.sources]` for projects of the same workspace.
pub fn sources(names: &[&str]) -> String {
    let lines: String =
        names.iter().map(|name| format!("{name} = {{ workspace = true }}\n")).collect();
    format!("[tool.uv.sources]\n{lines}")
}
