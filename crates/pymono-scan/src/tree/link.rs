//! Where symbolic links lead.

use camino::Utf8Path;
use pymono_names::TreePath;

/// As many links as a system follows on the way to one file.
const MOST: usize = 40;

/// Returns the path in the tree at `root` that a link's target means; nothing where it leads out of it.
pub(super) fn resolve(root: &Utf8Path, link: &TreePath, target: &Utf8Path) -> Option<TreePath> {
    if target.is_absolute() {
        return target.strip_prefix(root).ok()?.as_str().parse().ok();
    }
    link.parent().unwrap_or_else(TreePath::root).join(target.as_str()).ok()
}

/// Returns `path` with every link on its way followed, of which `target` tells where they lead.
pub(super) fn real<'a>(
    root: &Utf8Path,
    path: &TreePath,
    target: impl Fn(&TreePath) -> Option<&'a Utf8Path>,
) -> Option<TreePath> {
    let mut path = path.clone();
    for _ in 0..MOST {
        let Some((link, to)) = first_link(&path, &target) else { return Some(path) };
        let rest = path.relative_to(&link)?.to_owned();
        path = resolve(root, &link, to)?.join(&rest).ok()?;
    }
    None
}

/// Returns the highest folder on the way to `path`, or `path` itself, that is a link.
fn first_link<'a>(
    path: &TreePath,
    target: impl Fn(&TreePath) -> Option<&'a Utf8Path>,
) -> Option<(TreePath, &'a Utf8Path)> {
    let ends = path.as_str().match_indices('/').map(|(at, _)| at).chain([path.as_str().len()]);
    ends.filter_map(|end| path.as_str()[..end].parse().ok())
        .find_map(|above: TreePath| target(&above).map(|target| (above, target)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn follow(path: &str) -> Option<String> {
        let links = [
            ("a", "b/c"),
            ("b/c/up", ".."),
            ("file", "a/x"),
            ("out", "../elsewhere"),
            ("self", "self"),
            ("ping", "pong"),
            ("pong", "ping"),
            ("absolute", "/root/b"),
            ("system", "/etc"),
        ];
        let links: BTreeMap<TreePath, &Utf8Path> =
            links.map(|(link, target)| (link.parse().unwrap(), Utf8Path::new(target))).into();
        let target = |link: &TreePath| links.get(link).copied();
        real(Utf8Path::new("/root"), &path.parse().unwrap(), target).map(|path| path.to_string())
    }

    #[test]
    fn every_link_on_the_way_is_followed() {
        assert_eq!(follow("plain/x").as_deref(), Some("plain/x"));
        assert_eq!(follow("file").as_deref(), Some("b/c/x"));
        assert_eq!(follow("a/up/y").as_deref(), Some("b/y"));
        assert_eq!(follow("absolute/z").as_deref(), Some("b/z"));
        assert_eq!(follow(".").as_deref(), Some("."));
    }

    #[test]
    fn a_loop_and_a_way_out_lead_nowhere() {
        for path in ["self", "ping/x", "out/x", "system/hosts"] {
            assert_eq!(follow(path), None, "{path}");
        }
    }
}
