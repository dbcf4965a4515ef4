//! A fleet whose images and build backends are pinned.

#![expect(clippy::unwrap_used, reason = "a workspace that cannot be made is a failed test")]

mod fixture;

use std::collections::{BTreeMap, BTreeSet};

use pymono_lock::BackendKey;
use pymono_names::Platform;
use pymono_plan::{
    Dependencies, Fleet, FleetError, Foundations, PinnedBackend, Requirement, StageKind,
    StaleLocks, assemble, plan, unneeded,
};
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

/// A service that needs two distributions which have no wheels.
fn with_sources(image_lock: Option<&str>) -> Workspace {
    let source = |name: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\n\
             source = {{ registry = \"https://index.example/simple\" }}\n\
             sdist = {{ url = \"https://files.example/{name}-1.0.tar.gz\", hash = \"sha256:{}\", size = 5 }}\n\n",
            "d".repeat(64)
        )
    };
    let own = "source = { editable = \"api\" }\n";
    let needs = format!("{own}dependencies = [{{ name = \"early\" }}, {{ name = \"late\" }}]\n");
    let lock = LOCK.replace(own, &needs) + &source("early") + &source("late");
    let mut workspace = workspace(image_lock);
    workspace.locks.insert(path("uv.lock"), lock);
    workspace
}

/// The distributions that are installed together, and what their builds require.
fn built_together(fleet: &Fleet) -> Vec<(Vec<String>, Option<Vec<String>>)> {
    let plan = plan(fleet);
    let stages = plan.stages.iter().filter_map(|stage| match &stage.kind {
        StageKind::Dependencies(dependencies) => Some(dependencies),
        _ => None,
    });
    let shown = stages.map(|Dependencies { requirements, build, .. }| {
        let pins =
            |pins: &Vec<PinnedBackend>| pins.iter().map(|it| it.requirement.clone()).collect();
        (requirements.iter().map(Requirement::identity).collect(), build.as_ref().map(pins))
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}

/// A lock of all that the services stand on.
fn whole(workspace: &Workspace) -> String {
    let (fleet, _) = assemble(workspace, StaleLocks::Refused);
    let needed = Foundations::of(&fleet);
    let images = needed.images.keys().map(|image| {
        format!("[[image]]\nreference = \"{image}\"\ndigest = \"sha256:{}\"\n", "a".repeat(64))
    });
    let backends = needed.backends.keys().map(entry);
    format!("version = 1\n{}{}", images.collect::<String>(), backends.collect::<String>())
}

/// What a lock has of some build requirements.
fn entry(BackendKey { requires, from_source, index, python }: &BackendKey) -> String {
    let linux = "sys_platform == 'linux'";
    let (table, what, pins) = if *from_source {
        let what = format!("distribution = {:?}\nindex = {index:?}", requires[0]);
        ("source", what, vec![("tool==1", linux)])
    } else {
        let pins = vec![
            ("one==1", linux),
            ("arm==1", "platform_machine == 'aarch64'"),
            ("other==1", "sys_platform == 'win32'"),
        ];
        ("backend", format!("requires = {requires:?}"), pins)
    };
    let pins = pins.iter().map(|(requirement, marker)| {
        format!(
            "[[{table}.pin]]\nrequirement = \"{requirement}\"\nmarker = \"{marker}\"\nhashes = [\"sha256:{}\"]\n",
            "b".repeat(64)
        )
    });
    format!("[[{table}]]\n{what}\npython = \"{python}\"\n{}", pins.collect::<String>())
}

#[test]
fn what_is_locked_is_what_images_stand_on() {
    let (fleet, unplanned) =
        assemble(&workspace(Some(&whole(&workspace(None)))), StaleLocks::Refused);
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
    let text = whole(&workspace(None));
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
        whole(&workspace(None)),
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
    let (fleet, unplanned) = locked(&whole(&workspace(None)));
    assert!(fleet.services.is_empty() && unplanned.len() == 1, "{unplanned:?}");
    let text = whole(&workspace(None))
        .replace("version = 1\n", "version = 1\napt-snapshot = \"20260131T000000Z\"\n");
    let (fleet, unplanned) = locked(&text);
    assert!(unplanned.is_empty(), "{unplanned:?}");
    assert_eq!(fleet.apt_snapshot.as_deref(), Some("20260131T000000Z"));
}

#[test]
fn what_is_built_is_built_with_what_is_locked_for_it() {
    let (fleet, _) = assemble(&with_sources(None), StaleLocks::Refused);
    let both = vec!["early==1.0".to_owned(), "late==1.0".to_owned()];
    assert_eq!(built_together(&fleet), [(both.clone(), None)]);
    // Each is built by itself to tell what it requires, and nothing else is built for that.
    let wanted = Foundations::of(&fleet).backends;
    let recordings = fleet.recordings(&wanted);
    let told: Vec<_> = recordings.stages.keys().flat_map(|key| key.requires.clone()).collect();
    assert_eq!(told, both);
    let kinds = recordings.plan.stages.iter().map(|stage| stage.name.as_str());
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        ["uv", "base-py313", "toolchain-py313", "sdist-early", "sdist-late"]
    );

    let lock = whole(&with_sources(None));
    let (fleet, unplanned) = assemble(&with_sources(Some(&lock)), StaleLocks::Refused);
    assert!(unplanned.is_empty(), "{unplanned:?}");
    let tool = |version: &str| Some(vec![format!("tool=={version}")]);
    assert_eq!(built_together(&fleet), [(both, tool("1"))]);
    // One is built with something else, and so apart.
    let at = lock.rfind("tool==1").unwrap();
    let moved = format!("{}tool==2{}", &lock[..at], &lock[at + "tool==1".len()..]);
    let (fleet, _) = assemble(&with_sources(Some(&moved)), StaleLocks::Refused);
    assert_eq!(
        built_together(&fleet),
        [(vec!["early==1.0".to_owned()], tool("1")), (vec!["late==1.0".to_owned()], tool("2"))]
    );
    // What a lock lacks of it refuses the service, and is told.
    let lacks = lock.replace("late==1.0", "late==0.9");
    let (fleet, unplanned) = assemble(&with_sources(Some(&lacks)), StaleLocks::Refused);
    assert!(!fleet.services.contains_key(&path("api")));
    let message = unplanned[0].error.to_string();
    assert!(
        message.contains("the build requirements of `late==1.0` with python 3.13"),
        "{message}"
    );
    let (fleet, _) = assemble(&with_sources(Some(&lacks)), StaleLocks::Used);
    assert_eq!(
        unneeded(&fleet, fleet.lock.as_ref().unwrap()),
        [
            "the build requirements of `late==0.9` with python 3.13 from `https://index.example/simple`"
        ]
    );
}
