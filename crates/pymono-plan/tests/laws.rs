//! Laws of the planner, over random fleets.

#![expect(clippy::unwrap_used, reason = "a law that cannot be stated is a failed test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use proptest::{collection, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use pymono_names::{Libc, ServiceName, TreePath};
use pymono_plan::{
    BuildPlan, ChosenIndex, Dependencies, Environment, Finish, Fleet, ImageFile, ImageSettings,
    Included, IndexChoice, Layer, Origin, Package, Requirement, Service, StageKind, StageName,
    plan,
};
use pymono_workspace::{BuildKind, BuildStep, BuildSystem, IndexFormat};

const PACKAGES: usize = 5;

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn requirement(number: usize, index: usize, from_source: bool) -> Requirement {
    Requirement {
        name: format!("dist-{number}").parse().unwrap(),
        version: Some("1.0".to_owned()),
        origin: Origin::Index(IndexChoice::One(ChosenIndex {
            name: None,
            url: format!("https://index-{index}.example/simple"),
            format: IndexFormat::Simple,
            default: index == 0,
            user: None,
            secrets: BTreeSet::new(),
        })),
        only: BTreeSet::new(),
        from_source,
        files: BTreeSet::new(),
        unnamed: false,
        hashes: BTreeSet::from([format!("sha256:{number}")]),
        size: 1000 * number as u64,
    }
}

/// Distribution `n` always comes from the same index, in the same form.
fn distribution(number: usize) -> Requirement {
    requirement(number, usize::from(number.is_multiple_of(7)), number.is_multiple_of(5))
}

fn package(number: usize) -> (TreePath, Package) {
    let kind = if number == 0 { BuildKind::Native } else { BuildKind::Pure };
    let requires =
        vec![if number.is_multiple_of(2) { "hatchling" } else { "flit-core>=3" }.to_owned()];
    let path = path(&format!("libs/lib{number}"));
    let package = Package {
        name: format!("lib{number}").parse().unwrap(),
        build: BuildSystem {
            requires,
            backend: "backend".to_owned(),
            kind,
            version_from_git: None,
        },
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        sources: vec![path.clone()],
        crates: None,
        build_apt: BTreeSet::new(),
        build_apk: BTreeSet::new(),
        version: None,
        caches: Vec::new(),
    };
    (path, package)
}

fn finish(number: usize, included: usize, steps: bool) -> Finish {
    let file = |file| ImageFile {
        source: path(&format!("config/{file}")),
        target: format!("/app/{number}/{file}"),
    };
    let steps = steps.then(|| BuildStep::Shell(format!("make {number}")));
    let included = Included { files: (0..included).map(file).collect(), folders: Vec::new() };
    Finish { included, steps: steps.into_iter().collect(), ..Finish::default() }
}

prop_compose! {
    fn service(number: usize)(
        distributions in collection::btree_set(0..20usize, 0..12),
        packages in collection::btree_set(0..PACKAGES, 0..PACKAGES),
        minor in 12..14u8,
        apt in collection::btree_set(0..6usize, 0..7),
        files in 0..4usize,
        build_apt in any::<bool>(),
        included in 0..3usize,
        steps in any::<bool>(),
        user in 1001..1003u32,
    ) -> (TreePath, Service) {
        let image = format!("python:3.{minor}-slim");
        let python = format!("3.{minor}").parse().unwrap();
        let environment = Environment { base_image: image.clone(), python, libc: Libc::Glibc };
        let service = Service {
            name: format!("service{number}").parse().unwrap(),
            environment,
            requirements: distributions.into_iter().map(distribution).collect(),
            open: None,
            packages: packages.into_iter().map(|number| package(number).0).collect(),
            files: (0..files).map(|file| path(&format!("services/service{number}/file{file}"))).collect(),
            index: IndexChoice::Installer,
            secrets: BTreeSet::new(),
            build_apt: build_apt.then(|| "libpq-dev".to_owned()).into_iter().collect(),
            runtime_image: image,
            apt: apt.into_iter().map(|number| format!("system-{number}")).collect(),
            user,
            finish: finish(number, included, steps),
            image: ImageSettings::default(),
        };
        (path(&format!("services/service{number}")), service)
    }
}

