//! Which third-party distributions are installed together.
//!
//! Distributions that exactly the same services need, for the same environment
//! and from the same index, are one group. So a pin that changes for one
//! service re-runs no group that another service needs unchanged.

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::{ServiceName, TreePath};
use pymono_workspace::Secret;

use crate::{ChosenIndex, Environment, Fleet, IndexChoice, Origin, Requirement, Service};

/// An image has at most so many layers of dependencies and local packages together,
/// unless its local packages alone are more.
///
/// Engines mount about 125 layers; the rest is for the base image and the runtime.
const MOST_LAYERS: usize = 100;

/// An image has at most so many layers of dependencies.
const MOST_GROUPS: usize = 48;

/// What distributions of one group have in common beside their users.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey {
    /// Where they are installed.
    pub(crate) environment: Environment,
    /// The services that need them.
    pub(crate) users: BTreeSet<ServiceName>,
    /// How they are had.
    pub(crate) supply: Supply,
}

/// How distributions are had: each way is a different command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Supply {
    /// Where those come from that are known by name, and what builds of the others require.
    pub(crate) index: IndexChoice,
    /// What they are.
    pub(crate) form: Form,
    /// Secrets that the services' configuration names.
    pub(crate) secrets: BTreeSet<Secret>,
}

/// What distributions are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// Ready artifacts, or source ones for which these system packages are needed.
    ///
    /// Of `unnamed` ones nobody knows which they are. They may be built, with what the base has:
    /// as a rule they are wheels, and compilers for all would be there for nothing. System
    /// packages that are configured for builds say that one of them is not.
    Artifacts {
        archives: Option<ChosenIndex>,
        hashed: bool,
        unnamed: bool,
        toolchain: Option<BTreeSet<String>>,
    },
    /// Commits of git repositories, built with git and these system packages.
    Git { toolchain: BTreeSet<String> },
}

/// The groups of a fleet; each has at least one distribution.
pub(crate) type Groups = BTreeMap<GroupKey, BTreeSet<Requirement>>;

/// Returns the groups of all services' distributions.
pub(crate) fn groups(fleet: &Fleet) -> Groups {
    let mut groups = Groups::new();
    for ((environment, supply, requirement), users) in users_of_each(fleet) {
        let key = GroupKey { environment, users, supply };
        groups.entry(key).or_default().insert(requirement);
    }
    let room = room(fleet);
    while let Some(key) = smallest_of_too_many(&groups, &room) {
        dissolve(&mut groups, &key);
    }
    groups
}

type Installed = (Environment, Supply, Requirement);

fn users_of_each(fleet: &Fleet) -> BTreeMap<Installed, BTreeSet<ServiceName>> {
    let mut users = BTreeMap::<Installed, BTreeSet<ServiceName>>::new();
    for service in fleet.services.values() {
        for requirement in &service.requirements {
            let supply = Supply::of(requirement, service);
            let installed = (service.environment.clone(), supply, requirement.clone());
            users.entry(installed).or_default().insert(service.name.clone());
        }
    }
    users
}

impl Supply {
    fn of(requirement: &Requirement, service: &Service) -> Self {
        let (secrets, build_apt) = (service.secrets.clone(), &service.build_apt);
        // What is ready and known by its place asks no index for anything.
        let needs_index = requirement.from_source || matches!(requirement.origin, Origin::Git(_));
        let index = match &requirement.origin {
            Origin::Index(choice) => choice.clone(),
            _ if needs_index => service.index.clone(),
            _ => IndexChoice::Installer,
        };
        let archives = match &requirement.origin {
            Origin::Git(_) => {
                return Self { index, form: Form::Git { toolchain: build_apt.clone() }, secrets };
            }
            Origin::Url { index, .. } => index.clone(),
            Origin::Index(_) | Origin::Archive(_) => None,
        };
        let Requirement { from_source, unnamed, hashes, .. } = requirement;
        let compiled = *from_source || (*unnamed && !build_apt.is_empty());
        let toolchain = compiled.then(|| build_apt.clone());
        let (hashed, unnamed) = (!hashes.is_empty(), *unnamed);
        let form = Form::Artifacts { archives, hashed, unnamed, toolchain };
        Self { index, form, secrets }
    }
}

/// Returns how many groups each service's image has room for beside its local packages.
fn room(fleet: &Fleet) -> BTreeMap<&ServiceName, usize> {
    let room = |packages: usize| MOST_LAYERS.saturating_sub(packages).clamp(1, MOST_GROUPS);
    let services = fleet.services.values();
    services.map(|service| (&service.name, room(service.packages.len()))).collect()
}

/// Returns the smallest shared group of a service that has more groups than an image has room for.
fn smallest_of_too_many(groups: &Groups, room: &BTreeMap<&ServiceName, usize>) -> Option<GroupKey> {
    let mut groups_of = BTreeMap::<&ServiceName, Vec<&GroupKey>>::new();
    for key in groups.keys() {
        for user in &key.users {
            groups_of.entry(user).or_default().push(key);
        }
    }
    let crowded = groups_of.into_iter().filter(|(user, keys)| keys.len() > room[user]);
    let shared = crowded.flat_map(|(_, keys)| keys).filter(|key| key.users.len() > 1);
    shared.min_by_key(|key| (bytes(&groups[*key]), *key)).cloned()
}

fn bytes(requirements: &BTreeSet<Requirement>) -> u64 {
    requirements.iter().map(|requirement| requirement.size).sum()
}

/// Gives each user of a group its distributions for itself.
fn dissolve(groups: &mut Groups, key: &GroupKey) {
    let requirements = groups.remove(key).unwrap_or_default();
    for user in &key.users {
        let own = GroupKey { users: BTreeSet::from([user.clone()]), ..key.clone() };
        groups.entry(own).or_default().extend(requirements.iter().cloned());
    }
}

/// Returns the local packages and the services that install each, by environment.
pub(crate) fn package_users(
    fleet: &Fleet,
) -> BTreeMap<(Environment, TreePath), BTreeSet<ServiceName>> {
    let mut users = BTreeMap::<_, BTreeSet<ServiceName>>::new();
    for service in fleet.services.values() {
        for path in &service.packages {
            let key = (service.environment.clone(), path.clone());
            users.entry(key).or_default().insert(service.name.clone());
        }
    }
    users
}
