//! Services of managers other than uv, closed over what locks them.

#![expect(clippy::unwrap_used, reason = "a workspace that cannot be made is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_plan::{Fleet, IndexChoice, Service, StageKind, StaleLocks, assemble, plan};
use pymono_workspace::{
    BuildKind, BuildSystem, Declared, Further, Kind, Launch, Manager, Project, Settings, Workspace,
};

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

/// Returns a project that is no package, whose lock has this name.
fn service(manager: Manager, lock: Option<&str>) -> Project {
    Project {
        path: path("svc"),
        name: "svc".parse().unwrap(),
        kind: Kind::Service,
        why: Vec::new(),
        manifest: path("svc/pyproject.toml"),
        manager: Some(manager),
        lock: lock.map(|name| path(&format!("svc/{name}"))),
        requires_python: None,
        requirements: BTreeSet::new(),
        python: "3.13".parse().unwrap(),
        build: None,
        needs: BTreeSet::new(),
        crates: None,
        bricks: BTreeSet::new(),
        images: Vec::new(),
        launch: Launch { command: Some(vec!["svc".to_owned()]), port: None, health: None },
        settings: Settings::default(),
        sources: vec![path("svc")],
        further: Further::default(),
    }
}

/// Returns a library that requires `idna` and a further library.
fn library() -> Project {
    let build = BuildSystem {
        requires: vec!["poetry-core".to_owned()],
        backend: "poetry.core.masonry.api".to_owned(),
        kind: BuildKind::Pure,
        version_from_git: None,
    };
    let idna = Declared { name: "idna".parse().unwrap(), text: "idna>=3".into(), line: 4 };
    Project {
        path: path("core"),
        name: "core".parse().unwrap(),
        kind: Kind::Library,
        manifest: path("core/pyproject.toml"),
        requirements: BTreeSet::from([idna]),
        build: Some(build),
        sources: vec![path("core")],
        ..service(Manager::Poetry, None)
    }
}

fn workspace(service: Project, files: &[(&str, &str)]) -> Workspace {
    let projects = [service, library()];
    let texts = files.iter().map(|(file, text)| (path(&format!("svc/{file}")), (*text).to_owned()));
    let texts: BTreeMap<_, _> = texts.collect();
    Workspace {
        projects: projects.into_iter().map(|project| (project.path.clone(), project)).collect(),
        locks: texts.clone(),
        texts,
        ..Workspace::default()
    }
}

fn assembled(workspace: &Workspace) -> Fleet {
    let (fleet, unplanned) = assemble(workspace, StaleLocks::Refused);
    assert!(unplanned.is_empty(), "{unplanned:?}");
    fleet
}

fn refused(workspace: &Workspace) -> String {
    let (_, unplanned) = assemble(workspace, StaleLocks::Refused);
    let error = &unplanned[0].error;
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    format!("{text}; {}", error.hint().unwrap_or_default())
}

fn only(fleet: &Fleet) -> &Service {
    fleet.services.values().next().unwrap()
}

/// Returns the open requirements of the one service, with where they stand.
fn open(fleet: &Fleet) -> Vec<(&str, &str)> {
    let open = only(fleet).open.iter().flat_map(|open| &open.requirements);
    open.map(|it| (it.text.as_str(), it.place.as_str())).collect()
}

const POETRY: &str = "[tool.poetry]\nname = \"svc\"\npackage-mode = false\n[tool.poetry.dependencies]\npython = \"^3.11\"\n\
     six = \"*\"\ncore = { path = \"../core\" }\n";
const POETRY_LOCK: &str = "[[package]]\nname = \"six\"\nversion = \"1.17.0\"\ngroups = [\"main\"]\nfiles = [\n    {file = \"six-1.17.0-py2.py3-none-any.whl\", hash = \"sha256:0a\"},\n]\n\n\
     [[package]]\nname = \"core\"\nversion = \"1\"\ngroups = [\"main\"]\nfiles = []\n[package.source]\ntype = \"directory\"\nurl = \"../core\"\n\n\
     [metadata]\nlock-version = \"2.1\"\npython-versions = \"^3.11\"\ncontent-hash = \"0\"\n";

#[test]
fn a_lock_of_poetry_is_closed_and_its_folders_are_installed() {
    let files = [("pyproject.toml", POETRY), ("poetry.lock", POETRY_LOCK)];
    let fleet = assembled(&workspace(service(Manager::Poetry, Some("poetry.lock")), &files));
    let svc = only(&fleet);
    assert_eq!(svc.packages, BTreeSet::from([path("core")]));
    assert_eq!(svc.files, [path("svc")]);
    let six = svc.requirements.first().unwrap();
    assert_eq!((six.name.as_ref(), six.version.as_deref()), ("six", Some("1.17.0")));
    assert!(!six.unnamed && svc.open.is_none());
    // An index that the lock does not name is uv's own default.
    let indexes = plan(&fleet).stages.into_iter().filter_map(|stage| match stage.kind {
        StageKind::Dependencies(dependencies) => Some(dependencies.index),
        StageKind::Backend { index, .. } => Some(index),
        _ => None,
    });
    assert_eq!(indexes.collect::<Vec<_>>(), [IndexChoice::Installer, IndexChoice::Installer]);
}

