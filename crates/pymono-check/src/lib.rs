//! Says what is wrong or risky in a repository before anything is built.
//!
//! A pure function: what was scanned and assembled goes in, [`Finding`]s come
//! out, sorted. Each kind of finding has a [`Code`] that scripts can rely on.

mod budget;
mod code;
mod finding;
mod rules;

use std::collections::BTreeMap;

use pymono_names::ServiceName;
use pymono_plan::{BuildPlan, Fleet, Unplanned};
use pymono_workspace::{Inspection, Workspace};

pub use budget::{Excess, excesses};
pub use code::Code;
pub use finding::Finding;

/// All that is known of a repository.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The projects.
    pub workspace: &'a Workspace,
    /// What the files of the projects show.
    pub inspection: &'a Inspection,
    /// The services that can be planned.
    pub fleet: &'a Fleet,
    /// Those that cannot, and why.
    pub unplanned: &'a [Unplanned],
    /// The stages and images of the former.
    pub plan: &'a BuildPlan,
    /// Those of what it is compared with, where that is asked for.
    pub before: Option<&'a BuildPlan>,
    /// What the images of services that have a budget get beside distributions.
    pub beside: &'a BTreeMap<ServiceName, Beside>,
}

/// What an image gets beside distributions, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The bytes of local files that its build is sent.
    pub local: u64,
    /// The bytes and layers of the image that it stands on, where somebody tells.
    pub base: Option<(u64, usize)>,
}

/// Returns all findings, by code and then by place.
pub fn check(facts: Facts<'_>) -> Vec<Finding> {
    let mut findings = rules::all(facts);
    findings.sort();
    findings.dedup();
    findings
}
