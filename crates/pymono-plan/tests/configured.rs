//! What is configured for an image reaches the fleet, or is refused with advice.

#![expect(clippy::unwrap_used, reason = "a workspace that cannot be made is a failed test")]

mod fixture;

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use pymono_names::Libc;
use pymono_plan::{BuildPlan, FleetError, Package, Service, StageKind, StaleLocks, plan};
use pymono_workspace::{BuildStep, GitVersion, Kind, Project, Test, Workspace};

use fixture::{path, project};

const LOCK: &str = r#"
version = 1
revision = 3
requires-python = ">=3.12"

[manifest]
members = ["api", "core"]

[[package]]
name = "api"
version = "1.0"
source = { editable = "api" }
dependencies = [{ name = "core" }, { name = "fast" }]

[package.dev-dependencies]
dev = [{ name = "fast" }, { name = "check" }]
docs = [{ name = "pages" }]

[[package]]
name = "core"
version = "1.0"
source = { editable = "core" }

[[package]]
name = "check"
version = "1.0"
source = { registry = "https://index.example/simple" }
wheels = [{ url = "https://files.example/check-1.0-py3-none-any.whl", hash = "sha256:0e", size = 20 }]

[[package]]
name = "pages"
version = "3.0"
source = { registry = "https://index.example/simple" }
wheels = [{ url = "https://files.example/pages-3.0-py3-none-any.whl", hash = "sha256:0f", size = 20 }]

[[package]]
name = "fast"
version = "2.0"
source = { registry = "https://index.example/simple" }
wheels = [
    { url = "https://files.example/fast-2.0-cp313-cp313-manylinux_2_17_x86_64.whl", hash = "sha256:0a", size = 20 },
    { url = "https://files.example/fast-2.0-cp313-cp313-manylinux_2_17_aarch64.whl", hash = "sha256:0b", size = 20 },
    { url = "https://files.example/fast-2.0-cp313-cp313-musllinux_1_2_x86_64.whl", hash = "sha256:0c", size = 20 },
    { url = "https://files.example/fast-2.0-cp313-cp313-musllinux_1_2_aarch64.whl", hash = "sha256:0d", size = 20 },
]
"#;

/// Makes a workspace of a service `api` and a library `core`, changed by `change`.
fn workspace(change: impl FnOnce(&mut Project, &mut Project)) -> Workspace {
    let (mut api, mut core) =
        (project("api", "api", Kind::Service), project("core", "core", Kind::Library));
    change(&mut api, &mut core);
    Workspace {
        projects: [api, core].map(|project| (project.path.clone(), project)).into(),
        locks: BTreeMap::from([(path("uv.lock"), LOCK.to_owned())]),
        ..Workspace::default()
    }
}

/// Assembles a service `api` and a library `core`, changed by `change`.
fn assemble(
    change: impl FnOnce(&mut Project, &mut Project),
) -> Result<(Service, Package), FleetError> {
    let (mut fleet, unplanned) = pymono_plan::assemble(&workspace(change), StaleLocks::Refused);
    if let Some(unplanned) = unplanned.into_iter().next() {
        return Err(unplanned.error);
    }
    let service = fleet.services.remove(&path("api")).unwrap();
    Ok((service, fleet.packages.remove(&path("core")).unwrap()))
}

fn error(change: impl FnOnce(&mut Project, &mut Project)) -> String {
    let error = assemble(change).unwrap_err();
    format!("{error}\nhint: {}", error.hint().unwrap())
}

