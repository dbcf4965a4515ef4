//! Folders outside of a project that its build backend takes in: the bricks of Polylith.

use std::collections::BTreeMap;

use pymono_names::TreePath;
use serde_json::Value;

use crate::{manifest::Content, tree::Tree};

/// Tables that map paths, as seen from the project, to places in what is built.
const MAPPINGS: [(&str, Tool); 4] = [
    ("/bricks", Tool::Polylith),
    ("/build/force-include", Tool::Hatch),
    ("/build/targets/wheel/force-include", Tool::Hatch),
    ("/build/targets/sdist/force-include", Tool::Hatch),
];

enum Tool {
    Polylith,
    Hatch,
}

/// Returns what of the tree outside of `folder` a build takes in, with its place in the project.
pub(crate) fn bricks(
    tree: &Tree,
    folder: &TreePath,
    content: &Content,
) -> BTreeMap<TreePath, String> {
    let mapped = MAPPINGS.iter().flat_map(|(key, tool)| {
        let table = match tool {
            Tool::Polylith => &content.tool.polylith,
            Tool::Hatch => &content.tool.hatch,
        };
        let entries = table.pointer(key).and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(|(from, to)| Some((from.clone(), to.as_str()?.to_owned())))
    });
    let prefix = content.tool.polylith.pointer("/build/top-namespace").and_then(Value::as_str);
    let placed = |to: String| match prefix {
        Some(prefix) => format!("{}/{to}", prefix.replace('.', "/")),
        None => to,
    };
    let of_poetry = content.tool.poetry.get("packages").and_then(Value::as_array);
    let of_poetry = of_poetry.into_iter().flatten().filter_map(|package| {
        let (from, include) = (package.get("from")?.as_str()?, package.get("include")?.as_str()?);
        Some((format!("{from}/{include}"), include.to_owned()))
    });
    let paths = mapped.map(|(from, to)| (from, placed(to))).chain(of_poetry);
    let there = |path: &TreePath| tree.has(path) || tree.below(path).next().is_some();
    let bricks = paths.filter_map(|(from, to)| Some((folder.join(&from).ok()?, to)));
    bricks.filter(|(path, _)| !path.is_in(folder) && there(path)).collect()
}
