//! Files that are sent to a build and look as if they held a secret.

use crate::{Code, Facts, Finding};

const HINT: &str = "take it out of the repository and give it at run time, or as a build secret";

pub(super) fn find(facts: Facts<'_>) -> Vec<Finding> {
    let finding = |(path, looks): (&_, &String)| {
        let message = format!("{looks} is sent to the build, where any step can read it");
        Finding::new(Code::SecretInContext, path, message, HINT)
    };
    facts.inspection.secrets.iter().map(finding).collect()
}
