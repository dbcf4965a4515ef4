//! What a build is told that would ask git for the version.

use std::collections::BTreeMap;

use pep508_rs::PackageName;
use pymono_workspace::variable_of;

/// A version as the tool that would ask git for it reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PretendedVersion {
    /// The environment variables that the tool looks at.
    pub variables: BTreeMap<String, String>,
    /// The text of a `PKG-INFO` beside the manifest, for tools that take the version from there.
    pub metadata: Option<String>,
}

impl PretendedVersion {
    /// Returns how `tool` is told that `name` has `version`; nothing for one that listens to nobody.
    pub(crate) fn of(tool: &str, name: &PackageName, version: &str) -> Option<Self> {
        let scm = "SETUPTOOLS_SCM_PRETEND_VERSION";
        let named = format!("{scm}_FOR_{}", variable_of(name.as_ref()));
        let (variables, has_metadata) = match tool {
            // Some ask by the name of the distribution, some do not tell it to what they stand on.
            "flit-scm" | "hatch-vcs" | "setuptools-scm" => (vec![scm.to_owned(), named], false),
            "vcs-versioning" => {
                (vec![scm.to_owned(), named, "VCS_VERSIONING_PRETEND_VERSION".to_owned()], false)
            }
            "pbr" => (vec!["PBR_VERSION".to_owned()], false),
            "pdm-backend" => (vec!["PDM_BUILD_SCM_VERSION".to_owned()], false),
            "poetry-dynamic-versioning" => {
                (vec!["POETRY_DYNAMIC_VERSIONING_BYPASS".to_owned()], false)
            }
            "uv-dynamic-versioning" => (vec!["UV_DYNAMIC_VERSIONING_BYPASS".to_owned()], false),
            "setuptools-git-versioning" | "versioningit" => (Vec::new(), true),
            _ => return None,
        };
        let metadata = has_metadata
            .then(|| format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"));
        let variables = variables.into_iter().map(|name| (name, version.to_owned())).collect();
        Some(Self { variables, metadata })
    }
}
