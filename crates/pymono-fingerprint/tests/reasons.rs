//! What differs is told, and nothing else is.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use pymono_fingerprint::{Inputs, State, compare};
use pymono_names::{Libc, PythonVersion, ServiceName, TreePath};
use pymono_plan::{
    Environment, Finish, Fleet, ImageFile, ImageSettings, IndexChoice, Origin, Package,
    PretendedVersion, Requirement, Service,
};
use pymono_workspace::{
    BuildKind, BuildStep, BuildSystem, ContentId, Contents, Declared, Further, Kind, Launch,
    Manager, Project, Settings, Workspace,
};

const API: &str = "services/api";

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

/// A tree with a service that stands on `libs/core`, which stands on `libs/base`.
#[derive(Clone)]
struct Tree {
    workspace: Workspace,
    fleet: Fleet,
    contents: Contents,
}

fn python() -> PythonVersion {
    "3.13".parse().unwrap()
}

fn project(at: &str, kind: Kind, needs: &[&str], requires: &[&str]) -> (TreePath, Project) {
    let project = Project {
        path: path(at),
        name: path(at).file_name().unwrap().parse().unwrap(),
        kind,
        why: Vec::new(),
        manifest: path(at).join("pyproject.toml").unwrap(),
        manager: Some(Manager::Uv),
        lock: None,
        requires_python: None,
        requirements: requires.iter().map(|name| declared(name)).collect(),
        python: python(),
        build: None,
        needs: needs.iter().map(|need| path(need)).collect(),
        crates: None,
        bricks: BTreeSet::new(),
        images: Vec::new(),
        launch: Launch::default(),
        settings: Settings::default(),
        sources: vec![path(at)],
        further: Further::default(),
    };
    (path(at), project)
}

fn declared(name: &str) -> Declared {
    Declared { name: name.parse().unwrap(), text: name.into(), line: 1 }
}

fn package(at: &str) -> (TreePath, Package) {
    let package = Package {
        name: path(at).file_name().unwrap().parse().unwrap(),
        build: BuildSystem {
            requires: vec!["hatchling".into()],
            backend: "hatchling.build".into(),
            kind: BuildKind::Pure,
            version_from_git: None,
        },
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        sources: vec![path(at)],
        crates: None,
        build_apt: BTreeSet::new(),
        build_apk: BTreeSet::new(),
        version: None,
        caches: Vec::new(),
    };
    (path(at), package)
}

fn pin(name: &str, version: &str) -> Requirement {
    Requirement {
        name: name.parse().unwrap(),
        version: Some(version.into()),
        origin: Origin::Index(IndexChoice::Installer),
        only: BTreeSet::new(),
        from_source: false,
        files: BTreeSet::new(),
        unnamed: false,
        hashes: BTreeSet::from([format!("sha256:{name}{version}")]),
        size: 1,
    }
}

fn service(name: &str, packages: &[&str]) -> Service {
    Service {
        name: ServiceName::slug(name),
        environment: Environment {
            base_image: "python:3.13-slim".into(),
            python: python(),
            libc: Libc::Glibc,
        },
        requirements: BTreeSet::from([pin("idna", "3.10"), pin("sqlparse", "0.5.1")]),
        open: None,
        packages: packages.iter().map(|at| path(at)).collect(),
        files: Vec::new(),
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        build_apt: BTreeSet::new(),
        runtime_image: "python:3.13-slim".into(),
        apt: BTreeSet::new(),
        user: 1001,
        finish: Finish::default(),
        image: ImageSettings { command: Some(vec!["api".into()]), ..ImageSettings::default() },
    }
}

fn tree() -> Tree {
    let places = ["libs/base", "libs/core", API];
    let files = places
        .iter()
        .flat_map(|at| ["pyproject.toml", "src/code.py"].map(|file| path(at).join(file).unwrap()));
    let files = files.map(|file| (file.clone(), ContentId(format!("of {file}"))));
    let contents = Contents { files: files.collect(), ..Contents::default() };
    Tree {
        workspace: Workspace {
            projects: [
                project("libs/base", Kind::Library, &[], &[]),
                project("libs/core", Kind::Library, &["libs/base"], &["sqlparse"]),
                project(API, Kind::Service, &["libs/core"], &["idna"]),
            ]
            .into(),
            ..Workspace::default()
        },
        fleet: Fleet {
            services: [(path(API), service("api", &places))].into(),
            handwritten: BTreeMap::new(),
            locals: BTreeMap::new(),
            packages: places.map(package).into(),
            uv_image: "uv:1".into(),
            tests: BTreeMap::new(),
            lock: None,
            apt_snapshot: None,
            settled: false,
            warnings: BTreeSet::new(),
        },
        contents,
    }
}

impl Tree {
    fn api(&mut self) -> &mut Service {
        self.fleet.services.get_mut(&path(API)).unwrap()
    }

