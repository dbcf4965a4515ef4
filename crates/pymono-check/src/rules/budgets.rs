//! Images that are over their budget before they are built.

use pymono_names::TreePath;
use pymono_plan::Service;

use crate::{Code, Facts, Finding, excesses};

const HINT: &str = "take away what the service does not need (`pymono why SERVICE` lists all), or raise the budget";

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    let services = facts.fleet.services.iter();
    services.flat_map(|(path, service)| about(facts, path, service)).collect()
}

/// Returns what is known to be too much: system packages and build steps come on top.
fn about(facts: Facts<'_>, path: &TreePath, service: &Service) -> Vec<Finding> {
    let project = facts.workspace.projects.get(path);
    let budget = project.map(|project| project.settings.budget).unwrap_or_default();
    let Some(content) = facts.plan.content(&service.name) else { return Vec::new() };
    let before = facts.before.map(|plan| plan.content(&service.name).unwrap_or_default());
    let beside = facts.beside.get(&service.name).copied().unwrap_or_default();
    let (base, base_layers) = beside.base.unwrap_or_default();
    let size = content.installed().saturating_add(beside.local).saturating_add(base);
    let layers = content.layers + base_layers;
    let found = excesses(budget, size, layers, &content, before.as_ref());
    let intro = match beside.base {
        Some(_) => "the image is expected to have".to_owned(),
        None => format!(
            "without its base `{0}`, which the local store lacks (`docker pull {0}` has it counted), \
             the image is expected to have",
            service.runtime_image
        ),
    };
    let finding = |excess| Finding::new(Code::OverBudget, path, format!("{intro} {excess}"), HINT);
    found.into_iter().map(finding).collect()
}
