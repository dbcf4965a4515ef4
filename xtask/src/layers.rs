//! Guards the architecture: which crate may depend on which.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Result, bail};
use cargo_metadata::{DependencyKind, Metadata};
use clap::Args;

use crate::cargo;

/// The crates, bottom first. A crate may depend on those in the lines before.
const LAYERS: &[&[&str]] = &[
    &["pymono-exec", "pymono-names"],
    &["pymono-event", "pymono-lock", "pymono-recipe", "pymono-workspace"],
    &["pymono-plan", "pymono-scan"],
    &["pymono-buildx", "pymono-check", "pymono-fingerprint", "pymono-render", "pymono-report"],
    &["pymono"],
    &["pymono-fuzz", "pymono-tests", "xtask"],
];

/// Stands at the top, and yet on nothing: chores must run while the product
/// does not compile.
const ALONE: &[&str] = &["xtask"];

/// Check that crates depend only on those of lower layers
#[derive(Debug, Args)]
pub(crate) struct LayersArgs {}

/// A crate of the workspace, and its dependencies by name.
type Members = BTreeMap<String, Vec<(String, DependencyKind)>>;

pub(crate) fn run(_: &LayersArgs) -> Result<ExitCode> {
    check()?;
    Ok(ExitCode::SUCCESS)
}

/// Fails with every edge that the layers forbid.
pub(crate) fn check() -> Result<()> {
    let members = members(&cargo::metadata()?);
    let violations = violations(LAYERS, &members);
    if !violations.is_empty() {
        bail!("{}\nthe layers stand in `xtask/src/layers.rs`", violations.join("\n"));
    }
    eprintln!("layers: {} crates in {} layers, none out of order", members.len(), LAYERS.len());
    Ok(())
}

fn members(metadata: &Metadata) -> Members {
    let dependencies = |package: &cargo_metadata::Package| {
        package.dependencies.iter().map(|it| (it.name.clone(), it.kind)).collect()
    };
    let packages = metadata.workspace_packages();
    packages.into_iter().map(|it| (it.name.to_string(), dependencies(it))).collect()
}

fn violations(layers: &[&[&str]], members: &Members) -> Vec<String> {
    let layer = |name: &str| layers.iter().position(|crates| crates.contains(&name));
    let listed = layers.iter().copied().flatten();
    let gone = listed
        .filter(|name| !members.contains_key(**name))
        .map(|name| format!("`{name}` has a layer but is no member of the workspace"));
    let unlisted = members
        .keys()
        .filter(|name| layer(name).is_none())
        .map(|name| format!("`{name}` is a member of the workspace but has no layer"));
    let upward = members.iter().flat_map(|(name, dependencies)| {
        let forbidden = dependencies.iter().filter(move |(needed, kind)| {
            // A test may look anywhere, as it ships nowhere.
            *kind != DependencyKind::Development
                && layer(needed).is_some()
                && (layer(needed) >= layer(name) || ALONE.contains(&name.as_str()))
        });
        forbidden.map(move |(needed, _)| format!("`{name}` must not depend on `{needed}`"))
    });
    gone.chain(unlisted).chain(upward).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[&[&str]] = &[&["names", "exec"], &["plan"], &["xtask"]];

    fn members(edges: &[(&str, &str, DependencyKind)]) -> Members {
        let everyone = ["names", "exec", "plan", "xtask"];
        let mut members: Members = everyone.map(|name| (name.to_owned(), Vec::new())).into();
        for (from, to, kind) in edges {
            members.get_mut(*from).unwrap().push(((*to).to_owned(), *kind));
        }
        members
    }

    #[test]
    fn this_workspace_is_in_order() {
        check().unwrap();
    }

    #[test]
    fn downward_is_fine() {
        let members = members(&[("plan", "names", DependencyKind::Normal)]);
        assert_eq!(violations(TWO, &members), Vec::<String>::new());
    }

    #[test]
    fn upward_and_sideways_are_refused() {
        let upward = members(&[("names", "plan", DependencyKind::Normal)]);
        assert_eq!(violations(TWO, &upward), ["`names` must not depend on `plan`"]);
        let sideways = members(&[("names", "exec", DependencyKind::Build)]);
        assert_eq!(violations(TWO, &sideways), ["`names` must not depend on `exec`"]);
    }

    #[test]
    fn a_test_may_look_upward() {
        let members = members(&[("names", "plan", DependencyKind::Development)]);
        assert_eq!(violations(TWO, &members), Vec::<String>::new());
    }

    #[test]
    fn the_chores_stand_on_nothing() {
        let members = members(&[("xtask", "names", DependencyKind::Normal)]);
        assert_eq!(violations(TWO, &members), ["`xtask` must not depend on `names`"]);
    }

    #[test]
    fn every_crate_has_a_layer_and_every_layer_its_crates() {
        let mut members = members(&[]);
        members.remove("exec");
        members.insert("new".to_owned(), Vec::new());
        assert_eq!(
            violations(TWO, &members),
            [
                "`exec` has a layer but is no member of the workspace",
                "`new` is a member of the workspace but has no layer",
            ]
        );
    }
}
