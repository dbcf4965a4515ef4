//! From scanned projects and the text of a lock to what each image must hold.

#![expect(clippy::unwrap_used, reason = "a workspace that cannot be made is a failed test")]

mod fixture;

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::{Platform, ServiceName};
use pymono_plan::{Fleet, FleetError, HandwrittenImage, Service, StaleLocks};
use pymono_workspace::{
    BuildKind, BuildSystem, DockerfileBuild, Handwritten, Kind, NamedContext, Project, Workspace,
};

use fixture::{path, project};

const LOCK: &str = r#"
version = 1
revision = 3
requires-python = ">=3.12"

[manifest]
members = ["api", "core", "job"]

[[package]]
name = "api"
version = "1.0"
source = { editable = "services/api" }
dependencies = [
    { name = "amd-only", marker = "platform_machine == 'x86_64'" },
    { name = "core" },
    { name = "fast" },
]

[[package]]
name = "amd-only"
version = "1.0"
source = { registry = "https://index.example/simple" }
wheels = [
    { url = "https://files.example/amd_only-1.0-cp313-cp313-manylinux_2_17_x86_64.whl", hash = "sha256:0a", size = 10 },
]

[[package]]
name = "core"
version = "1.0"
source = { editable = "libs/core" }

[[package]]
name = "fast"
version = "2.0"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/fast-2.0.tar.gz", hash = "sha256:0b", size = 5 }
wheels = [
    { url = "https://files.example/fast-2.0-cp313-cp313-manylinux_2_17_x86_64.whl", hash = "sha256:0c", size = 20 },
    { url = "https://files.example/fast-2.0-cp313-cp313-manylinux_2_17_aarch64.whl", hash = "sha256:0d", size = 30 },
    { url = "https://files.example/fast-2.0-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:0e", size = 40 },
]

[[package]]
name = "job"
version = "1.0"
source = { virtual = "jobs/job" }
dependencies = [{ name = "one-machine" }]

[[package]]
name = "one-machine"
version = "1.0"
source = { registry = "https://index.example/simple" }
wheels = [
    { url = "https://files.example/one_machine-1.0-cp313-cp313-manylinux_2_17_x86_64.whl", hash = "sha256:0f", size = 10 },
]
"#;

fn assemble(workspace: &Workspace) -> Result<Fleet, FleetError> {
    let (fleet, unplanned) = pymono_plan::assemble(workspace, StaleLocks::Refused);
    unplanned.into_iter().next().map_or(Ok(fleet), |unplanned| Err(unplanned.error))
}

fn workspace() -> Workspace {
    let projects = [
        project("api", "services/api", Kind::Service),
        project("core", "libs/core", Kind::Library),
        Project { build: None, ..project("job", "jobs/job", Kind::Service) },
    ];
    Workspace {
        projects: projects.into_iter().map(|project| (project.path.clone(), project)).collect(),
        locks: BTreeMap::from([(path("uv.lock"), LOCK.to_owned())]),
        ..Workspace::default()
    }
}

fn change(workspace: &mut Workspace, folder: &str, change: impl FnOnce(&mut Project)) {
    change(workspace.projects.get_mut(&path(folder)).unwrap());
}

fn service<'a>(fleet: &'a Fleet, folder: &str) -> &'a Service {
    &fleet.services[&path(folder)]
}

#[test]
fn pins_of_all_platforms_are_merged() {
    let fleet = assemble(&workspace()).unwrap();
    let requirements: Vec<_> = service(&fleet, "services/api").requirements.iter().collect();
    let [amd_only, fast] = requirements[..] else { panic!("{requirements:#?}") };
    assert_eq!(amd_only.only, BTreeSet::from([Platform::Amd64]));
    // Hashes of both machines' wheels for this Python; no other Python's, and no sdist's.
    assert_eq!(fast.hashes, ["sha256:0c", "sha256:0d"].map(str::to_owned).into());
    assert!(fast.only.is_empty() && !fast.from_source);
    assert_eq!(fast.size, 30);
}

#[test]
fn what_one_machine_has_no_wheel_for_is_built_from_source() {
    let mut workspace = workspace();
    let lock = workspace.locks.get_mut(&path("uv.lock")).unwrap();
    *lock = lock
        .replace("fast-2.0-cp313-cp313-manylinux_2_17_aarch64", "fast-2.0-cp313-cp313-win_arm64");
    let fleet = assemble(&workspace).unwrap();
    let requirements = &service(&fleet, "services/api").requirements;
    let fast = requirements.iter().find(|requirement| requirement.name.as_ref() == "fast").unwrap();
    assert!(fast.from_source);
    assert_eq!(fast.hashes, ["sha256:0b", "sha256:0c"].map(str::to_owned).into());
}

#[test]
fn a_distribution_for_one_machine_makes_an_image_for_that_machine() {
    let fleet = assemble(&workspace()).unwrap();
    let amd = BTreeSet::from([Platform::Amd64]);
    assert_eq!(service(&fleet, "jobs/job").image.platforms, amd);
    assert_eq!(service(&fleet, "services/api").image.platforms, BTreeSet::new());
}