fn services() -> impl Strategy<Value = Vec<(TreePath, Service)>> {
    (1..7usize).prop_flat_map(|count| (0..count).map(service).collect::<Vec<_>>())
}

fn fleet(services: impl IntoIterator<Item = (TreePath, Service)>) -> Fleet {
    let packages = (0..PACKAGES).map(package).collect();
    Fleet {
        services: services.into_iter().collect(),
        handwritten: BTreeMap::new(),
        locals: BTreeMap::new(),
        packages,
        uv_image: "uv:1".to_owned(),
        tests: BTreeMap::new(),
        lock: None,
        apt_snapshot: None,
        settled: false,
        warnings: BTreeSet::new(),
    }
}

fn kind<'a>(plan: &'a BuildPlan, name: &StageName) -> &'a StageKind {
    &plan.stage(name).expect("a stage that is named is there").kind
}

/// Returns what an image holds: distributions, each as often as it is installed, and packages.
fn contents(plan: &BuildPlan, service: &ServiceName) -> (Vec<Requirement>, Vec<TreePath>) {
    let (mut requirements, mut packages) = (Vec::new(), Vec::new());
    for layer in &plan.images[service].layers {
        let Layer::Environment(stage) = layer else { continue };
        match kind(plan, stage) {
            StageKind::Dependencies(dependencies) => {
                requirements.extend(dependencies.requirements.iter().cloned());
            }
            StageKind::Package(build) => packages.push(build.path.clone()),
            StageKind::Base { .. } => {}
            other => panic!("{other:?} is no layer"),
        }
    }
    requirements.sort();
    packages.sort();
    (requirements, packages)
}

/// Returns the files of the tree that an image holds.
fn files(plan: &BuildPlan, service: &ServiceName) -> Vec<TreePath> {
    let files = plan.images[service].layers.iter().flat_map(|layer| match layer {
        Layer::Environment(_) | Layer::All(_) | Layer::Made(_) => vec![],
        Layer::File(file) if file.source.is_in(&path("config")) => vec![],
        Layer::File(file) => vec![file.source.clone()],
        Layer::Files(stage) => match kind(plan, stage) {
            StageKind::Files { files, .. } => files.iter().map(|it| it.source.clone()).collect(),
            other => panic!("{other:?} gathers no files"),
        },
    });
    files.collect()
}

fn parents(kind: &StageKind) -> Vec<&StageName> {
    match kind {
        StageKind::Uv { .. } | StageKind::Included(_) => vec![],
        StageKind::Runtime { below, .. } => below.iter().collect(),
        StageKind::Base { uv, .. } => vec![uv],
        StageKind::Toolchain { base, .. }
        | StageKind::Backend { base, .. }
        | StageKind::Files { base, .. }
        | StageKind::Open { base, .. }
        | StageKind::Dependencies(Dependencies { base, .. }) => vec![base],
        StageKind::Crates(crates) => vec![&crates.base],
        StageKind::Package(build) => build.backend.iter().chain([&build.base]).collect(),
        StageKind::Steps(steps) => {
            let backend = steps.reinstall.iter().filter_map(|it| it.backend.as_ref());
            let layers = steps.layers.iter().filter_map(Layer::stage);
            layers.chain(backend).chain([&steps.base]).collect()
        }
    }
}

