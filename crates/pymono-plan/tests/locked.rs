//! A fleet whose images and build backends are pinned.

#![expect(clippy::unwrap_used, reason = "a workspace that cannot be made is a failed test")]

mod fixture;

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::Platform;
use pymono_plan::{FleetError, Foundations, StaleLocks, assemble, plan, unneeded};
use pymono_workspace::{Kind, Project, Workspace};

use fixture::{path, project};

const LOCK: &str = "version = 1\nrequires-python = \">=3.12\"\n\n\
    [[package]]\nname = \"api\"\nversion = \"1.0\"\nsource = { editable = \"api\" }\n\n\
    [[package]]\nname = \"job\"\nversion = \"1.0\"\nsource = { virtual = \"job\" }\n";

/// A package, and a service that has nothing to build.
fn workspace(image_lock: Option<&str>) -> Workspace {
    let projects = [
        project("api", "api", Kind::Service),
        Project { build: None, ..project("job", "job", Kind::Service) },
    ];
    Workspace {
        projects: projects.into_iter().map(|project| (project.path.clone(), project)).collect(),
        locks: BTreeMap::from([(path("uv.lock"), LOCK.to_owned())]),
        image_lock: image_lock.map(str::to_owned),
        ..Workspace::default()
    }
}

/// A lock of all that the services stand on.
fn whole() -> String {
    let (fleet, _) = assemble(&workspace(None), StaleLocks::Refused);
    let needed = Foundations::of(&fleet);
    let images = needed.images.keys().map(|image| {
        format!("[[image]]\nreference = \"{image}\"\ndigest = \"sha256:{}\"\n", "a".repeat(64))
    });
    let pin = |requirement: &str, marker: &str| {
        format!(
            "[[backend.pin]]\nrequirement = \"{requirement}\"\nmarker = \"{marker}\"\nhashes = [\"sha256:{}\"]\n",
            "b".repeat(64)
        )
    };
    let backends = needed.backends.keys().map(|key| {
        let head =
            format!("[[backend]]\nrequires = {:?}\npython = \"{}\"\n", key.requires, key.python);
        head + &pin("one==1", "sys_platform == 'linux'")
            + &pin("arm==1", "platform_machine == 'aarch64'")
            + &pin("other==1", "sys_platform == 'win32'")
    });
    format!("version = 1\n{}{}", images.collect::<String>(), backends.collect::<String>())
}

#[test]
fn what_is_locked_is_what_images_stand_on() {
    let (fleet, unplanned) = assemble(&workspace(Some(&whole())), StaleLocks::Refused);
    assert!(unplanned.is_empty(), "{unplanned:?}");
    let api = &fleet.services[&path("api")];
    for image in [&api.environment.base_image, &api.runtime_image, &fleet.uv_image] {
        assert!(image.ends_with(&format!("@sha256:{}", "a".repeat(64))), "{image}");
    }
    let pins = fleet.pinned_backends(&api.environment, &fleet.packages[&path("api")]).unwrap();
    let pins: Vec<_> =
        pins.iter().map(|pin| (pin.requirement.as_str(), pin.only.clone())).collect();
    assert_eq!(pins, [("arm==1", BTreeSet::from([Platform::Arm64])), ("one==1", BTreeSet::new())]);
    assert!(Foundations::of(&fleet).missing(fleet.lock.as_ref().unwrap()).names().is_empty());
    assert_eq!(plan(&fleet).images.len(), 2);
}

#[test]
fn a_service_is_refused_for_what_it_alone_lacks() {
    let text = whole();
    let without_backends = &text[..text.find("[[backend]]").unwrap()];
    let (fleet, unplanned) = assemble(&workspace(Some(without_backends)), StaleLocks::Refused);
    assert_eq!(fleet.services.keys().collect::<Vec<_>>(), [&path("job")]);
    let [refused] = &unplanned[..] else { panic!("{unplanned:?}") };
    assert_eq!(refused.services, [path("api")]);
    assert!(matches!(&refused.error, FleetError::Unlocked { what } if what.len() == 1));
    assert!(refused.error.to_string().contains("the build requirements `"), "{}", refused.error);
    assert!(refused.error.hint().unwrap().contains("`pymono lock`"));
    // Who insists gets what is there, and the lock for the rest.
    let (fleet, unplanned) = assemble(&workspace(Some(without_backends)), StaleLocks::Used);
    assert!(unplanned.is_empty() && fleet.uv_image.contains('@'), "{unplanned:?}");
    let api = &fleet.services[&path("api")];
    assert_eq!(fleet.pinned_backends(&api.environment, &fleet.packages[&path("api")]), None);
}

#[test]
fn what_nobody_stands_on_is_told() {
    let more = format!(
        "{}[[image]]\nreference = \"python:2.7\"\ndigest = \"sha256:{}\"\n",
        whole(),
        "c".repeat(64)
    );
    let (fleet, _) = assemble(&workspace(Some(&more)), StaleLocks::Refused);
    let lock = fleet.lock.clone().unwrap();
    assert_eq!(unneeded(&fleet, &lock), ["the digest of `python:2.7`"]);
}

#[test]
fn a_torn_lock_keeps_everything_from_being_planned() {
    let (fleet, unplanned) = assemble(&workspace(Some("version = 9")), StaleLocks::Used);
    assert!(fleet.services.is_empty());
    assert!(matches!(&unplanned[..], [it] if it.services.len() == 2), "{unplanned:?}");
}

#[test]
fn a_snapshot_that_only_the_lock_can_tell_is_wanted_of_it() {
    let locked = |lock: &str| {
        let snapshot = Some("locked".to_owned());
        let workspace = Workspace { apt_snapshot: snapshot, ..workspace(Some(lock)) };
        assemble(&workspace, StaleLocks::Refused)
    };
    let (fleet, unplanned) = locked(&whole());
    assert!(fleet.services.is_empty() && unplanned.len() == 1, "{unplanned:?}");
    let text =
        whole().replace("version = 1\n", "version = 1\napt-snapshot = \"20260131T000000Z\"\n");
    let (fleet, unplanned) = locked(&text);
    assert!(unplanned.is_empty(), "{unplanned:?}");
    assert_eq!(fleet.apt_snapshot.as_deref(), Some("20260131T000000Z"));
}