    fn inputs(&self) -> BTreeMap<TreePath, Inputs> {
        let services = self.fleet.services.keys();
        let inputs =
            services.map(|at| (at.clone(), Inputs::of(&self.fleet, at, &self.contents).unwrap()));
        inputs.collect()
    }
}

/// Makes an edit and returns the reasons for which the service is affected, as JSON.
fn reasons(edit: impl FnOnce(&mut Tree)) -> Vec<String> {
    reasons_of(&tree(), edit)
}

fn reasons_of(base: &Tree, edit: impl FnOnce(&mut Tree)) -> Vec<String> {
    let mut head = base.clone();
    edit(&mut head);
    let (before, after) = (base.inputs(), head.inputs());
    let comparison = compare(
        State { workspace: &base.workspace, inputs: &before },
        State { workspace: &head.workspace, inputs: &after },
    );
    let affected = comparison.services.get(&path(API)).cloned().unwrap_or_default();
    let same = before[&path(API)].fingerprint() == after[&path(API)].fingerprint();
    assert_eq!(same, affected.is_empty(), "a fingerprint differs for a reason");
    affected.iter().map(|reason| serde_json::to_string(reason).unwrap()).collect()
}

#[test]
fn nothing_differs_where_nothing_was_edited() {
    assert!(reasons(|_| ()).is_empty());
}

type Edit = fn(&mut Tree);

#[test]
fn every_edit_has_its_reason() {
    let cases: [(&str, Edit); 14] = [
        (r#"{"kind":"source","path":"services/api/new.py"}"#, |tree| {
            tree.contents.files.insert(path("services/api/new.py"), ContentId("new".into()));
        }),
        (
            r#"{"kind":"dependency","package":"libs/base","via":["services/api","libs/core","libs/base"],"path":"libs/base/src/code.py"}"#,
            |tree| {
                let file = path("libs/base/src/code.py");
                tree.contents.files.insert(file, ContentId("other".into()));
            },
        ),
        (
            r#"{"kind":"pin","package":"sqlparse","via":["services/api","libs/core"],"from":"0.5.1","to":"0.5.3"}"#,
            |tree| {
                tree.api().requirements = [pin("idna", "3.10"), pin("sqlparse", "0.5.3")].into();
            },
        ),
        (
            r#"{"kind":"pin","package":"click","via":["services/api"],"from":null,"to":"8"}"#,
            |tree| tree.api().requirements.extend([pin("click", "8")]),
        ),
        (r#"{"kind":"config","key":"apt"}"#, |tree| {
            tree.api().apt.extend(["libpq5".into()]);
        }),
        (r#"{"kind":"python","from":"3.13","to":"3.12"}"#, |tree| {
            tree.api().environment.python = "3.12".parse().unwrap();
        }),
        (r#"{"kind":"base","from":"uv:1","to":"uv:2"}"#, |tree| {
            tree.fleet.uv_image = "uv:2".into();
        }),
        (
            r#"{"kind":"backend","package":"libs/core","via":["services/api","libs/core"]}"#,
            |tree| {
                let core = tree.fleet.packages.get_mut(&path("libs/core")).unwrap();
                core.build.requires = vec!["hatchling>=2".into()];
            },
        ),
        (r#"{"kind":"config","key":"command"}"#, |tree| tree.api().image.command = None),
        (r#"{"kind":"config","key":"build-steps"}"#, |tree| {
            tree.api().finish.steps = vec![BuildStep::Shell("make".into())];
        }),
        (r#"{"kind":"config","key":"include"}"#, |tree| {
            let file = ImageFile { source: path("a"), target: "/app/a".into() };
            tree.api().finish.included.files = vec![file];
        }),
        (r#"{"kind":"config","key":"libc"}"#, |tree| {
            tree.api().environment.libc = Libc::Musl;
        }),
        (r#"{"kind":"config","key":"version"}"#, |tree| {
            let api = tree.fleet.packages.get_mut(&path(API)).unwrap();
            api.version = Some(PretendedVersion { variables: BTreeMap::new(), metadata: None });
        }),
        (
            r#"{"kind":"backend","package":"libs/core","via":["services/api","libs/core"]}"#,
            |tree| {
                let core = tree.fleet.packages.get_mut(&path("libs/core")).unwrap();
                let variables = [("PBR_VERSION".into(), "2".into())].into();
                core.version = Some(PretendedVersion { variables, metadata: None });
            },
        ),
    ];
    for (expected, edit) in cases {
        assert_eq!(reasons(edit), [expected]);
    }
}

/// Makes the one edit before and the other one after what is compared with.
fn reasons_after(before: Edit, edit: Edit) -> Vec<String> {
    let mut base = tree();
    before(&mut base);
    reasons_of(&base, edit)
}

