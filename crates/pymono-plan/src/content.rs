//! What is in one image, and what is in it that was not before.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::PackageName;
use pymono_names::{ServiceName, TreePath};

use crate::{BuildPlan, Bytes, Layer, StageKind};

/// What one image gets from its layers, as far as it is known before it is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Its third-party distributions, by name.
    pub distributions: BTreeMap<PackageName, ContentItem>,
    /// Its local packages, which have a layer each.
    pub packages: Vec<TreePath>,
    /// How many layers its distributions have.
    pub groups: usize,
    /// How many layers it has on top of its lowest runtime, those of its own files included.
    pub layers: usize,
}

/// One distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentItem {
    /// Its version; a source tree may have none.
    pub version: Option<String>,
    /// Estimated bytes.
    pub bytes: Bytes,
}

impl BuildPlan {
    /// Returns what the image of a service gets; nothing is known of one by hand.
    pub fn content(&self, service: &ServiceName) -> Option<Content> {
        let image = self.images.get(service)?;
        let mut content = Content { layers: self.layers(image), ..Content::default() };
        for stage in image.layers.iter().filter_map(Layer::stage) {
            match self.stage(stage).map(|stage| &stage.kind) {
                Some(StageKind::Dependencies(dependencies)) => {
                    content.groups += 1;
                    content.distributions.extend(dependencies.requirements.iter().map(|it| {
                        let bytes = Bytes::of(it);
                        (it.name.clone(), ContentItem { version: it.version.clone(), bytes })
                    }));
                }
                Some(StageKind::Package(build)) => content.packages.push(build.path.clone()),
                _ => {}
            }
        }
        Some(content)
    }

    /// Returns what an image gets of the tree: files, and folders with all that is in them, none of
    /// which lies in another.
    pub fn local_sources(&self, service: &ServiceName) -> BTreeSet<&TreePath> {
        let layers = self.images.get(service).into_iter().flat_map(|image| &image.layers);
        let of_stage = |stage| match self.stage(stage).map(|stage| &stage.kind) {
            Some(StageKind::Package(build)) => build.sources.iter().collect(),
            Some(StageKind::Files { files, .. }) => files.iter().map(|it| &it.source).collect(),
            Some(StageKind::Included(included)) => included.all().map(|it| &it.source).collect(),
            _ => Vec::new(),
        };
        let all = layers.flat_map(|layer| match layer {
            Layer::File(file) => vec![&file.source],
            layer => layer.stage().map(of_stage).unwrap_or_default(),
        });
        let all: BTreeSet<&TreePath> = all.collect();
        let above = |path: &&TreePath| !all.iter().any(|it| it != path && path.is_in(it));
        all.iter().copied().filter(above).collect()
    }
}

impl Content {
    /// Returns the estimated bytes of all distributions in a file system.
    pub fn installed(&self) -> u64 {
        let bytes = self.distributions.values().map(|item| item.bytes.installed);
        bytes.fold(0, u64::saturating_add)
    }

    /// Returns the distributions, those first that take up most.
    pub fn biggest(&self) -> Vec<(&PackageName, &ContentItem)> {
        let mut all: Vec<_> = self.distributions.iter().collect();
        // Stable: what is equal stays in order of name.
        all.sort_by_key(|(_, item)| std::cmp::Reverse(item.bytes.installed));
        all
    }

    /// Returns what of this is more than there was `before`: distributions that are new or bigger,
    /// each with how much, and local packages that are new.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let grown = self.distributions.iter().filter_map(|(name, item)| {
            let old = before.distributions.get(name).map(|old| old.bytes).unwrap_or_default();
            let bytes = Bytes {
                installed: item.bytes.installed.saturating_sub(old.installed),
                stored: item.bytes.stored.saturating_sub(old.stored),
            };
            let item = ContentItem { version: item.version.clone(), bytes };
            (bytes != Bytes::default()).then(|| (name.clone(), item))
        });
        let new = self.packages.iter().filter(|path| !before.packages.contains(path));
        Self {
            distributions: grown.collect(),
            packages: new.cloned().collect(),
            groups: self.groups.saturating_sub(before.groups),
            layers: self.layers.saturating_sub(before.layers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(items: &[(&str, u64)], packages: &[&str]) -> Content {
        let item = |installed| ContentItem { version: None, bytes: Bytes { installed, stored: 1 } };
        Content {
            distributions: items
                .iter()
                .map(|(it, size)| (it.parse().unwrap(), item(*size)))
                .collect(),
            packages: packages.iter().map(|path| path.parse().unwrap()).collect(),
            groups: 1,
            layers: 1 + packages.len(),
        }
    }

    #[test]
    fn what_is_new_or_bigger_is_more_than_before() {
        let before = content(&[("a", 10), ("b", 20), ("c", 30)], &["libs/x"]);
        let after = content(&[("a", 10), ("b", 25), ("c", 5), ("d", 7)], &["libs/x", "libs/y"]);
        let more = after.since(&before);
        let names = |content: &Content| -> Vec<(String, u64)> {
            let all = content.biggest().into_iter();
            all.map(|(name, item)| (name.to_string(), item.bytes.installed)).collect()
        };
        assert_eq!(names(&more), [("d".to_owned(), 7), ("b".to_owned(), 5)]);
        assert_eq!((more.packages, more.layers), (vec!["libs/y".parse().unwrap()], 1));
        assert_eq!(after.installed(), 47);
    }
}
