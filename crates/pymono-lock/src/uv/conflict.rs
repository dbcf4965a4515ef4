//! What a lock may declare to exclude each other, and how markers speak of it.

use std::fmt;

use pep508_rs::{ExtraName, PackageName};

use super::wire::ConflictWire;
use crate::GroupName;

/// Something that can be active in a closure or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// The production dependencies of a selected package.
    Project(PackageName),
    /// An extra that something reached asks for.
    Extra(PackageName, ExtraName),
    /// A selected group.
    Group(PackageName, GroupName),
}

impl Item {
    /// Returns the extra that stands for this item in markers.
    ///
    /// uv writes `extra-LENGTH-PACKAGE-EXTRA`, where the length is the package
    /// name's, since names may hold `-` themselves; likewise `group-…` and
    /// `project-LENGTH-PACKAGE`.
    pub(super) fn encoded(&self) -> ExtraName {
        let text = match self {
            Self::Project(package) => format!("project-{}-{package}", package.as_ref().len()),
            Self::Extra(package, extra) => {
                format!("extra-{}-{package}-{extra}", package.as_ref().len())
            }
            Self::Group(package, group) => {
                format!("group-{}-{package}-{group}", package.as_ref().len())
            }
        };
        ExtraName::new(text).expect("names joined by `-` are a name")
    }
}

impl From<ConflictWire> for Item {
    fn from(ConflictWire { package, extra, group }: ConflictWire) -> Self {
        match (extra, group) {
            (Some(extra), _) => Self::Extra(package, extra),
            (None, Some(group)) => Self::Group(package, group),
            (None, None) => Self::Project(package),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(package) => write!(f, "{package}"),
            Self::Extra(package, extra) => write!(f, "{package}[{extra}]"),
            Self::Group(package, group) => write!(f, "{package}:{group}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_encoded_as_uv_does() {
        let package: PackageName = "my-app".parse().unwrap();
        let name: ExtraName = "gpu".parse().unwrap();
        assert_eq!(
            Item::Extra(package.clone(), name.clone()).encoded().as_ref(),
            "extra-6-my-app-gpu"
        );
        assert_eq!(Item::Group(package.clone(), name).encoded().as_ref(), "group-6-my-app-gpu");
        assert_eq!(Item::Project(package).encoded().as_ref(), "project-6-my-app");
    }
}