/// What a stage does and for whom; names of stages it stands on are left to other laws.
fn meaning(plan: &BuildPlan) -> BTreeSet<(String, BTreeSet<ServiceName>)> {
    let stages = plan.stages.iter().map(|stage| {
        let does = match &stage.kind {
            StageKind::Dependencies(dependencies) => format!("{:?}", dependencies.requirements),
            StageKind::Package(build) => format!("{} on {}", build.path, build.image),
            StageKind::Backend { requires, .. } => {
                format!("{requires:?} on {:?}", parents(&stage.kind))
            }
            StageKind::Steps(steps) => format!("{:?}", steps.steps),
            StageKind::Runtime { below, image, apt, user, .. } => {
                format!("{apt:?} for {user} on {image}, {}", below.is_some())
            }
            other => format!("{other:?}"),
        };
        (does, stage.users.clone())
    });
    stages.collect()
}

proptest! {
    #[test]
    fn the_order_of_the_services_changes_no_stage(
        (services, paths) in services().prop_flat_map(|services| {
            let paths: Vec<TreePath> = services.iter().map(|(path, _)| path.clone()).collect();
            (Just(services), Just(paths).prop_shuffle())
        }),
    ) {
        // Services are taken in order of their paths, so other paths are another order.
        let moved: Vec<_> = services.iter().zip(paths).map(|((_, service), path)| (path, service.clone())).collect();
        prop_assert_eq!(meaning(&plan(&fleet(services))), meaning(&plan(&fleet(moved))));
    }

    #[test]
    fn every_image_gets_exactly_its_closure(services in services()) {
        let plan = plan(&fleet(services.clone()));
        for (_, service) in services {
            let (requirements, packages) = contents(&plan, &service.name);
            prop_assert_eq!(requirements, service.requirements.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(packages, service.packages.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(files(&plan, &service.name), service.files);
        }
    }

    #[test]
    fn what_is_installed_for_one_python_is_never_used_for_another(services in services()) {
        let plan = plan(&fleet(services.clone()));
        for (_, service) in services {
            for layer in &plan.images[&service.name].layers {
                let Layer::Environment(stage) = layer else { continue };
                let mut below = vec![stage];
                while let Some(stage) = below.pop() {
                    if let StageKind::Base { environment, .. } = kind(&plan, stage) {
                        prop_assert_eq!(environment, &service.environment);
                    }
                    below.extend(parents(kind(&plan, stage)));
                }
            }
        }
    }

    #[test]
    fn every_runtime_has_exactly_the_system_packages_of_its_service(services in services()) {
        let plan = plan(&fleet(services.clone()));
        for (_, service) in services {
            let mut installed = None;
            let runtimes = plan.runtimes(&plan.images[&service.name]);
            prop_assert!(runtimes.len() <= 4);
            for name in runtimes {
                let StageKind::Runtime { below, image, apt, user, .. } = kind(&plan, name) else {
                    panic!("{name} is no runtime");
                };
                prop_assert_eq!((image, user), (&service.runtime_image, &service.user));
                prop_assert!(plan.images.values().any(|image| image.runtime == *name));
                prop_assert_eq!(below.is_some(), installed.is_some());
                prop_assert!(installed.is_none_or(|below: &BTreeSet<String>| below.is_subset(apt)));
                installed = Some(apt);
            }
            prop_assert_eq!(installed, Some(&service.apt));
        }
    }

    #[test]
    fn a_new_service_moves_no_runtime_of_one_that_has_none_of_its_system_packages(
        services in services(),
    ) {
        let mut others = services.clone();
        let (_, new) = others.pop().unwrap();
        let (before, after) = (plan(&fleet(others.clone())), plan(&fleet(services)));
        let runtimes = |plan: &BuildPlan, service: &ServiceName| -> Vec<BTreeSet<String>> {
            let all = plan.runtimes(&plan.images[service]).into_iter();
            all.map(|name| match kind(plan, name) {
                StageKind::Runtime { apt, .. } => apt.clone(),
                other => panic!("{other:?} is no runtime"),
            }).collect()
        };
        for (_, service) in others {
            if service.apt.is_disjoint(&new.apt) {
                prop_assert_eq!(runtimes(&before, &service.name), runtimes(&after, &service.name));
            }
        }
    }

    #[test]
    fn no_stage_is_there_that_nobody_uses(services in services()) {
        let plan = plan(&fleet(services));
        let mut used = BTreeMap::<StageName, BTreeSet<ServiceName>>::new();
        for (service, image) in &plan.images {
            let layers = image.layers.iter().filter_map(Layer::stage);
            let mut reached: Vec<&StageName> = layers.chain([&image.runtime]).collect();
            while let Some(stage) = reached.pop() {
                used.entry(stage.clone()).or_default().insert(service.clone());
                reached.extend(parents(kind(&plan, stage)));
            }
        }
        let noted = plan.stages.iter().map(|stage| (stage.name.clone(), stage.users.clone())).collect();
        prop_assert_eq!(used, noted);
    }

    #[test]
    fn every_stage_comes_after_what_it_stands_on_and_is_there_once(services in services()) {
        let plan = plan(&fleet(services));
        let mut before = BTreeSet::new();
        let mut kinds = BTreeSet::new();
        for stage in &plan.stages {
            for parent in parents(&stage.kind) {
                prop_assert!(before.contains(parent), "{} comes before {}", stage.name, parent);
            }
            prop_assert!(before.insert(&stage.name), "two stages are named {}", stage.name);
            prop_assert!(kinds.insert(&stage.kind), "{} is there twice", stage.name);
        }
    }

    #[test]
    fn what_is_estimated_is_what_the_images_get(services in services()) {
        let plan = plan(&fleet(services.clone()));
        let estimate = plan.estimate();
        prop_assert!(estimate.shared <= estimate.unshared);
        let images: usize = estimate.distributions.iter().map(|one| one.images).sum();
        prop_assert_eq!(images, services.iter().map(|(_, service)| service.requirements.len()).sum::<usize>());
        for one in &estimate.distributions {
            prop_assert!(1 <= one.copies && one.copies <= one.images, "{one:?}");
        }
        for (_, service) in services {
            let image = &plan.images[&service.name];
            let layers = image.layers.len() + plan.runtimes(image).len() - 1;
            prop_assert_eq!(estimate.images[&service.name].layers, layers);
        }
    }

    #[test]
    fn a_new_version_moves_no_distribution(services in services()) {
        let before = plan(&fleet(services.clone()));
        let mut bumped = services;
        for (_, service) in &mut bumped {
            service.requirements = std::mem::take(&mut service.requirements).into_iter().map(|mut one| {
                if one.name.as_ref() == "dist-3" {
                    one.version = Some("2.0".to_owned());
                    one.size += one.size / 100;
                    one.hashes = BTreeSet::from(["sha256:new".to_owned()]);
                }
                one
            }).collect();
        }
        let after = plan(&fleet(bumped));
        let names = |plan: &BuildPlan| -> BTreeSet<(Vec<String>, BTreeSet<ServiceName>)> {
            plan.stages.iter().filter_map(|stage| match &stage.kind {
                StageKind::Dependencies(it) => {
                    let names = it.requirements.iter().map(|one| one.name.to_string());
                    Some((names.collect(), stage.users.clone()))
                }
                _ => None,
            }).collect()
        };
        prop_assert_eq!(names(&before), names(&after));
    }

    #[test]
    fn distributions_with_the_same_users_are_together(services in services()) {
        let plan = plan(&fleet(services));
        let mut groups = BTreeSet::new();
        for stage in &plan.stages {
            if let StageKind::Dependencies(Dependencies { base, index, from_source, .. }) = &stage.kind {
                prop_assert!(groups.insert((base, index, from_source, &stage.users)), "{} is split", stage.name);
            }
        }
    }
}

/// A service of these distributions and nothing else.
fn plain(
    number: usize,
    requirements: impl IntoIterator<Item = Requirement>,
) -> (TreePath, Service) {
    let service = Service {
        name: format!("service{number}").parse().unwrap(),
        environment: Environment {
            base_image: "python:3.13-slim".into(),
            python: "3.13".parse().unwrap(),
            libc: Libc::Glibc,
        },
        requirements: requirements.into_iter().collect(),
        open: None,
        packages: BTreeSet::new(),
        files: Vec::new(),
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        build_apt: BTreeSet::new(),
        runtime_image: "python:3.13-slim".into(),
        apt: BTreeSet::new(),
        user: 1001,
        finish: Finish::default(),
        image: ImageSettings::default(),
    };
    (path(&format!("services/service{number}")), service)
}

#[test]
fn an_image_never_has_more_layers_than_engines_mount() {
    // Each of sixty distributions is shared by another pair of services.
    let services = (0..61).map(|number| {
        let numbers = if number == 60 { (0..60).collect() } else { vec![number] };
        // Each is so large that a layer of its own is worth it.
        plain(
            number,
            numbers
                .into_iter()
                .map(|n| Requirement { size: 50_000_000, ..requirement(n, 0, false) }),
        )
    });
    let services: BTreeMap<_, _> = services.collect();
    let wanted = services[&path("services/service60")].requirements.clone();
    let plan = plan(&fleet(services));
    let crowded: ServiceName = "service60".parse().unwrap();
    assert_eq!(plan.images[&crowded].layers.len(), 48);
    assert_eq!(contents(&plan, &crowded).0, wanted.into_iter().collect::<Vec<_>>());
}

#[test]
fn what_saves_most_by_being_unpacked_once_comes_first() {
    let sized = |number, size| Requirement { size, ..requirement(number, 0, false) };
    let (own, small, large) = (sized(0, 80_000_000), sized(1, 1_500_000), sized(2, 50_000_000));
    let services = BTreeMap::from([
        plain(0, [own.clone(), small.clone(), large.clone()]),
        plain(1, [small.clone(), large.clone()]),
        plain(2, [small.clone()]),
    ]);
    let plan = plan(&fleet(services));
    let first = &plan.images[&"service0".parse().unwrap()];
    let names = first.layers.iter().filter_map(Layer::stage).map(|stage| {
        let StageKind::Dependencies(it) = &plan.stage(stage).unwrap().kind else {
            panic!("{stage}")
        };
        it.requirements.iter().map(|it| it.name.to_string()).collect::<Vec<_>>().join(" ")
    });
    // Two images have the large one, three the small one; the largest is in no other image.
    assert_eq!(names.collect::<Vec<_>>(), ["dist-2", "dist-1", "dist-0"]);
}

/// Returns services of ten kinds, each with something of its own; with `hub` all need one package.
fn large_fleet(hub: bool) -> Fleet {
    let mut runner = TestRunner::deterministic();
    let mut some = |most: usize| {
        let packages = collection::btree_set(1..400usize, 1..most);
        packages.new_tree(&mut runner).unwrap().current()
    };
    let kinds: Vec<BTreeSet<usize>> = (0..10).map(|_| some(50)).collect();
    let services = (0..500).map(|number| {
        let own = some(10);
        let packages = kinds[number % 10].union(&own).copied().chain(hub.then_some(0));
        plain(
            number,
            packages
                .map(|n| Requirement { size: 10_000 << (n * 7 % 13), ..requirement(n, 0, false) }),
        )
    });
    fleet(services.collect::<Vec<_>>())
}

#[test]
#[ignore = "needs an idle machine: cargo test --release -p pymono-plan --test laws -- --ignored"]
fn five_hundred_services_of_four_hundred_packages_are_planned_in_no_time() {
    for hub in [true, false] {
        let fleet = large_fleet(hub);
        let times = (0..3).map(|_| {
            let start = Instant::now();
            assert_eq!(plan(&fleet).images.len(), 500);
            start.elapsed()
        });
        let least = times.min().unwrap();
        assert!(least < Duration::from_millis(300), "{least:?} with a package of all: {hub}");
    }
}
