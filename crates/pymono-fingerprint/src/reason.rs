//! Why a service is affected.

use std::collections::BTreeSet;

use pep508_rs::PackageName;
use pymono_names::TreePath;
use schemars::JsonSchema;
use serde::Serialize;

/// Why a service is affected: a piece of its image that differs, and how the service comes to have it.
///
/// `via` is the chain of local dependencies from the service to what has the
/// piece; `from` and `to` are the values of the two trees, `None` where there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Reason {
    /// The service was none before, or could not be built.
    Added,
    /// It cannot be told what differs, and the service is taken for affected.
    Unknown {
        /// Why.
        why: String,
    },
    /// A file of the service itself.
    Source {
        /// The file.
        path: TreePath,
    },
    /// A file of a local package.
    Dependency {
        /// The package's folder.
        package: TreePath,
        /// How the service comes to need it.
        via: Vec<TreePath>,
        /// The file.
        path: TreePath,
    },
    /// A file of a Rust crate that a local package is built from, or one that leads Cargo.
    Crate {
        /// The package's folder.
        package: TreePath,
        /// How the service comes to need it.
        via: Vec<TreePath>,
        /// The file.
        path: TreePath,
    },
    /// A hand-written Dockerfile, or its ignore file.
    Dockerfile {
        /// The file.
        path: TreePath,
    },
    /// A local dependency that came or went.
    Edge {
        /// The package's folder.
        package: TreePath,
        /// How the service comes to need it, or came to.
        via: Vec<TreePath>,
    },
    /// A third-party distribution.
    Pin {
        /// Its name.
        package: String,
        /// How the service comes to need it.
        via: Vec<TreePath>,
        /// Its version before.
        from: Option<String>,
        /// Its version now.
        to: Option<String>,
    },
    /// A setting.
    Config {
        /// Its key.
        key: String,
    },
    /// The Python of the image.
    Python {
        /// The version before.
        from: Option<String>,
        /// The version now.
        to: Option<String>,
    },
    /// An image that is stood on, or uv's.
    Base {
        /// The image before.
        from: Option<String>,
        /// The image now.
        to: Option<String>,
    },
    /// What a local package is built with.
    Backend {
        /// The package's folder.
        package: TreePath,
        /// How the service comes to need it.
        via: Vec<TreePath>,
    },
}

/// Returns the versions that the value of a pin names, for people.
pub(crate) fn versions(value: &str) -> Option<String> {
    let version = |line: &str| {
        let pin: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(pin.get("version")?.as_str()?.to_owned())
    };
    let versions: BTreeSet<String> = value.lines().filter_map(version).collect();
    (!versions.is_empty()).then(|| versions.into_iter().collect::<Vec<_>>().join(", "))
}

/// Returns the project that requires a distribution, as seen from a service, or the service itself.
///
/// Only what manifests name is known; the chain of distributions between is not told.
pub(crate) fn requirer<'a>(
    projects: impl Iterator<Item = &'a pymono_workspace::Project>,
    name: &PackageName,
) -> Option<&'a TreePath> {
    projects
        .into_iter()
        .find(|project| project.requirements.iter().any(|it| it.name == *name))
        .map(|it| &it.path)
}
