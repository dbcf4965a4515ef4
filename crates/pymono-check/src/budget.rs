//! What an image has more of than its budget allows, and what did it.

use std::fmt;

use bytesize::ByteSize;
use pymono_names::TreePath;
use pymono_plan::Content;
use pymono_workspace::Budget;

/// So many of the biggest are named.
const MOST: usize = 3;

/// An image that is over its budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The key of the budget.
    pub key: &'static str,
    /// How much there is.
    pub found: u64,
    /// How much there may be.
    pub limit: u64,
    /// What did it, for people.
    pub because: String,
}

/// Returns what an image of so many bytes and layers has too much of.
///
/// `content` is what its plan gets it, and `before` what it got then, where that is known.
pub fn excesses(
    budget: Budget,
    size: u64,
    layers: usize,
    content: &Content,
    before: Option<&Content>,
) -> Vec<Excess> {
    let size = budget.size.filter(|limit| size > *limit).map(|limit| Excess {
        key: "max-image-size",
        found: size,
        limit,
        because: because(content, before, biggest),
    });
    let layers = budget.layers.filter(|limit| layers > *limit).map(|limit| Excess {
        key: "max-layers",
        found: layers as u64,
        limit: limit as u64,
        because: because(content, before, layered),
    });
    size.into_iter().chain(layers).collect()
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, found, limit, because } = self;
        if *key == "max-layers" {
            return write!(f, "{found} layers, more than the {limit} of `{key}`{because}");
        }
        let (found, limit) = (bytes(*found), bytes(*limit));
        write!(f, "{found}, more than the {limit} of `{key}`{because}")
    }
}

/// Returns what there is most of, and what of that there was not before.
fn because(content: &Content, before: Option<&Content>, name: fn(&Content) -> String) -> String {
    let part = |intro: &str, names: String| {
        if names.is_empty() { String::new() } else { format!("; {intro} {names}") }
    };
    let most = part("most of it is", name(content));
    let Some(before) = before else { return most };
    let more = part("more than at the base is", name(&content.since(before)));
    let more = if more.is_empty() { "; at the base it was no less".to_owned() } else { more };
    most + &more
}

/// Returns the names of the biggest distributions, with their sizes.
fn biggest(content: &Content) -> String {
    let all = content.biggest();
    let names = all.iter().take(MOST).map(|(name, item)| {
        let version = item.version.iter().map(|version| format!(" {version}"));
        format!("{name}{} ({})", version.collect::<String>(), bytes(item.bytes.installed))
    });
    let more = all.len().saturating_sub(MOST);
    joined(names.collect(), more)
}

/// Returns what layers are of.
fn layered(content: &Content) -> String {
    let mut parts = Vec::new();
    if content.groups > 0 {
        parts.push(format!("{} of distributions", content.groups));
    }
    if !content.packages.is_empty() {
        let names = content.packages.iter().take(MOST).map(TreePath::to_string);
        let names = joined(names.collect(), content.packages.len().saturating_sub(MOST));
        parts.push(format!("{} of local packages ({names})", content.packages.len()));
    }
    parts.join(", ")
}

fn joined(mut names: Vec<String>, more: usize) -> String {
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

fn bytes(number: u64) -> String {
    ByteSize::b(number).display().si().to_string()
}

#[cfg(test)]
mod tests {
    use pymono_plan::{Bytes, ContentItem};

    use super::*;

    fn content(items: &[(&str, &str, u64)], packages: &[&str]) -> Content {
        let items = items.iter().map(|(name, version, megabytes)| {
            let bytes = Bytes { installed: megabytes * 1_000_000, stored: 1 };
            (name.parse().unwrap(), ContentItem { version: Some((*version).to_owned()), bytes })
        });
        Content {
            distributions: items.collect(),
            packages: packages.iter().map(|path| path.parse().unwrap()).collect(),
            groups: 2,
            layers: 2 + packages.len(),
        }
    }

    #[test]
    fn what_is_within_its_budget_is_no_excess() {
        let budget = Budget { size: Some(100), layers: Some(2) };
        assert_eq!(excesses(budget, 100, 2, &Content::default(), None), []);
        assert_eq!(excesses(Budget::default(), u64::MAX, 99, &Content::default(), None), []);
    }

    #[test]
    fn the_biggest_and_what_grew_are_named() {
        let before = content(&[("numpy", "1", 30)], &["libs/a"]);
        let after = content(
            &[("numpy", "2", 50), ("a", "1", 1), ("b", "1", 2), ("scipy", "1", 90)],
            &["libs/a", "libs/b"],
        );
        let budget = Budget { size: Some(100_000_000), layers: Some(3) };
        let found = excesses(budget, 143_000_000, 4, &after, Some(&before));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "143.0 MB, more than the 100.0 MB of `max-image-size`; most of it is scipy 1 (90.0 MB), \
                 numpy 2 (50.0 MB), b 1 (2.0 MB), 1 more; more than at the base is scipy 1 (90.0 MB), \
                 numpy 2 (20.0 MB), b 1 (2.0 MB), 1 more",
                "4 layers, more than the 3 of `max-layers`; most of it is 2 of distributions, 2 of local \
                 packages (libs/a, libs/b); more than at the base is 1 of local packages (libs/b)",
            ]
        );
    }
}