#[test]
fn what_a_lock_names_no_files_of_may_have_to_be_built() {
    let lock = r#"{"_meta": {"pipfile-spec": 6}, "default": {"six": {"hashes": ["sha256:0a", "sha256:0b"], "version": "==1.17.0"}}}"#;
    let mut workspace =
        workspace(service(Manager::Pipenv, Some("Pipfile.lock")), &[("Pipfile.lock", lock)]);
    let stage = |workspace: &Workspace| {
        let plan = plan(&assembled(workspace));
        let stages = plan.stages.into_iter().filter_map(|stage| match stage.kind {
            StageKind::Dependencies(dependencies) => Some(dependencies),
            _ => None,
        });
        let [stage] = &stages.collect::<Vec<_>>()[..] else { panic!("one stage") };
        (stage.base.to_string(), stage.from_source, stage.hashed)
    };
    assert_eq!(stage(&workspace), ("base-py313".to_owned(), true, true));
    // Compilers are there as soon as somebody says what they need.
    let settings = &mut workspace.projects.get_mut(&path("svc")).unwrap().settings;
    settings.build_apt.insert("libpq-dev".to_owned());
    assert_eq!(stage(&workspace), ("toolchain-py313-libpq-dev".to_owned(), true, true));
}

#[test]
fn requirements_that_may_not_be_all_are_resolved_with_those_of_the_folders() {
    let lines = "flask\nsix==1.17.0\n-e ../core\nwin; sys_platform == 'win32'\n";
    let of_pip = || service(Manager::Pip, Some("requirements.txt"));
    let fleet = assembled(&workspace(of_pip(), &[("requirements.txt", lines)]));
    let svc = only(&fleet);
    let expected = [
        ("flask", "svc/requirements.txt:1"),
        ("idna>=3", "core/pyproject.toml:4"),
        ("six==1.17.0", "svc/requirements.txt:2"),
    ];
    assert_eq!(open(&fleet), expected);
    assert!(svc.requirements.is_empty());
    assert_eq!(svc.packages, BTreeSet::from([path("core")]));
    let unpinned: Vec<_> = svc.unpinned().map(|it| it.name.as_ref()).collect();
    assert_eq!(unpinned, ["flask", "idna"]);

    let resolved = "# autogenerated by pip-compile\nidna==3.10\nsix==1.17.0\n../core\n";
    let fleet = assembled(&workspace(of_pip(), &[("requirements.txt", resolved)]));
    assert_eq!((only(&fleet).open.is_none(), only(&fleet).requirements.len()), (true, 2));
}

#[test]
fn an_archive_beside_open_requirements_is_taken_from_the_tree() {
    let lines = "flask\n./wheels/own-1.0-py3-none-any.whl\n";
    let of_pip = service(Manager::Pip, Some("requirements.txt"));
    let fleet = assembled(&workspace(of_pip, &[("requirements.txt", lines)]));
    let open = only(&fleet).open.iter().flat_map(|open| &open.requirements);
    let own = open.into_iter().find(|it| it.name.as_ref() == "own").unwrap();
    let archive = path("svc/wheels/own-1.0-py3-none-any.whl");
    assert_eq!((own.text.as_str(), own.archive.as_ref()), ("own", Some(&archive)));
}

#[test]
fn where_a_lock_is_required_what_is_not_pinned_is_refused_with_its_place() {
    let mut of_pip = service(Manager::Pip, Some("requirements/prod.txt"));
    of_pip.settings.require_locked = Some(true);
    let mut workspace = workspace(of_pip, &[("requirements/prod.txt", "six==1.17.0\nflask>=3\n")]);
    assert_eq!(
        refused(&workspace),
        "`svc` has requirements that nothing pins: `flask>=3` (svc/requirements/prod.txt:2); pin each with `==`, such as by \
         `uv pip compile`, or take `require-locked` away"
    );
    workspace.locks.insert(path("svc/requirements/prod.txt"), "six==1.17.0\n".to_owned());
    assert_eq!(only(&assembled(&workspace)).requirements.len(), 1);
}

#[test]
fn without_a_lock_the_manifest_is_what_is_resolved_unless_its_manager_has_locks() {
    let of_setuptools = Project {
        build: library().build,
        requirements: library().requirements,
        ..service(Manager::Setuptools, None)
    };
    let fleet = assembled(&workspace(of_setuptools.clone(), &[]));
    assert_eq!(open(&fleet), [("idna>=3", "svc/pyproject.toml:4")]);
    assert_eq!(only(&fleet).packages, BTreeSet::from([path("svc")]));

    let told = refused(&workspace(service(Manager::Poetry, None), &[]));
    assert_eq!(
        told,
        "the service `svc` has no lock file; run `poetry lock` in `svc` and commit the lock"
    );
    let mut strict = of_setuptools;
    strict.settings.require_locked = Some(true);
    assert!(refused(&workspace(strict, &[])).starts_with("the service `svc` has no lock file"));
}

#[test]
fn an_error_in_a_lock_names_the_file_as_seen_from_the_root() {
    let told = refused(&workspace(
        service(Manager::Pip, Some("requirements.txt")),
        &[("requirements.txt", "six\n-r gone.txt\n")],
    ));
    assert!(told.contains("svc/requirements.txt"), "{told}");
}
