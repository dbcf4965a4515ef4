//! Distributions that are compiled with what no lock names.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_plan::{Fleet, Requirement, Service};

use crate::{Code, Facts, Finding};

const HINT: &str = "`pymono lock` pins them; or take a version that has a wheel for the target, or accept that its build can change from day to day";

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    facts.fleet.services.iter().filter_map(|(path, it)| about(facts.fleet, path, it)).collect()
}

fn about(fleet: &Fleet, path: &TreePath, service: &Service) -> Option<Finding> {
    let built = service.from_source().filter(|it| fleet.pinned_source(service, it).is_none());
    let compiled: BTreeSet<String> = built.map(shown).collect();
    let names = compiled.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("built from source, with build requirements that no lock pins: {names}");
    (!names.is_empty()).then(|| Finding::new(Code::UnlockedBuild, path, message, HINT))
}

fn shown(requirement: &Requirement) -> String {
    let version = requirement.version.as_ref().map(|version| format!(" {version}"));
    format!("{}{}", requirement.name, version.unwrap_or_default())
}
