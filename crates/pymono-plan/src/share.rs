//! Which third-party distributions are installed together.
//!
//! Only what is installed for the same environment and had in the same way can be. What of
//! that is, [`group`](crate::group) decides by what it costs.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use pymono_names::{ServiceName, TreePath};
use pymono_workspace::Secret;

use crate::{
    ChosenIndex, Environment, Fleet, IndexChoice, Origin, PinnedBackend, Requirement, Service,
    group::{self, Instance, Item, Size},
};

/// An image has at most so many layers of dependencies and local packages together,
/// unless its local packages alone are more.
///
/// Engines mount about 125 layers; the rest is for the base image and the runtime.
const MOST_LAYERS: usize = 100;

/// An image has at most so many layers of dependencies.
const MOST_GROUPS: usize = 48;

/// Distributions that are installed together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    /// Where they are installed.
    pub(crate) environment: Environment,
    /// The services whose images get them from here.
    pub(crate) users: BTreeSet<ServiceName>,
    /// How they are had.
    pub(crate) supply: Supply,
    /// The distributions: at least one.
    pub(crate) requirements: BTreeSet<Requirement>,
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
    /// What their builds require, where they are built and a lock tells: others that require something else are built apart.
    pub(crate) build: Option<Vec<PinnedBackend>>,
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

/// Returns the groups of all services' distributions, sorted.
pub(crate) fn groups(fleet: &Fleet) -> Vec<Group> {
    let services = in_order(fleet);
    let installed = users_of_each(fleet, &services);
    let solved = group::solve(&instance(&services, &installed));
    let installed: Vec<&Installed> = installed.keys().collect();
    let groups = solved.into_iter().map(|group| {
        let (environment, supply, _) = installed[group.items[0]];
        let items = group.items.iter().map(|item| installed[*item].2.clone());
        Group {
            environment: environment.clone(),
            users: group.users.iter().map(|user| services[*user].name.clone()).collect(),
            supply: supply.clone(),
            requirements: items.collect(),
        }
    });
    let mut groups: Vec<Group> = groups.collect();
    groups.sort();
    groups
}

/// Returns the services in an order that follows from what they need, and only then from their names.
///
/// Where two groupings cost the same, the order decides; so it must not be that of folders, which
/// say nothing of what is installed.
fn in_order(fleet: &Fleet) -> Vec<&Service> {
    let mut services: Vec<&Service> = fleet.services.values().collect();
    services.sort_by_key(|it| (&it.environment, &it.requirements, it.packages.len(), &it.name));
    services
}

/// Returns the question which of these to install together.
fn instance(services: &[&Service], installed: &BTreeMap<Installed, FixedBitSet>) -> Instance {
    let mut classes = BTreeMap::new();
    let items = installed.iter().map(|((environment, supply, requirement), users)| {
        let next = classes.len();
        let size = Size::of(requirement.size).rounded();
        Item {
            class: *classes.entry((environment, supply)).or_insert(next),
            users: users.clone(),
            work: size.work(),
            volatility: size.volatility(),
            family: group::family(requirement.name.as_ref()),
        }
    });
    let items = items.collect();
    let room = services
        .iter()
        .map(|service| MOST_LAYERS.saturating_sub(service.packages.len()).clamp(1, MOST_GROUPS));
    Instance { items, room: room.collect() }
}

type Installed = (Environment, Supply, Requirement);

/// Returns each distribution and the places in the fleet of the services that need it.
fn users_of_each(fleet: &Fleet, services: &[&Service]) -> BTreeMap<Installed, FixedBitSet> {
    let mut users = BTreeMap::<Installed, FixedBitSet>::new();
    for (place, service) in services.iter().enumerate() {
        for requirement in &service.requirements {
            let supply = Supply::of(fleet, requirement, service);
            let installed = (service.environment.clone(), supply, requirement.clone());
            let none = || FixedBitSet::with_capacity(services.len());
            users.entry(installed).or_insert_with(none).insert(place);
        }
    }
    users
}

impl Supply {
    pub(crate) fn of(fleet: &Fleet, requirement: &Requirement, service: &Service) -> Self {
        let (secrets, build_apt) = (service.secrets.clone(), &service.build_apt);
        let build = fleet.pinned_source(service, requirement);
        // What is ready and known by its place asks no index for anything.
        let needs_index = requirement.is_built() || matches!(requirement.origin, Origin::Index(_));
        let index =
            if needs_index { requirement.index(service).clone() } else { IndexChoice::Installer };
        let archives = match &requirement.origin {
            Origin::Git(_) => {
                let form = Form::Git { toolchain: build_apt.clone() };
                return Self { index, form, secrets, build };
            }
            Origin::Url { index, .. } => index.clone(),
            Origin::Index(_) | Origin::Archive(_) => None,
        };
        let Requirement { from_source, unnamed, hashes, .. } = requirement;
        let compiled = *from_source || (*unnamed && !build_apt.is_empty());
        let toolchain = compiled.then(|| build_apt.clone());
        let (hashed, unnamed) = (!hashes.is_empty(), *unnamed);
        let form = Form::Artifacts { archives, hashed, unnamed, toolchain };
        Self { index, form, secrets, build }
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
