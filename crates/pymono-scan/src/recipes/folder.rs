//! Folders that are projects because a recipe runs Python in them, without a manifest.

use std::{collections::BTreeMap, sync::Arc};

use pymono_names::{ServiceName, TreePath};
use pymono_recipe::Image;

use crate::{
    ScanError,
    document::TomlFile,
    local::Found,
    manifest::{Content, Form, Manifest, ProjectTable},
    tree::Tree,
};

/// Returns whether a folder has something of its own to run, beside the projects in it.
///
/// A recipe of a whole repository says of none of its parts that it is a service.
pub(super) fn is_of_its_own(
    tree: &Tree,
    folder: &TreePath,
    projects: &BTreeMap<TreePath, String>,
) -> bool {
    let inner: Vec<&TreePath> = projects.keys().filter(|path| path.is_in(folder)).collect();
    let nested = |file: &TreePath| inner.iter().any(|project| file.is_in(project));
    inner.is_empty()
        || tree.below(folder).any(|file| crate::code::is_code_of(folder, file) && !nested(file))
}

/// Returns the project of an image's folder.
pub(super) fn found(tree: &Tree, image: &Image) -> Result<Found, ScanError> {
    let name = ServiceName::slug(&image.name);
    let name = name.as_str().parse().expect("letters, digits and dashes are a name");
    let content = Content { project: Some(ProjectTable::named(name)), ..Content::default() };
    let file = Arc::new(TomlFile::parse(image.build.dockerfile.as_str(), "")?);
    let manifest = Manifest::new(image.folder.clone(), file, content, Form::Recipe);
    let nameless = || ScanError::Read {
        path: image.folder.to_string(),
        source: std::io::ErrorKind::NotFound.into(),
    };
    Found::new(tree, manifest, None).ok_or_else(nameless)
}