fn some(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn on_alpine_wheels_for_musl_and_packages_of_alpine_are_taken() {
    let by_image: fn(&mut Project) =
        |api| api.settings.base_image = Some("python:3.13-alpine".into());
    let by_libc: fn(&mut Project) = |api| api.settings.libc = Some(Libc::Musl);
    for set in [by_image, by_libc] {
        let (api, _) = assemble(|api, core| {
            set(api);
            api.settings.apk = some(&["curl"]);
            api.settings.apt = some(&["curl"]);
            api.settings.build_apk = some(&["postgresql-dev"]);
            core.settings.apk = some(&["libpq"]);
        })
        .unwrap();
        assert_eq!(api.environment.base_image, "python:3.13-alpine");
        assert_eq!(
            (api.environment.libc, api.runtime_image.as_str()),
            (Libc::Musl, "python:3.13-alpine")
        );
        assert_eq!((api.apt, api.build_apt), (some(&["curl", "libpq"]), some(&["postgresql-dev"])));
        let hashes: Vec<_> = api.requirements.iter().flat_map(|it| &it.hashes).collect();
        assert_eq!(hashes, ["sha256:0c", "sha256:0d"]);
    }
    let (api, _) = assemble(|_, _| ()).unwrap();
    let hashes: Vec<_> = api.requirements.iter().flat_map(|it| &it.hashes).collect();
    assert_eq!(hashes, ["sha256:0a", "sha256:0b"]);
}

#[test]
fn packages_of_one_distribution_are_not_looked_for_in_the_other() {
    assert_snapshot!(error(|api, _| {
        api.settings.base_image = Some("python:3.13-alpine".into());
        api.settings.apt = some(&["curl"]);
    }), @r#"
    `api` has `apt`, but `python:3.13-alpine` is taken for an image of Alpine
    hint: name them in `apk`; if the image is one of Debian after all, say `libc = "glibc"`
    "#);
    assert_snapshot!(error(|_, core| core.settings.apk = some(&["libpq"])), @r#"
    `core` has `apk`, but `python:3.13-slim` is taken for an image of Debian
    hint: name them in `apt`; if the image is one of Alpine after all, say `libc = "musl"`
    "#);
    assert_snapshot!(error(|_, core| core.settings.build_apk = some(&["gcc"])), @r#"
    `core` has `build-apk`, but `python:3.13-slim` is taken for an image of Debian
    hint: name them in `build-apt`; if the image is one of Alpine after all, say `libc = "musl"`
    "#);
}

#[test]
fn a_library_is_told_its_own_version_and_refused_without() {
    let from_git = |project: &mut Project, tool: &str, has_fallback| {
        let version = GitVersion { tool: tool.to_owned(), has_fallback };
        project.build.as_mut().unwrap().version_from_git = Some(version);
    };
    let (_, core) = assemble(|_, core| {
        from_git(core, "setuptools-scm", false);
        core.settings.version = Some("1.4".into());
    })
    .unwrap();
    let variables: Vec<_> = core.version.unwrap().variables.into_iter().collect();
    let scm = "SETUPTOOLS_SCM_PRETEND_VERSION";
    let expected = [scm.to_owned(), format!("{scm}_FOR_CORE")].map(|name| (name, "1.4".to_owned()));
    assert_eq!(variables, expected);
    let (_, core) = assemble(|_, core| from_git(core, "hatch-vcs", true)).unwrap();
    assert_eq!(core.version, None);
    assert_snapshot!(error(|_, core| from_git(core, "hatch-vcs", false)), @r#"
    the build of `core` requires `hatch-vcs`, which asks git for the version
    hint: builds do not see the repository; add `version = "…"` below `[tool.pymono]` in `core/pyproject.toml`, or `version = { "core" = "…" }` to the repository's configuration
    "#);
    assert_snapshot!(error(|_, core| {
        from_git(core, "versioneer", false);
        core.settings.version = Some("1.4".into());
    }), @r"
    the build of `core` requires `versioneer`, which asks git for the version
    hint: builds do not see the repository, and versioneer cannot be told; write the version into `core/pyproject.toml`
    ");
}

#[test]
fn further_files_lie_in_the_working_directory_or_where_they_are_told_to() {
    let (api, _) = assemble(|api, _| {
        api.settings.workdir = Some("/srv/api".into());
        api.settings.build_steps = vec![BuildStep::Shell("make".into())];
        let copies = [("api/gen", "gen"), ("conf/a.toml", "/etc/a.toml")];
        api.further.copies = copies.map(|(from, to)| (path(from), to.to_owned())).into();
        api.further.included = BTreeMap::from([(path("conf/a.toml"), "/etc/a.toml".to_owned())]);
    })
    .unwrap();
    let targets = |files: &[pymono_plan::ImageFile]| {
        files.iter().map(|file| format!("{} {}", file.source, file.target)).collect::<Vec<_>>()
    };
    assert_eq!(targets(&api.finish.included.folders), ["api/gen /srv/api/gen"]);
    assert_eq!(targets(&api.finish.included.files), ["conf/a.toml /etc/a.toml"]);
    assert_eq!(targets(&api.finish.sources), ["api /srv/api"]);
}

#[test]
fn what_is_not_there_to_be_included_is_told_before_anything_is_built() {
    let missing = |project: &mut Project| project.further.missing = vec!["api/gen".into()];
    assert_snapshot!(error(|api, _| missing(api)), @r"
    `api` includes `api/gen`, which is not there
    hint: make it first, where it is generated code, or take it out of `include`
    ");
    assert!(error(|_, core| missing(core)).starts_with("`core` includes `api/gen`"));
    let unfit = |api: &mut Project, _: &mut Project| {
        api.further.copies = BTreeMap::from([(path("a b"), "a b".to_owned())]);
    };
    assert!(error(unfit).starts_with("`a b` has characters that cannot stand in"));
}

/// Assembles and plans with a test that needs these groups, and returns what was refused, too.
fn tested(groups: Option<&[&str]>) -> (BuildPlan, Option<FleetError>) {
    let groups = groups.map(|names| names.iter().map(|name| name.parse().unwrap()).collect());
    let run = vec![BuildStep::Shell("check".into())];
    let test = Test { run, groups };
    let workspace = workspace(|api, _| api.settings.test = Some(test));
    let (fleet, unplanned) = pymono_plan::assemble(&workspace, StaleLocks::Refused);
    (plan(&fleet), unplanned.into_iter().next().map(|unplanned| unplanned.error))
}

#[test]
fn a_test_has_what_development_needs_beside_the_image_and_changes_nothing_of_it() {
    let (fleet, _) = pymono_plan::assemble(&workspace(|_, _| {}), StaleLocks::Refused);
    let plain = plan(&fleet);
    assert!(plain.tests.services.is_empty());
    let cases: [(Option<&[&str]>, &[&str]); 4] = [
        (None, &["check"]),
        (Some(&["docs"]), &["pages"]),
        (Some(&["dev", "docs"]), &["check", "pages"]),
        (Some(&[]), &[]),
    ];
    for (groups, wanted) in cases {
        let (with, error) = tested(groups);
        assert!(error.is_none(), "{error:?}");
        assert_eq!((&with.stages, &with.images), (&plain.stages, &plain.images));
        let installed = with.tests.stages.iter().flat_map(|stage| match &stage.kind {
            StageKind::Dependencies(it) => it.requirements.iter(),
            other => panic!("{other:?} is no stage of a test"),
        });
        let installed: Vec<String> = installed.map(|it| it.name.to_string()).collect();
        assert_eq!(installed, wanted, "{groups:?}");
        let test = &with.tests.services[&"api".parse().unwrap()];
        assert_eq!(test.stage.as_str(), "test-api");
        assert_eq!((test.layers.len(), test.sources.len()), (usize::from(!wanted.is_empty()), 1));
        assert_eq!(test.bases.len(), 1);
    }
}

#[test]
fn a_test_of_a_group_that_is_not_there_is_refused_and_the_image_is_built() {
    let (plan, error) = tested(Some(&["nightly"]));
    assert_eq!((plan.images.len(), plan.tests.services.len()), (1, 0));
    let error = error.unwrap();
    let source = std::error::Error::source(&error).unwrap();
    assert_snapshot!(source, @"`api` has no dependency group `nightly`; there are `dev`, `docs`");
}