#[test]
fn files_that_settings_name_count_as_they_are() {
    let other: Edit = |tree| {
        tree.contents.files.insert(path("deploy/site.css"), ContentId("other".into()));
    };
    let expected = [r#"{"kind":"source","path":"deploy/site.css"}"#];
    let named: [Edit; 2] = [
        |tree| tree.api().finish.inputs = vec![path("deploy/site.css")],
        |tree| {
            let source = path("deploy");
            let folder = ImageFile { source, target: "/app/deploy".into() };
            tree.api().finish.included.folders = vec![folder];
        },
    ];
    for edit in named {
        assert_eq!(reasons_after(edit, other), expected);
    }
    assert_eq!(reasons_after(|_| (), other), [""; 0]);
}

#[test]
fn what_build_steps_read_counts_as_it_is_and_not_by_its_essence() {
    let layout: Edit = |tree| {
        tree.contents
            .files
            .insert(path(API).join("pyproject.toml").unwrap(), ContentId("b".into()));
    };
    let essence: Edit = |tree| {
        let manifest = path(API).join("pyproject.toml").unwrap();
        tree.contents.manifests.insert(manifest, ContentId("essence".into()));
    };
    let run: Edit = |tree| {
        let manifest = path(API).join("pyproject.toml").unwrap();
        tree.contents.manifests.insert(manifest, ContentId("essence".into()));
        let file = ImageFile { source: path(API), target: "/app".into() };
        tree.api().finish.sources = vec![file];
        tree.api().finish.steps = vec![BuildStep::Shell("make".into())];
    };
    assert_eq!(reasons_after(essence, layout), [""; 0]);
    let expected = r#"{"kind":"source","path":"services/api/pyproject.toml"}"#;
    assert_eq!(reasons_after(run, layout), [expected]);
}

#[test]
fn system_packages_have_the_key_of_their_distribution() {
    let alpine: Edit = |tree| {
        tree.api().environment.base_image = "python:3.13-alpine".into();
        tree.api().environment.libc = Libc::Musl;
    };
    let apk = reasons_after(alpine, |tree| tree.api().apt.extend(["libpq".into()]));
    assert_eq!(apk, [r#"{"kind":"config","key":"apk"}"#]);
    let native: Edit = |tree| {
        tree.api().environment.base_image = "python:3.13-alpine".into();
        tree.api().environment.libc = Libc::Musl;
        tree.fleet.packages.get_mut(&path("libs/core")).unwrap().build.kind = BuildKind::Native;
    };
    let build_apk = reasons_after(native, |tree| {
        let core = tree.fleet.packages.get_mut(&path("libs/core")).unwrap();
        core.build_apk.extend(["libffi-dev".into()]);
        core.build_apt.extend(["libffi-dev".into()]);
    });
    assert_eq!(build_apk, [r#"{"kind":"config","key":"build-apk"}"#]);
    // The image itself tells its C library.
    let moved = reasons(alpine);
    let expected = r#"{"kind":"base","from":"python:3.13-slim","to":"python:3.13-alpine"}"#;
    assert_eq!(moved, [expected]);
}

#[test]
fn an_edge_that_goes_takes_its_files_along() {
    let found = reasons(|tree| {
        tree.api().packages.remove(&path("libs/base"));
        tree.workspace.projects.get_mut(&path("libs/core")).unwrap().needs.clear();
    });
    let kinds: BTreeSet<&str> = found.iter().map(|it| it.split('"').nth(3).unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["backend", "dependency", "edge"]));
    // The tree that had it tells how it was needed.
    assert!(found.iter().all(|it| it.contains(r#"["services/api","libs/core","libs/base"]"#)));
}

#[test]
fn what_no_image_holds_affects_none() {
    let edits: [Edit; 4] = [
        |tree| tree.api().image.references = vec!["other:tag".into()],
        |tree| tree.api().build_apt.extend(["libpq-dev".into()]),
        |tree| {
            let (at, other) = (path("services/other"), service("other", &["libs/core"]));
            tree.fleet.services.insert(at, other);
        },
        |tree| tree.workspace.projects.values_mut().for_each(|it| it.why.push("else".into())),
    ];
    for edit in edits {
        assert_eq!(reasons(edit), [""; 0]);
    }
    // What only builds see matters once something is compiled.
    let compiled = reasons(|tree| {
        tree.fleet.packages.get_mut(&path("libs/core")).unwrap().build.kind = BuildKind::Native;
    });
    assert_eq!(compiled, [r#"{"kind":"config","key":"build-apt"}"#]);
}

#[test]
fn services_come_and_go() {
    let (base, mut head) = (tree(), tree());
    let gone = head.fleet.services.remove(&path(API)).unwrap();
    head.fleet.services.insert(path("services/moved"), gone);
    let (before, after) = (base.inputs(), head.inputs());
    let comparison = compare(
        State { workspace: &base.workspace, inputs: &before },
        State { workspace: &head.workspace, inputs: &after },
    );
    assert_eq!(comparison.removed, BTreeSet::from([path(API)]));
    let moved = &comparison.services[&path("services/moved")];
    assert_eq!(serde_json::to_string(moved).unwrap(), r#"[{"kind":"added"}]"#);
}