#[test]
fn a_configured_platform_must_close() {
    let mut workspace = workspace();
    change(&mut workspace, "jobs/job", |job| {
        job.settings.platforms = BTreeSet::from([Platform::Amd64, Platform::Arm64]);
    });
    let error = assemble(&workspace).unwrap_err();
    assert!(
        matches!(&error, FleetError::Closure { service, .. } if *service == path("jobs/job")),
        "{error}"
    );
}

#[test]
fn a_virtual_service_is_copied_and_others_are_installed() {
    let fleet = assemble(&workspace()).unwrap();
    let job = service(&fleet, "jobs/job");
    assert_eq!((job.files.clone(), job.packages.len()), (vec![path("jobs/job")], 0));
    assert_eq!(job.image.workdir.as_deref(), Some("/app/jobs/job"));
    let api = service(&fleet, "services/api");
    assert_eq!(api.packages, [path("libs/core"), path("services/api")].into());
    assert!(api.files.is_empty());
}

#[test]
fn services_of_one_name_are_told_by_their_paths() {
    let mut workspace = workspace();
    let lock = "version = 1\n[[package]]\nname = \"api\"\nsource = { virtual = \"job\" }\n";
    workspace.locks.insert(path("jobs/uv.lock"), lock.to_owned());
    change(&mut workspace, "jobs/job", |job| {
        job.name = "api".parse().unwrap();
        job.lock = Some(path("jobs/uv.lock"));
    });
    let fleet = assemble(&workspace).unwrap();
    let names: Vec<_> = fleet.services.values().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["jobs-job", "services-api"]);
}

#[test]
fn image_names_follow_the_configuration() {
    let mut workspace = workspace();
    change(&mut workspace, "services/api", |api| {
        api.settings.registry = Some("registry.example/team/".to_owned());
        api.settings.image = Some("front".to_owned());
        api.settings.tags = vec!["v1".to_owned(), "latest".to_owned()];
    });
    let fleet = assemble(&workspace).unwrap();
    let references = &service(&fleet, "services/api").image.references;
    assert_eq!(
        *references,
        ["registry.example/team/front:v1", "registry.example/team/front:latest"]
    );
}

#[test]
fn one_service_that_cannot_be_planned_keeps_no_other_from_it() {
    let mut workspace = workspace();
    change(&mut workspace, "services/api", |api| api.launch.command = None);
    let (fleet, unplanned) = pymono_plan::assemble(&workspace, StaleLocks::Refused);
    assert_eq!(fleet.services.keys().collect::<Vec<_>>(), [&path("jobs/job")]);
    let services: Vec<_> = unplanned.iter().map(|unplanned| &unplanned.services).collect();
    assert_eq!(services, [&vec![path("services/api")]]);
}

#[test]
fn two_services_are_never_built_as_one_image() {
    let mut workspace = workspace();
    for folder in ["services/api", "jobs/job"] {
        change(&mut workspace, folder, |project| project.settings.image = Some("same".to_owned()));
    }
    let error = assemble(&workspace).unwrap_err().to_string();
    assert_eq!(
        error,
        "`same:latest` would be the image of several services: `jobs/job`, `services/api`"
    );
}

#[test]
fn what_cannot_be_planned_is_an_error_with_advice() {
    type Change = fn(&mut Workspace);
    let cases: [(&str, Change); 6] = [
        ("the service `services/api` has no lock file", |workspace| {
            change(workspace, "services/api", |api| api.lock = None);
        }),
        ("nothing tells how to start the service `services/api`", |workspace| {
            change(workspace, "services/api", |api| api.launch.command = None);
        }),
        ("failed to read a lock", |workspace| {
            workspace.locks.insert(path("uv.lock"), "version = 9".to_owned());
        }),
        (
            "`services/api` needs the local package `libs/core`, which `uv.lock` names but the repository does not have",
            |workspace| drop(workspace.projects.remove(&path("libs/core"))),
        ),
        (
            "the build of `services/api` requires `Core>=1`, which is the local package `libs/core`",
            |workspace| {
                change(workspace, "services/api", |api| {
                    let build = BuildSystem {
                        requires: vec!["Core>=1".to_owned()],
                        backend: "core".to_owned(),
                        kind: BuildKind::Native,
                        version_from_git: None,
                    };
                    api.build = Some(build);
                });
            },
        ),
        ("`libs/my core` has characters that cannot stand in a Dockerfile's paths", |workspace| {
            change(workspace, "libs/core", |core| core.sources = vec![path("libs/my core")]);
        }),
    ];
    for (message, change) in cases {
        let mut workspace = workspace();
        change(&mut workspace);
        let error = assemble(&workspace).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().is_some(), "{message}");
    }
}

