//! The rules, a module for each.

mod bases;
mod budgets;
mod builds;
mod copies;
mod imports;
mod locked;
mod requirements;
mod secrets;
mod unplanned;

use crate::{Facts, Finding};

/// Returns what all rules find.
pub(crate) fn all(facts: Facts<'_>) -> Vec<Finding> {
    let rules = [
        unplanned::find,
        requirements::find,
        builds::find,
        bases::find,
        locked::find,
        imports::find,
        copies::find,
        budgets::find,
        secrets::find,
    ];
    rules.into_iter().flat_map(|rule| rule(facts)).collect()
}
