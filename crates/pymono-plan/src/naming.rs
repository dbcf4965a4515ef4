//! Names of stages: readable, unique, and never a service's.

use std::collections::BTreeSet;

use pymono_names::ServiceName;
use sha2::{Digest, Sha256};

use crate::StageName;

/// Up to so many services are spelled out in a stage's name.
const SPELLED_OUT: usize = 3;

/// Gives each stage a name that nothing else has.
///
/// Names depend on the order in which they are asked for, so callers ask in an
/// order that the input decides.
#[derive(Debug)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Starts with the services' names taken: a stage must not shadow a target.
    pub(crate) fn new<'a>(services: impl IntoIterator<Item = &'a ServiceName>) -> Self {
        Self { taken: services.into_iter().map(ToString::to_string).collect() }
    }

    /// Returns `wish`, or `wish-2`, `wish-3`, … where that is taken.
    pub(crate) fn take(&mut self, wish: &str) -> StageName {
        let spellings = (1..).map(|n| if n == 1 { wish.to_owned() } else { format!("{wish}-{n}") });
        let mut free = spellings.filter(|name| !self.taken.contains(name));
        // The range is endless and the set is not.
        let name = free.next().unwrap_or_default();
        self.taken.insert(name.clone());
        StageName(name)
    }
}

/// Returns who uses a stage, as part of its name: `all`, `api-web`, or `5-of-9-1f3a2b`.
pub(crate) fn of_users(users: &BTreeSet<ServiceName>, fleet: usize) -> String {
    if users.len() > 1 && users.len() == fleet {
        return "all".to_owned();
    }
    let names: Vec<&str> = users.iter().map(ServiceName::as_str).collect();
    if names.len() <= SPELLED_OUT {
        return names.join("-");
    }
    format!("{}-of-{fleet}-{}", names.len(), short_digest(names.join("\n").as_bytes()))
}

/// Returns the first digits of a SHA-256, enough to tell a few hundred things apart.
fn short_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(3).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns `text` with everything but letters and digits as single `-`: part of a stage's name.
pub(crate) fn slug(text: &str) -> String {
    ServiceName::slug(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(names: &[&str]) -> BTreeSet<ServiceName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_stage_never_takes_the_name_of_a_service() {
        let mut names = Names::new(&services(&["deps-api"]));
        assert_eq!(names.take("deps-api").as_str(), "deps-api-2");
        assert_eq!(names.take("deps-api").as_str(), "deps-api-3");
    }

    #[test]
    fn few_users_are_spelled_out_and_many_are_counted() {
        assert_eq!(of_users(&services(&["api"]), 1), "api");
        assert_eq!(of_users(&services(&["api", "web"]), 2), "all");
        assert_eq!(of_users(&services(&["api", "web"]), 3), "api-web");
        let many = of_users(&services(&["a", "b", "c", "d"]), 9);
        assert!(many.starts_with("4-of-9-") && many.len() == "4-of-9-".len() + 6, "{many}");
    }
}