fn image(name: &str, build: DockerfileBuild) -> Handwritten {
    Handwritten {
        name: name.to_owned(),
        build,
        base: Some("python:3.12".to_owned()),
        apt: BTreeSet::new(),
        apk: BTreeSet::new(),
        command: None,
        serves: false,
        port: None,
        health: None,
        user: None,
        env: BTreeMap::new(),
        missing: BTreeSet::new(),
        copies: BTreeSet::new(),
        left_out: BTreeSet::new(),
        sources: BTreeSet::new(),
    }
}

fn build(dockerfile: &str, target: Option<&str>) -> DockerfileBuild {
    DockerfileBuild {
        dockerfile: path(dockerfile),
        ignore: None,
        target: target.map(str::to_owned),
        context: path("."),
        args: BTreeMap::new(),
        contexts: BTreeMap::new(),
        ssh: false,
    }
}

/// Returns the images of hand-written Dockerfiles, each as `target dockerfile references [what it is built from]`.
fn handwritten(fleet: &Fleet) -> Vec<String> {
    let show = |(name, image): (&ServiceName, &HandwrittenImage)| {
        let grounds: Vec<&str> = image.grounds().map(ServiceName::as_str).collect();
        format!("{name} {} {} {grounds:?}", image.dockerfile, image.references.join(","))
    };
    fleet.handwritten.iter().map(show).collect()
}

#[test]
fn a_hand_written_image_needs_no_lock_and_bears_its_service_s_name() {
    let mut workspace = workspace();
    workspace.locks.insert(path("uv.lock"), "torn".to_owned());
    workspace.projects.retain(|folder, _| *folder != path("jobs/job"));
    change(&mut workspace, "services/api", |api| {
        api.images = vec![image("web", build("services/api/Dockerfile", None))];
        api.settings.registry = Some("acme".to_owned());
    });
    let fleet = assemble(&workspace).unwrap();
    assert_eq!(handwritten(&fleet), ["api services/api/Dockerfile acme/api:latest []"]);
    assert!(fleet.services.is_empty() && fleet.locals.is_empty());
}

#[test]
fn a_lock_tells_what_a_hand_written_image_needs_of_the_repository() {
    let mut workspace = workspace();
    change(&mut workspace, "services/api", |api| {
        api.images = vec![image("api", build("services/api/Dockerfile", None))];
    });
    let fleet = assemble(&workspace).unwrap();
    let locals = &fleet.locals[&path("services/api")];
    assert!(locals.contains(&path("libs/core")), "{locals:?}");
    assert_eq!(fleet.services.len(), 1);
}

#[test]
fn several_images_of_a_service_have_names_of_their_own() {
    let mut workspace = workspace();
    change(&mut workspace, "services/api", |api| {
        let file = "services/api/Dockerfile";
        api.images = vec![
            image("api", build(file, Some("web"))),
            image("api", build(file, Some("worker"))),
            image("api-slim", build("services/api/slim.Dockerfile", None)),
            image("job", build(file, Some("job"))),
        ];
        api.settings.image = Some("team/shop".to_owned());
    });
    assert_eq!(
        handwritten(&assemble(&workspace).unwrap()),
        [
            "api services/api/Dockerfile team/shop:latest []",
            "api-job services/api/Dockerfile team/shop-job:latest []",
            "api-slim services/api/slim.Dockerfile team/shop-slim:latest []",
            "api-worker services/api/Dockerfile team/shop-worker:latest []",
        ]
    );
}

#[test]
fn what_images_are_built_from_is_built_once_and_before() {
    let mut workspace = workspace();
    let ground = build("docker/job.Dockerfile", None);
    let on = |name: &str, below: &DockerfileBuild| {
        let context = NamedContext::Build(name.to_owned(), Box::new(below.clone()));
        BTreeMap::from([(format!("acme/{name}"), context)])
    };
    let api = DockerfileBuild { contexts: on("job", &ground), ..build("api.Dockerfile", None) };
    let job = DockerfileBuild { contexts: on("api", &api), ..build("job.Dockerfile", None) };
    change(&mut workspace, "services/api", |it| it.images = vec![image("api", api)]);
    change(&mut workspace, "jobs/job", |it| it.images = vec![image("job", job)]);
    let fleet = assemble(&workspace).unwrap();
    assert_eq!(
        handwritten(&fleet),
        [
            "api api.Dockerfile api:latest [\"job-2\"]",
            "job job.Dockerfile job:latest [\"api\"]",
            "job-2 docker/job.Dockerfile job-2:latest []",
        ]
    );
    let grounds = fleet.handwritten.iter().filter(|(_, image)| image.is_ground);
    assert_eq!(grounds.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["job-2"]);
}

#[test]
fn a_hand_written_image_shares_its_reference_with_no_other() {
    let mut workspace = workspace();
    change(&mut workspace, "services/api", |api| {
        api.images = vec![image("api", build("services/api/Dockerfile", None))];
        api.settings.image = Some("job".to_owned());
    });
    let error = assemble(&workspace).unwrap_err();
    assert!(matches!(error, FleetError::SharedReference { .. }), "{error}");
}
