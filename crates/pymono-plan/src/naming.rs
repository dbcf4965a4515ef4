//! Names of stages: readable, unique, and never a service's.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::{ServiceName, TreePath};
use pymono_workspace::Project;

use crate::StageName;

/// Up to so many services are spelled out in a stage's name.
const SPELLED_OUT: usize = 3;

/// Names that a Dockerfile reads as something else, or that a context of ours bears.
const RESERVED: [&str; 3] = ["context", "pymono-pins", "scratch"];

/// Returns the name of each service: its project's, or where two bear that one
/// or it means something else, its path's.
pub(crate) fn services<'a>(
    services: impl Iterator<Item = &'a Project>,
) -> BTreeMap<TreePath, ServiceName> {
    let mut bearers = BTreeMap::<ServiceName, Vec<&TreePath>>::new();
    for project in services {
        bearers.entry(ServiceName::slug(project.name.as_ref())).or_default().push(&project.path);
    }
    let mut names = BTreeMap::new();
    let mut taken: BTreeSet<ServiceName> = bearers.keys().cloned().collect();
    for (name, paths) in bearers {
        if let [path] = paths[..]
            && !RESERVED.contains(&name.as_str())
        {
            names.insert(path.clone(), name);
            continue;
        }
        for path in paths {
            let free = (1..).map(|n| if n == 1 { path.to_string() } else { format!("{path}-{n}") });
            let mut free = free
                .map(|text| ServiceName::slug(&text))
                .filter(|name| !taken.contains(name) && !RESERVED.contains(&name.as_str()));
            // The range is endless and the set is not.
            let slug = free.next().unwrap_or_else(|| name.clone());
            taken.insert(slug.clone());
            names.insert(path.clone(), slug);
        }
    }
    names
}

/// Gives targets names that nothing else has, in the order in which they are asked for.
#[derive(Debug)]
pub(crate) struct Free {
    taken: BTreeSet<ServiceName>,
}

impl Free {
    /// Starts with some names taken.
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a ServiceName>) -> Self {
        Self { taken: names.into_iter().cloned().collect() }
    }

    /// Returns the name that is nearest to a text, or that with `-2`, `-3`, … where it is taken.
    pub(crate) fn take(&mut self, text: &str) -> ServiceName {
        let wish = ServiceName::slug(text);
        let spellings = (1..)
            .map(|n| if n == 1 { wish.clone() } else { ServiceName::slug(&format!("{wish}-{n}")) });
        let is_free =
            |name: &ServiceName| !self.taken.contains(name) && !RESERVED.contains(&name.as_str());
        // The range is endless and the set is not.
        let name = { spellings }.find(is_free).unwrap_or_else(|| wish.clone());
        self.taken.insert(name.clone());
        name
    }
}

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

/// Returns who uses a stage, as part of its name: `all`, `api-web`, or `api-and-4-more`.
pub(crate) fn of_users(users: &BTreeSet<ServiceName>, fleet: usize) -> String {
    if users.len() > 1 && users.len() == fleet {
        return "all".to_owned();
    }
    let names: Vec<&str> = users.iter().map(ServiceName::as_str).collect();
    match names[..] {
        [first, ..] if names.len() > SPELLED_OUT => format!("{first}-and-{}-more", names.len() - 1),
        _ => names.join("-"),
    }
}

/// Returns `text` with everything but letters and digits as single `-`: part of a stage's name.
pub(crate) fn slug(text: &str) -> String {
    ServiceName::slug(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(names: &[&str]) -> BTreeSet<ServiceName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_stage_never_takes_the_name_of_a_service() {
        let mut names = Names::new(&some(&["deps-api"]));
        assert_eq!(names.take("deps-api").as_str(), "deps-api-2");
        assert_eq!(names.take("deps-api").as_str(), "deps-api-3");
    }

    #[test]
    fn a_service_never_takes_a_name_with_a_meaning() {
        for reserved in RESERVED {
            assert!(reserved.parse::<ServiceName>().is_ok(), "{reserved} could be one");
        }
    }

    #[test]
    fn few_users_are_spelled_out_and_many_are_counted() {
        assert_eq!(of_users(&some(&["api"]), 1), "api");
        assert_eq!(of_users(&some(&["api", "web"]), 2), "all");
        assert_eq!(of_users(&some(&["api", "web"]), 3), "api-web");
        assert_eq!(of_users(&some(&["a", "b", "c", "d"]), 9), "a-and-3-more");
    }
}
