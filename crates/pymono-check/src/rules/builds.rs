//! Distributions that are compiled with what no lock names.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_plan::{Origin, Requirement, Service};

use crate::{Code, Facts, Finding};

const HINT: &str = "take a version that has a wheel for the target, or accept that its build can change from day to day";

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    facts.fleet.services.iter().filter_map(about).collect()
}

fn about((path, service): (&TreePath, &Service)) -> Option<Finding> {
    let compiled: BTreeSet<String> =
        service.requirements.iter().filter(|it| is_compiled(it)).map(shown).collect();
    let names = compiled.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("built from source, with build requirements that no lock pins: {names}");
    (!names.is_empty()).then(|| Finding::new(Code::UnlockedBuild, path, message, HINT))
}

fn is_compiled(requirement: &Requirement) -> bool {
    requirement.from_source || matches!(requirement.origin, Origin::Git { .. })
}

fn shown(requirement: &Requirement) -> String {
    let version = requirement.version.as_ref().map(|version| format!(" {version}"));
    format!("{}{}", requirement.name, version.unwrap_or_default())
}
